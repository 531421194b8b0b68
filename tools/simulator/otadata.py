"""The boot loader's choice of a slot: otadata, application images, rollback.

The firmware's half of this is chip/chipota.py, through esp32.Partition.
"""

import binascii
import struct
from typing import NamedTuple

from tools.build.partitions import Partition
from tools.simulator import appimage
from tools.simulator.errors import SimulatorError

_ENTRY = struct.Struct("<I20sII")
_SECTOR = 4096
NEW, PENDING, VALID, INVALID, ABORTED = range(5)


class Entry(NamedTuple):
    """One sector of otadata; seq 0 if it names no slot."""

    seq: int
    state: int


class OtaData:
    """Both sectors, in a flash image that supports slices."""

    def __init__(self, flash: memoryview, partition: Partition) -> None:
        self._flash = flash
        self._at = partition.offset

    def entries(self) -> list[Entry]:
        """Return both sectors; one with a wrong checksum names no slot."""
        entries = []
        for sector in (0, 1):
            seq, _, state, crc = _ENTRY.unpack_from(self._flash, self._at + sector * _SECTOR)
            entries.append(Entry(seq if seq != 0xFFFFFFFF and crc == _crc(seq) else 0, state))
        return entries

    def active(self) -> int | None:
        """Return the sector in force, None if there is none."""
        usable = [
            0 if entry.state in (INVALID, ABORTED) else entry.seq for entry in self.entries()
        ]
        return usable.index(max(usable)) if any(usable) else None

    def write(self, sector: int, entry: Entry) -> None:
        """Erase a sector and write an entry to it."""
        at = self._at + sector * _SECTOR
        raw = _ENTRY.pack(entry.seq, b"\xff" * 20, entry.state, _crc(entry.seq))
        self._flash[at : at + _SECTOR] = raw.ljust(_SECTOR, b"\xff")


def _crc(seq: int) -> int:
    return binascii.crc32(struct.pack("<I", seq), 0xFFFFFFFF)


def choose_slot(flash: memoryview, parts: list[Partition]) -> int:
    """Return the number of the slot to start, as ESP-IDF's boot loader with rollback finds it.

    A slot that was started once and never marked valid is given up. SimulatorError if no slot
    holds a valid image.
    """
    slots = [part for part in parts if part.type == 0 and part.subtype & 0xF0 == 0x10]
    otadata = OtaData(flash, next(part for part in parts if part.type == 1 and part.subtype == 0))
    wanted = _wanted_slot(otadata, len(slots))
    for number in (wanted, *(n for n in range(len(slots)) if n != wanted)):
        part = slots[number]
        try:
            appimage.verify(flash[part.offset : part.end])
        except appimage.ImageError:
            continue
        return number
    raise SimulatorError("no slot holds a valid firmware image; start with --erase")


def _wanted_slot(otadata: OtaData, slots: int) -> int:
    sector = otadata.active()
    if sector is not None and otadata.entries()[sector].state == PENDING:
        otadata.write(sector, otadata.entries()[sector]._replace(state=ABORTED))
        sector = otadata.active()
    if sector is None:
        # Nothing was ever chosen, or all was given up: the first slot, for good.
        otadata.write(0, Entry(1, VALID))
        return 0
    entry = otadata.entries()[sector]
    if entry.state == NEW:
        otadata.write(sector, entry._replace(state=PENDING))
    return (entry.seq - 1) % slots
