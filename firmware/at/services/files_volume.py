"""A FAT volume in a partition, as the block device of MicroPython's FAT driver.

ESP-AT keeps its volume under ESP-IDF's wear levelling: sectors in a ring, with one sector between
them that moves on as they wear, and the state of that at the end of the partition. It is read and
written where it lies and nothing is moved, so ESP-AT finds it as it would after a restart. A
volume that begins at the first byte, as mkfs.fat makes it, is used as well.
"""

import binascii
import struct

from micropython import const

from at.errors import ANY_TROUBLE

_SECTOR = const(4096)  # what flash erases at once
_BOOT = const(512)  # bytes of the first sector that tell a FAT volume
_STATE = const(64)  # bytes of the state of wear levelling
_MOVE = const(16)  # bytes behind it for each move of the free sector


class _Volume:
    """The device. Errors are returned: an exception would tear the driver out of its work."""

    def __init__(self, flash, ring=0, moved=0, gap=0):
        """Without a ring sectors lie in the order of their numbers, else in one of so many."""
        self._flash = flash
        self._ring = ring
        self._moved = moved
        self._gap = gap
        self._size = _SECTOR  # of the volume's sectors, in bytes; 512 to 4096

    def is_there(self):
        """Return whether there is a FAT volume; take over the size of its sectors."""
        boot = bytearray(_BOOT)
        self._read(0, boot)
        if boot[510:] != b"\x55\xaa":
            return False
        if boot[54:57] != b"FAT" and boot[82:85] != b"FAT":
            return False
        self._size = boot[11] | boot[12] << 8
        return self._size in (512, 1024, 2048, 4096)

    def readblocks(self, block, buffer):
        try:
            self._read(block, buffer)
        except ANY_TROUBLE as error:
            return self._flash.fail(error)
        return 0

    def writeblocks(self, block, buffer):
        try:
            for sector, offset, piece in self._pieces(block, buffer):
                self._flash.replace(sector, piece, offset)
        except ANY_TROUBLE as error:
            return self._flash.fail(error)
        return 0

    def ioctl(self, operation, _):
        if operation == 4:
            return (self._ring or self._flash.size()) * _SECTOR // self._size
        return self._size if operation == 5 else 0

    def _read(self, block, buffer):
        for sector, offset, piece in self._pieces(block, buffer):
            self._flash.read(sector, piece, offset)

    def _pieces(self, block, buffer):
        """Yield (flash sector, offset in it, part of the buffer)."""
        view = memoryview(buffer)
        place = block * self._size
        while view:
            offset = place % _SECTOR
            piece = view[: _SECTOR - offset]
            yield self._lies(place // _SECTOR), offset, piece
            place += len(piece)
            view = view[len(piece) :]

    def _lies(self, sector):
        if self._ring:
            sector = (sector - self._moved) % self._ring
            if sector >= self._gap:
                sector += 1
        return sector


def find(flash):
    """Return the FAT volume of a partition, None if it has none. Raises what reading raises."""
    for volume in (_levelled(flash), _Volume(flash)):
        if volume and volume.is_there():
            return volume
    return None


def _levelled(flash):
    """Return a volume under wear levelling, None if there is no state of that."""
    sectors = flash.size()
    span = (_STATE + sectors * _MOVE + _SECTOR - 1) // _SECTOR
    places = sectors - 2 * span - 1  # the free sector's, then come the state, twice, and a sector
    state = bytearray(_STATE)
    for start in (places, places + span) if places > 1 else ():
        flash.read(start, state, 0)
        _, told, moved, _, _, size = struct.unpack_from("<6I", state)
        is_whole = binascii.crc32(state[:60], 0xFFFFFFFF) == struct.unpack_from("<I", state, 60)[0]
        if is_whole and size == _SECTOR and told == places:
            return _Volume(flash, places - 1, moved, _count_moves(flash, start, places))
    return None


def _count_moves(flash, start, places):
    """Return where the free sector is: a record was written for each of its moves."""
    record = bytearray(_MOVE)
    for moves in range(places):
        place = _STATE + moves * _MOVE
        flash.read(start + place // _SECTOR, record, place % _SECTOR)
        if record == b"\xff" * _MOVE:
            return moves
    return places - 1
