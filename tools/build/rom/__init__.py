"""The objects that importing the application makes, as constant C data: they stay in flash.

sources.py   which modules there are
maker.py     a MicroPython for this PC that imports them and writes down what that made (dump.py)
code.py      their bytecode, as far as it runs on the module
graph.py     the objects: which never change, which have to be in RAM, which cannot be written
values.py    one value as C
objects.py   one object as C
image.py     all of it as one C file; `write()` is what builds call

firmware/atrom brings to RAM what changes. docs/flash-objects.md has the rules for authors.
"""
