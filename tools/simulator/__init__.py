"""The simulated module behind tools/atsim: its supervisor, its world and the imitated chip.

The firmware runs in a process of its own (MicroPython with chip/ and simchip/); everything here
runs on the PC's Python, standard library only.
"""
