"""The editor of factory parameters and certificates in built images: tools/factory.py.

`nvs` reads and writes the partition, `image` finds it in files, `values` and `pki` know what may
stand in it, `cli` is the command line. Errors that people can do something about are ParamsError.
"""


class ParamsError(Exception):
    """The image or the value cannot be used; nothing was written."""
