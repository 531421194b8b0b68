"""Files of the host: a folder of the module's littlefs, so that user/ and the rest stay apart.

Littlefs keeps the old content of a file until the new one is closed, so a write that fails or
meets a power cut changes nothing. A new file is written under another name and renamed when it
is complete, so that it is never there in part.
"""

import asyncio
import binascii
import hashlib
import os

from at.errors import StoreError, invalid

_FOLDER = "/fs"
_NEW = "/fs.new"  # a file on its way into the folder
_MISSING = 2  # ENOENT
_PIECE = 512  # bytes copied at a time
_RESERVE = 4  # blocks that stay free for the folders themselves


class Writer:
    """A write of known length: await begin(), write() each piece, then await finish().

    Littlefs would fill a gap, or copy what stands behind the new bytes, in one go. That takes
    seconds of flash, so it is done here, a piece at a time.
    """

    def __init__(self, path, offset, length, size):
        self._path = path
        self._offset = offset
        self._end = offset + length
        self._size = size or 0
        self._is_new = size is None
        self._file = open(  # noqa: SIM115 - closed by finish()
            _NEW if self._is_new else path, "wb" if self._is_new else "r+b"
        )
        self._buffer = memoryview(bytearray(_PIECE))
        self._failure = None

    async def begin(self):
        """Go to where the bytes belong; a gap becomes zeros."""
        try:
            at = self._file.seek(min(self._size, self._offset))
        except OSError as error:
            self._failure = error
            return
        while at < self._offset:
            at += self.write(self._buffer[: self._offset - at])
            await asyncio.sleep_ms(0)

    def write(self, data):
        """Append bytes; a failure shows in finish(), so that the payload can be taken whole."""
        if self._failure is None:
            try:
                self._file.write(data)
            except OSError as error:
                self._failure = error
        return len(data)

    async def finish(self):
        """Make the new content the file's content. StoreError if it keeps the old."""
        try:
            if self._failure is None and self._end < self._size:
                await self._copy_rest()
            self._file.close()
            await asyncio.sleep_ms(0)
            if self._failure is None and self._is_new:
                os.rename(_NEW, self._path)
        except OSError as error:
            self._failure = self._failure or error
        if self._failure is not None:
            if self._is_new:
                _discard()
            raise StoreError("the file stays as it was, writing failed: %s" % self._failure)

    async def _copy_rest(self):
        with open(self._path, "rb") as old:  # the content before, until close()
            old.seek(self._end)
            count = old.readinto(self._buffer)
            while count:
                self.write(self._buffer[:count])
                await asyncio.sleep_ms(0)
                count = old.readinto(self._buffer)


class Files:
    """The folder and what can be done with its files; names are str, errors are StoreError."""

    def mount(self):
        """Make sure that the folder is there."""
        try:
            os.mkdir(_FOLDER)
        except OSError as error:
            if error.errno == _MISSING or not _is_there(_FOLDER):
                raise StoreError("the module has no file system: %s" % error)

    def names(self):
        """Yield the names of all files, sorted as littlefs keeps them."""
        try:
            entries = os.ilistdir(_FOLDER)
        except OSError as error:
            if error.errno == _MISSING:  # nothing was ever written
                return
            raise StoreError("the module has no file system: %s" % error)
        for entry in entries:
            yield entry[0]

    def size(self, name):
        """Return the size of a file in bytes."""
        size = self._size(name)
        if size is None:
            raise StoreError("there is no file %s" % name)
        return size

    def delete(self, name):
        """Delete a file."""
        self.size(name)
        try:
            os.remove(_path(name))
        except OSError as error:
            raise StoreError("%s was not deleted: %s" % (name, error))

    def open(self, name, offset):
        """Open a file for reading from `offset`; return it and the bytes behind the offset."""
        size = self.size(name)
        file = open(_path(name), "rb")  # noqa: SIM115 - closed by the caller
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
        self.mount()
        return self._free(), os.statvfs("/")[2] * os.statvfs("/")[0]

    def writer(self, name, offset, length):
        """Begin to write `length` bytes at `offset`, into a new file if there is none."""
        self.mount()
        size = self._size(name)
        growth = offset + length - (size or 0)
        free = self._free()
        if growth > free:
            raise StoreError("the file would grow by %d bytes, %d are free" % (growth, free))
        try:
            return Writer(_path(name), offset, length, size)
        except OSError as error:
            raise StoreError("%s cannot be written: %s" % (name, error))

    def _size(self, name):
        path = _path(name)
        try:
            return os.stat(path)[6]
        except OSError as error:
            if error.errno == _MISSING:
                return None
            raise StoreError("%s cannot be read: %s" % (name, error))

    def _free(self):
        _discard()
        state = os.statvfs("/")
        return max(0, state[3] - _RESERVE) * state[0]


def _path(name):
    if "/" in name or name in (".", "..") or any(ord(c) < 0x20 for c in name):
        raise invalid(2, "a file name has no slash and no control character, . and .. are none")
    return _FOLDER + "/" + name


def _is_there(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def _discard():
    """Remove what an interrupted write left behind."""
    try:
        os.remove(_NEW)
    except OSError:  # nothing
        pass


def create(_at):
    """Build the service; the file system was mounted at boot."""
    return Files()
