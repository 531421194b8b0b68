"""The buffer of AT+USERRAM: memory of the system heap, lent to the host."""

import atchip

from at.errors import CHIP_ERRORS, StateError, invalid


class UserRam:
    """At most one buffer."""

    def __init__(self):
        self._buffer = None

    def free_size(self):
        """Return how many bytes allocate() could give now."""
        return atchip.ram_largest()

    def allocate(self, size):
        """Lend `size` bytes. StateError if there is a buffer already, or no room."""
        if self._buffer is not None:
            raise StateError("user RAM is allocated already")
        try:
            self._buffer = atchip.ram_alloc(size)
        except CHIP_ERRORS:
            raise StateError("out of memory: no %d bytes of RAM in one piece" % size)

    def _whole(self):
        if self._buffer is None:
            raise StateError("no user RAM is allocated")
        return memoryview(self._buffer)

    def view(self, size, offset):
        """Return a memoryview of `size` bytes from `offset`. StateError before allocate()."""
        whole = self._whole()
        if offset > len(whole):
            raise invalid(2, "user RAM has %d bytes" % len(whole))
        if offset + size > len(whole):
            raise invalid(1, "user RAM has %d bytes" % len(whole))
        return whole[offset : offset + size]

    def clear(self):
        """Set every byte to 0. StateError before allocate()."""
        whole = self._whole()
        for at in range(len(whole)):
            whole[at] = 0

    def release(self):
        """Give the buffer back. StateError if there is none."""
        atchip.ram_free(self._whole())
        self._buffer = None


def create(_at):
    """Build the service from those it stands on."""
    return UserRam()
