"""A partition under a file system, of which a turn of the loop erases one sector.

An erasure takes the chip 45 ms, in which nobody else has a turn, and one call of a file system
may make three of them. What such a call does behind its first erasure waits, in its order, and
settle() does it, with a turn for each erasure. Kept meanwhile are the bytes that change, some
hundred as a rule; without memory for them it is done at once. A power cut finds what it would
have found without this, a little earlier.

Once a call failed, all do: littlefs 2.8 takes its cache for filled after a read that failed, and
then may find in it that a folder is to be removed.
"""

import asyncio

from micropython import const

_SECTOR = const(4096)
_PIECE = const(256)  # bytes that are compared at a time
_WRITE = const(0)
_ERASE = const(1)
_REPLACE = const(2)  # a part of a sector, the rest of which stays
_FAILED = const(5)  # EIO


class Flash:
    """The sectors of a partition. Calls raise ANY_TROUBLE of at.errors; `is_sound` says: never."""

    def __init__(self, partition):
        self._partition = partition
        self.is_sound = True  # False: no file system may go on that was refused once
        self._has_erased = False  # in this turn
        self._waiting = []  # (what to do, sector, offset, bytes)

    def size(self):
        """Return how many sectors of 4096 bytes there are."""
        return self._partition.info()[3] // _SECTOR

    def read(self, sector, buffer, offset):
        """Fill the buffer with what will stand there when all is settled."""
        self._check()
        self._partition.readblocks(sector, buffer, offset)
        for what, at, start, data in self._waiting:
            if at != sector:
                continue
            if what == _ERASE:
                for i in range(len(buffer)):
                    buffer[i] = 0xFF
            first = max(offset, start)
            last = min(offset + len(buffer), start + len(data))
            if first < last:
                buffer[first - offset : last - offset] = data[first - start : last - start]

    def write(self, sector, data, offset):
        """Write into what is erased."""
        self._put(_WRITE, sector, offset, data)

    def erase(self, sector):
        """Erase a sector."""
        self._put(_ERASE, sector, 0, b"")

    def replace(self, sector, data, offset):
        """Write over what stands there; the rest of the sector stays."""
        if self._waiting or self._has_erased:
            first, last = self._difference(sector, data, offset)
            if first == last:
                return
            data = data[first:last]
            offset += first
        self._put(_REPLACE, sector, offset, data)

    async def settle(self):
        """Do what waits, and leave others a turn after each erasure."""
        self._check()
        while True:
            await asyncio.sleep_ms(0)
            self._has_erased = False
            while self._waiting and not (self._has_erased and self._waiting[0][0] != _WRITE):
                self._do_next()
            if not self._has_erased:
                return

    def _check(self):
        if not self.is_sound:
            raise OSError(_FAILED)

    def _put(self, what, sector, offset, data):
        self._check()
        if self._waiting or (what != _WRITE and self._has_erased):
            try:
                self._waiting.append((what, sector, offset, bytes(data)))
                return
            except MemoryError:
                while self._waiting:
                    self._do_next()
        self._do(what, sector, offset, data)

    def _do_next(self):
        self._do(*self._waiting.pop(0))

    def _do(self, what, sector, offset, data):
        if what == _REPLACE and len(data) != _SECTOR:
            data = self._around(sector, offset, data)
            offset = 0
        if what != _WRITE:
            self._partition.ioctl(6, sector)
            self._has_erased = True
        if data:
            self._partition.writeblocks(sector, data, offset)

    def _around(self, sector, offset, data):
        """Return a whole sector with a piece of it replaced."""
        whole = bytearray(_SECTOR)
        self._partition.readblocks(sector, whole, 0)
        whole[offset : offset + len(data)] = data
        return whole

    def _difference(self, sector, data, offset):
        """Return (first, last) of the bytes of data that are not there yet, in whole pieces."""
        first = last = 0
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            present = bytearray(len(piece))
            self.read(sector, present, offset + at)
            if present != piece:
                first = first if last else at
                last = at + len(piece)
        return first, last
