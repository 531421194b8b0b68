"""Where the bytes of an update go: to a partition, or to memory.

Both take() bytes as often as need be, then end(), which returns their SHA-256, and close().
"""

import asyncio
import hashlib

from at.errors import StoreError

_SECTOR = 4096
_PIECE = 1024  # of a sector: the heap need not have a place for a whole one
_MAX_CERTIFICATE = 4000  # bytes of one blob in NVS


class Writer:
    """Takes bytes and writes them to a partition in pieces; a sector is erased before its first.

    Flash does one thing at a time, and the processor waits for it: between the two others have
    their turn.
    """

    def __init__(self, flash, name, partition, limit, image=None, check=None):
        self._flash = flash
        self._name = name
        self._is_owner = False
        self._partition = partition
        self._limit = limit
        self._image = image  # check of a firmware image, or None
        self._check = check  # of the signature
        self._sum = hashlib.sha256()
        self._piece = bytearray(_PIECE)
        self._fill = 0
        self._at = 0  # where the piece belongs
        self.size = 0

    async def take(self, data):
        """Write bytes (memoryview); ValueError, before that, if they cannot be good.

        The partition is owned from the first byte on, not before: the way to a server is checked
        with what stands in mfg_nvs. StateError if somebody else owns it.
        """
        if not self._is_owner:
            self._flash.take(self._name)
            self._is_owner = True
        if self._image:
            self._image.take(data)
        self._sum.update(data)
        self.size += len(data)
        if self.size > self._limit:
            raise ValueError("more than the %d bytes that belong there" % self._limit)
        at = 0
        while at < len(data):
            count = min(len(data) - at, _PIECE - self._fill)
            self._piece[self._fill : self._fill + count] = data[at : at + count]
            self._fill += count
            at += count
            if self._fill == _PIECE:
                await self._flush()

    async def _flush(self):
        try:
            if self._at % _SECTOR == 0:
                self._partition.ioctl(6, self._at // _SECTOR)
                await asyncio.sleep_ms(0)
            self._partition.writeblocks(self._at // _SECTOR, self._piece, self._at % _SECTOR)
            await asyncio.sleep_ms(0)
        except OSError as error:
            raise StoreError("flash: %s" % error)
        self._at += _PIECE
        self._fill = 0

    async def end(self):
        """Write what is left; return the SHA-256. ValueError if the image is not whole."""
        if self._image:
            self._image.end()
            self._check(self._image)
        if self._fill:
            for i in range(self._fill, _PIECE):
                self._piece[i] = 0xFF
            await self._flush()
        return self._sum.digest()

    def close(self):
        """Let others have the partition; once."""
        if self._is_owner:
            self._flash.give(self._name)


class Text:
    """Takes bytes and keeps them: certificates."""

    def __init__(self):
        self.data = bytearray()
        self.size = 0

    async def take(self, data):
        """Keep bytes; ValueError if they become too many."""
        self.data.extend(data)
        self.size = len(self.data)
        if self.size > _MAX_CERTIFICATE:
            raise ValueError("a certificate or key has at most %d bytes" % _MAX_CERTIFICATE)

    async def end(self):
        """Return the SHA-256."""
        return hashlib.sha256(self.data).digest()

    def close(self):
        """Do nothing: nobody else has what is kept here."""
