"""ESP-IDF's OTA calls on the image: which slot runs, which starts next, and its rollback state.

The boot loader's half of the work is the
supervisor's (tools/simulator/bootloader.py).
"""

import binascii
import struct

import _sim
import chiptable
import simbus
from micropython import const

_APP = const(0)
_DATA = const(1)
_OTA_0 = const(0x10)
_NEW = const(0)
_VALID = const(2)
_ERR_FAIL = const(-1)
_ERR_INVALID_ARG = const(0x102)
_ERR_NOT_FOUND = const(0x105)
_SECTOR = const(4096)


def _slot_rows():
    return [row for row in chiptable.rows(_APP, 0xFF, None) if row[1] & 0xF0 == _OTA_0]


def _otadata(sector):
    """Return the flash address of a sector of otadata."""
    return next(chiptable.rows(_DATA, 0, None))[2] + sector * _SECTOR


def _entries():
    """Return (sequence number, state) of both otadata sectors; number 0 if it is not valid."""
    entries = []
    for sector in (0, 1):
        raw = bytearray(32)
        _sim.flash_read(_otadata(sector), raw)
        seq, _, state, crc = struct.unpack("<I20sII", raw)
        entries.append((seq if crc == _crc(seq) and seq != 0xFFFFFFFF else 0, state))
    return entries


def _crc(seq):
    return binascii.crc32(struct.pack("<I", seq), 0xFFFFFFFF)


def _active(entries):
    """Return the index of the entry in force, or -1."""
    usable = [seq if state not in (3, 4) else 0 for seq, state in entries]
    if not any(usable):
        return -1
    return usable.index(max(usable))


def _write(sector, seq, state):
    _sim.flash_erase(_otadata(sector), _SECTOR)
    raw = struct.pack("<I20sII", seq, b"\xff" * 20, state, _crc(seq))
    _sim.flash_write(_otadata(sector), raw)


def running_row():
    return _slot_rows()[_sim.slot()]


def boot_row():
    """Return the slot that starts next; the running one if otadata names none."""
    rows = _slot_rows()
    entries = _entries()
    active = _active(entries)
    return running_row() if active < 0 else rows[(entries[active][0] - 1) % len(rows)]


def next_row(row):
    """Return the slot an update would be written to, seen from `row`."""
    rows = _slot_rows()
    if row not in rows:
        row = running_row()
    return rows[(rows.index(row) + 1) % len(rows)]


def set_boot(row):
    """Start this slot from the next reset on; ESP_ERR_OTA_VALIDATE_FAILED if it is not valid."""
    rows = _slot_rows()
    if row not in rows:
        _sim.fail(_ERR_INVALID_ARG)
    simbus.call("verify_image", address=row[2], size=row[3])
    slot = rows.index(row)
    entries = _entries()
    active = _active(entries)
    seq = slot + 1
    if active < 0:
        _write(0, seq, _NEW)
        return
    while seq < entries[active][0]:
        seq += len(rows)
    _write(1 - active, seq, _NEW)


def mark_valid():
    """Make the running slot's choice final."""
    entries = _entries()
    active = _active(entries)
    if active < 0:
        _sim.fail(_ERR_FAIL)
    if entries[active][1] != _VALID:
        _write(active, entries[active][0], _VALID)
