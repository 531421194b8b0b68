"""Files of the host, in `fatfs` or where they lay before; see files_place.py.

On littlefs a write is done as a whole or not at all: a file keeps its content until the new one is
closed, and a file that is new, or moves to fatfs, is written under another name and renamed when
it is complete. On a FAT volume, which cannot promise that, it is written where it is.
"""

import asyncio
import binascii
import hashlib
import os

from at.errors import FAILURES, StoreError, invalid
from at.services import files_place
from at.services.customize import FATFS

_PIECE = 512  # bytes copied at a time
_BAD_NAME = "a file name has no slash and no control character, . and .. are none"


class Writer:
    """A write of known length: await begin(), write() each piece, await finish(), close().

    Littlefs would fill a gap, or copy what stands behind the new bytes, in one go. That takes
    seconds of flash, so it is done here, a piece at a time.
    """

    def __init__(self, place, path, source, offset, length, size):
        """`source` is the path of the present content, None if there is none."""
        self._place = place
        self._path = path
        self._source = source
        self._offset = offset
        self._end = offset + length
        self._size = size or 0
        is_fat = place.new is None
        self._is_within = source == path and (is_fat or place.gate is not None)
        self._is_tail_kept = self._is_within and is_fat
        self._way = path if self._is_within or is_fat else place.new
        self._buffer = memoryview(bytearray(_PIECE))
        self._failure = None
        self._file = None  # so that nothing needs memory once it is open: nobody would close it
        self._file = open(  # noqa: SIM115 - closed by close()
            self._way, "r+b" if self._is_within else "wb"
        )

    async def begin(self):
        """Go to where the bytes belong; a gap becomes zeros."""
        at = min(self._size, self._offset)
        try:
            if self._is_within:
                self._file.seek(at)
            elif self._source:
                await self._copy(0, at)
        except FAILURES as error:
            self._failure = error
        self._buffer[:] = bytes(_PIECE)
        while at < self._offset and self._failure is None:
            at += await self.write(self._buffer[: self._offset - at])

    async def write(self, data):
        """Append bytes; a failure shows in finish(), so that the payload can be taken whole."""
        if self._failure is None:
            try:
                self._file.write(data)
                await self._place.settle()  # flash takes its time: let others have theirs
            except FAILURES as error:
                self._failure = error
        return len(data)

    async def finish(self):
        """Make the new content the file's content. StoreError if that fails."""
        try:
            if self._failure is None and self._end < self._size and not self._is_tail_kept:
                await self._copy(self._end, self._size)
            if self._failure is None:
                file, self._file = self._file, None
                file.close()
                await self._place.settle()
                if self._way != self._path:
                    os.rename(self._way, self._path)
                    await self._place.settle()
        except FAILURES as error:
            self._failure = self._failure or error
        if self._failure is not None:
            raise StoreError("writing failed: %s" % self._failure)
        if self._source not in (None, self._path):
            os.remove(self._source)

    def close(self):
        """Give up what was not finished."""
        if self._file is None:
            return
        gate = self._place.gate
        if gate:
            gate.is_shut = True
        try:
            self._file.close()
        except OSError:  # as it should
            pass
        if gate:
            gate.is_shut = False
        if not self._is_within:
            files_place.discard(self._way)

    async def _copy(self, start, end):
        """Append bytes of the present content, which stays until close()."""
        with open(self._source, "rb") as old:
            old.seek(start)
            while start < end and self._failure is None:
                count = old.readinto(self._buffer[: end - start])
                if not count:
                    raise OSError(5)
                start += await self.write(self._buffer[:count])


class Files:
    """What can be done with files, from mount() to umount(). Names are str, errors StoreError.

    A file lies in one of two places: where fatfs is mounted, or the folder of the module's own
    littlefs that had them all once. There it stays until it is written; the newer one is found
    first.
    """

    def __init__(self, flash):
        self._flash = flash
        self._old = files_place.Place("")
        self._place = self._old

    async def mount(self):
        """Have both places; fatfs is nobody else's until umount(). StateError if it is."""
        self._flash.take(FATFS)
        try:
            self._place = await files_place.mount() or self._old
            self._place.prepare()
            await self._place.settle()
        except BaseException:
            self.umount()
            raise

    async def settle(self):
        """Have in flash all that was done. StateError if it may not be what it seemed."""
        await self._place.settle()

    def umount(self):
        """Let fatfs go. Needs no memory."""
        if self._place is not self._old:
            self._place.umount()
            self._place = self._old
        self._flash.give(FATFS)

    def names(self):
        """Yield the names of all files, as bytes."""
        yield from self._place.names()
        if self._place is not self._old:
            for name in self._old.names():
                if self._place.size(str(name, "utf-8")) is None:
                    yield name

    def size(self, name):
        """Return the size of a file in bytes."""
        return self._get(name)[1]

    def delete(self, name):
        """Delete a file."""
        self._get(name)
        try:
            for place in (self._old, self._place):  # the older one must not come back
                if place.size(name) is not None:
                    os.remove(place.path(name))
        except OSError as error:
            raise StoreError("%s was not deleted: %s" % (name, error))

    def open(self, name, offset):
        """Open a file for reading from `offset`; return it and the bytes behind the offset."""
        place, size = self._get(name)
        file = open(place.path(name), "rb")  # noqa: SIM115 - closed by the caller
        offset = min(offset, size)
        file.seek(offset)
        return file, size - offset

    async def md5(self, name):
        """Return the MD5 of a file in hexadecimal digits."""
        file, _ = self.open(name, 0)
        digest = hashlib.md5()
        piece = memoryview(bytearray(_PIECE))
        try:
            count = file.readinto(piece)
            while count:
                digest.update(piece[:count])
                await asyncio.sleep_ms(0)
                count = file.readinto(piece)
        except OSError as error:
            raise StoreError("%s cannot be read: %s" % (name, error))
        finally:
            file.close()
        return binascii.hexlify(digest.digest()).decode()

    def space(self):
        """Return (free, total) bytes for files."""
        return self._place.space()

    def writer(self, name, offset, length):
        """Begin to write `length` bytes at `offset`, into a new file if there is none."""
        place, size = self._find(name)
        present = size or 0
        growth = max(offset + length, present)
        if place is self._place:
            growth -= present
        free = self._place.space()[0]
        if growth > free:
            raise StoreError("the file would grow by %d bytes, %d are free" % (growth, free))
        try:
            source = place and place.path(name)
            path = self._place.path(name)
            return Writer(self._place, path, source, offset, length, size)
        except OSError as error:
            raise StoreError("%s cannot be written: %s" % (name, error))

    def _get(self, name):
        place, size = self._find(name)
        if place is None:
            raise StoreError("there is no file %s" % name)
        return place, size

    def _find(self, name):
        """Return (place, size) of a file, None twice if there is none."""
        if "/" in name or name in (".", "..") or any(ord(c) < 0x20 for c in name):
            raise invalid(2, _BAD_NAME)
        for place in (self._place, self._old):
            size = place.size(name)
            if size is not None:
                return place, size
        return None, None


def create(at):
    """Build the service; the module's own file system was mounted at boot."""
    return Files(at.flash)
