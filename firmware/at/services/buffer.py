"""Memory for one transfer in one piece, from the system heap: the GC heap stays for objects."""

import atchip

from at.errors import CHIP_ERRORS, StateError


class Buffer:
    """A context that gives a memoryview of `size` zero bytes."""

    def __init__(self, size):
        self._size = size
        self._view = None

    def __enter__(self):
        try:
            self._view = atchip.ram_alloc(self._size)
        except CHIP_ERRORS:
            raise StateError("out of memory: no %d bytes in one piece" % self._size)
        return self._view

    def __exit__(self, kind, error, trace):  # as *exc it would need memory
        atchip.ram_free(self._view)
