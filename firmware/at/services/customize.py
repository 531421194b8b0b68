"""The host's own partitions: a second partition table, written by ESP-IDF's gen_esp32part.py.

It lies in the partition at_customize (0x20000). All flash but the room of `fatfs` is the module's
own, so its rows divide that room; what lies elsewhere is left out. Nothing of it is kept in
memory: rows are read when they are asked for.
"""

import hashlib
import struct

import esp32
from micropython import const

from at.errors import CHIP_ERRORS, refused

FATFS = "fatfs"
_TABLE = "at_customize"
_KINDS = (0, 1, 0x40)  # of the module's partitions: app, data, its own
_SECTOR = const(4096)
_ROW = const(32)
_ROWS = const(128)


class _Window:
    """A part of the room, used as an esp32.Partition is."""

    def __init__(self, room, name, kind, subtype, address, size):
        self._room = room
        self._first = (address - room.info()[2]) // _SECTOR
        self._info = (kind, subtype, address, size, name, False)

    def info(self):
        return self._info

    def readblocks(self, block, buffer, offset):
        self._room.readblocks(self._first + block, buffer, offset)

    def writeblocks(self, block, buffer, offset):
        self._room.writeblocks(self._first + block, buffer, offset)

    def ioctl(self, operation, block):
        return self._room.ioctl(operation, self._first + block)


def partitions():
    """Yield `fatfs`, as the second table has it if it does, then what else that table has."""
    room = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=FATFS)[0]
    rest = None
    for row in _rows():
        if row[0] == FATFS and _lies_in(row, room):
            rest = _Window(room, *row)
            break
    yield rest or room
    for row in _rows():
        if row[0] != FATFS and not _fault(row, room, rest or room):
            yield _Window(room, *row)


def check(log):
    """Say which rows of the second table are left out, and why."""
    room = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=FATFS)[0]
    table = _table()
    if table is None or _is_blank(table):
        return
    if not _is_whole(table):
        log("%s: the table is damaged, it is not used" % _TABLE)
    rest = next(partitions())
    for row in _rows():
        fault = _fault(row, room, rest)
        if fault and not _is_ours(row):
            log("%s: %s is left out: %s" % (_TABLE, row[0], fault))


def _rows():
    """Yield (name, type, subtype, address, size) of each row, none if their sum is wrong."""
    table = _table()
    if table is None or not _is_whole(table):
        return
    for row in _raw(table):
        if row[:2] != b"\xaa\x50":
            return
        kind, subtype, address, size = struct.unpack_from("<BBII", row, 2)
        name = "".join([chr(c) for c in bytes(row[12:28]).split(b"\0")[0]])
        yield name, kind, subtype, address, size


def _table():
    found = esp32.Partition.find(0x40, label=_TABLE)
    return found[0] if found else None


def _raw(table):
    """Yield the rows as they are, all in one buffer."""
    row = bytearray(_ROW)
    try:
        for index in range(_ROWS):
            table.readblocks(0, row, index * _ROW)
            yield row
    except CHIP_ERRORS as error:
        raise refused("%s cannot be read" % _TABLE, error)


def _is_blank(table):
    for row in _raw(table):
        return row[:2] == b"\xff\xff"
    return True


def _is_whole(table):
    """Return whether there are rows, and the sum behind them, which may be missing, is theirs."""
    digest = hashlib.md5()
    count = 0
    for row in _raw(table):
        if row[:2] != b"\xaa\x50":
            break
        digest.update(row)
        count += 1
    return count > 0 and (row[:2] == b"\xff\xff" or row[16:] == digest.digest())


def _fault(row, room, rest):
    """Return why a row is left out, or None; `rest` is what `fatfs` has of the room."""
    name, _, _, address, size = row
    if not name or any(not 0x20 <= ord(c) < 0x7F for c in name):
        return "its name is none"
    if address % _SECTOR or size % _SECTOR or not size:
        return "it begins or ends inside a sector of 4096 bytes"
    fault = _clash_with_ours(row)
    if not fault and not _lies_in(row, room):
        fault = "it is outside of " + FATFS
    if fault or name == FATFS:
        return fault
    if _overlaps(row, rest.info()[2:4]):
        return "it overlaps " + FATFS
    return _clash_with_earlier(row)


def _clash_with_ours(row):
    for kind in _KINDS:
        for own in esp32.Partition.find(kind):
            _, _, first, size, name, _ = own.info()
            if name != FATFS and name == row[0]:
                return "the name is the module's own"
            if name != FATFS and _overlaps(row, (first, size)):
                return "it overlaps " + name
    return None


def _clash_with_earlier(row):
    for earlier in _rows():
        if earlier == row:
            break
        if earlier[0] == row[0] or _overlaps(row, earlier[3:]):
            return "it overlaps %s or has its name" % earlier[0]
    return None


def _is_ours(row):
    """Return whether a row names a partition of the module where it is: nothing is left out."""
    for kind in _KINDS:
        for own in esp32.Partition.find(kind, label=row[0]):
            if own.info()[2:4] == row[3:]:
                return True
    return False


def _overlaps(row, place):
    return row[3] < place[0] + place[1] and place[0] < row[3] + row[4]


def _lies_in(row, room):
    _, _, first, size, _, _ = room.info()
    begin, end = row[3], row[3] + row[4]
    whole = begin % _SECTOR == 0 and row[4] % _SECTOR == 0 and row[4] > 0
    return whole and first <= begin and end <= first + size
