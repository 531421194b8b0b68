"""A partition under a file system, of which a turn of the loop erases one sector.

An erasure takes the chip 45 ms, in which nobody else has a turn, and one call of a file system
may make three of them and more. What such a call does behind its first erasure waits, in its
order, and settle() does it, with a turn for each erasure, and reads it back. Kept meanwhile are
the bytes that change, some hundred as a rule; without memory for them it is done at once. A power
cut finds what it would have found without this, a little earlier.

Once a device on top told fail() of a call, all fail: littlefs 2.8 takes its cache for filled after
a read that failed, and then may find in it that a folder is to be removed.
"""

import asyncio

from micropython import const

from at.errors import ANY_TROUBLE, is_memory

_SECTOR = const(4096)
_PIECE = const(256)  # bytes that are compared at a time
_WRITE = const(0)
_ERASE = const(1)
_REPLACE = const(2)  # a part of a sector, the rest of which stays
_FAILED = const(5)  # EIO
_NO_MEMORY = const(12)  # ENOMEM


class Flash:
    """The sectors of a partition. Calls raise what it raises, and OSError after that."""

    def __init__(self, partition):
        self._partition = partition
        self.trouble = 0  # errno of the call that failed, and of all after it
        self._has_erased = False  # in this turn
        self._waiting = []  # (what to do, sector, offset, bytes)
        self._whole = None  # room for a sector, while a part of one waits

    def size(self):
        """Return how many sectors of 4096 bytes there are."""
        return self._partition.info()[3] // _SECTOR

    def read(self, sector, buffer, offset):
        """Fill the buffer with what will stand there when all is settled."""
        if self.trouble:
            raise OSError(self.trouble)
        self._partition.readblocks(sector, buffer, offset)
        if self._waiting:
            self._lay_over(sector, buffer, offset)

    def write(self, sector, data, offset):
        """Write into what is erased."""
        self._change(_WRITE, sector, offset, data)

    def erase(self, sector):
        """Erase a sector."""
        self._change(_ERASE, sector, 0, b"")

    def replace(self, sector, data, offset):
        """Write over what stands there; the rest of the sector stays."""
        self._change(_REPLACE, sector, offset, data)

    async def settle(self):
        """Do what waits, and leave others a turn after each erasure."""
        while True:
            await asyncio.sleep_ms(0)
            if self.trouble:
                raise OSError(self.trouble)
            self._has_erased = False
            try:
                self._take_turn()
            except ANY_TROUBLE as error:
                self.fail(error)
                raise
            if not self._has_erased:
                self._whole = None
                return

    def finish(self):
        """Do at once what waits after an error; files that nobody closed cannot write any more."""
        try:
            self._catch_up()
        except ANY_TROUBLE:
            pass
        self.trouble = self.trouble or _FAILED

    def fail(self, error):
        """Note why a call failed; all do then. Return -EIO, which a file system understands.

        For the devices on top: an exception would tear a file system out of its work.
        """
        self.trouble = self.trouble or (_NO_MEMORY if is_memory(error) else _FAILED)
        return -_FAILED

    def _look(self, sector, buffer, offset):
        self._partition.readblocks(sector, buffer, offset)
        self._lay_over(sector, buffer, offset)

    def _lay_over(self, sector, buffer, offset):
        """Put into what was read what waits to be written there."""
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

    def _change(self, what, sector, offset, data):
        if self.trouble:
            raise OSError(self.trouble)
        must_wait = self._waiting or (self._has_erased and what != _WRITE)
        if not must_wait or not self._is_kept(what, sector, offset, data):
            self._do(what, sector, offset, data)

    def _is_kept(self, what, sector, offset, data):
        """Return whether it waits now, or changes nothing; if not, nothing waits any more.

        Memory to do it is had now: there may be none later.
        """
        try:
            if what == _REPLACE:
                first, last = self._difference(self._look, sector, data, offset)
                if first == last:
                    return True
                if self._whole is None and last - first != _SECTOR:
                    self._whole = bytearray(_SECTOR)
                data = data[first:last]
                offset += first
            self._waiting.append((what, sector, offset, bytes(data)))
            return True
        except MemoryError:
            self._catch_up()
            return False

    def _catch_up(self):
        while self._waiting:
            self._do_next()

    def _take_turn(self):
        """Do what waits, up to the second erasure."""
        while self._waiting:
            what, sector, offset, data = self._waiting[0]
            if self._has_erased and what != _WRITE:
                return
            self._do_next()
            if self._difference(self._partition.readblocks, sector, data, offset)[1]:
                self._waiting.clear()
                raise OSError(_FAILED)

    def _do_next(self):
        what, sector, offset, data = self._waiting[0]
        try:
            self._do(what, sector, offset, data)
            self._waiting.pop(0)
        except ANY_TROUBLE:
            self._waiting.clear()  # nothing is done without what comes before it
            raise

    def _do(self, what, sector, offset, data):
        if what == _REPLACE and len(data) != _SECTOR:
            whole = bytearray(_SECTOR) if self._whole is None else self._whole
            self._partition.readblocks(sector, whole, 0)
            for i in range(len(data)):  # a slice would take memory
                whole[offset + i] = data[i]
            data = whole
            offset = 0
        if what != _WRITE:
            self._partition.ioctl(6, sector)
            self._has_erased = True
        if data:
            self._partition.writeblocks(sector, data, offset)

    def _difference(self, read, sector, data, offset):
        """Return (first, last) of the bytes of data that are not there, in whole pieces."""
        first = last = 0
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            present = bytearray(len(piece))
            read(sector, present, offset + at)
            if present != piece:
                first = first if last else at
                last = at + len(piece)
        return first, last
