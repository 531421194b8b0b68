"""An SPI flash as there are many: 3 bytes of address, pages of 256, sectors of 4096 bytes."""

import time
from typing import Any

from tools.simulator.errors import CommandError

_WRITE, _READ, _WRITE_OFF, _STATUS, _WRITE_ON = 0x02, 0x03, 0x04, 0x05, 0x06
_FAST_READ, _IDENTITY = 0x0B, 0x9F
_ERASES = {0x20: 4096, 0xD8: 65536}
_ERASE_ALL = (0x60, 0xC7)
_PAGE = 256
_BUSY, _MAY_WRITE = 1, 2  # bits of the status


class Flash:
    """Takes bits while it is selected and gives bits back."""

    MODES = (0, 3)

    def __init__(self, row: dict[str, Any]) -> None:
        self.name = row["name"] or row["device"]
        self.mosi, self.miso = row["mosi"], row["miso"]
        self.sclk, self.cs = row["sclk"], row["cs"]
        self.present = True
        self._identity = bytes.fromhex(row["id"])
        self._memory = bytearray(b"\xff" * row["size"])
        self._cycle_s = row["cycle_ms"] / 1000
        self._busy_until = 0.0
        self._may_write = False
        self.select()

    def change(self, fields: dict[str, Any]) -> None:
        """Take it off the board, or put it there; CommandError names what is wrong."""
        for key, value in fields.items():
            if key != "present" or not isinstance(value, bool):
                raise CommandError(f"{key}: present can be true or false")
            self.present = value

    def select(self) -> None:
        """Begin: the next byte is a command."""
        self._bits = self._count = 0
        self._taken = bytearray()
        self._answer = 0xFF
        self._at = 0

    def clock(self, mosi: int) -> int:
        """Take a bit and give one: the highest of the present byte first."""
        miso = self._answer >> (7 - self._count) & 1
        self._bits = self._bits << 1 | mosi
        self._count += 1
        if self._count == 8:
            self._take(self._bits)
            self._bits = self._count = 0
        return miso

    def deselect(self) -> None:
        """End: what was to be written or erased is, if it came in whole bytes."""
        if not self._taken or self._count or self._is_busy():
            return
        command, rest = self._taken[0], self._taken[1:]
        place = int.from_bytes(rest[:3], "big") % len(self._memory)
        if command in (_WRITE_ON, _WRITE_OFF):
            self._may_write = command == _WRITE_ON
        elif not self._may_write:
            return
        elif command == _WRITE and len(rest) > 3:
            for i, byte in enumerate(rest[3:]):
                self._memory[place - place % _PAGE + (place + i) % _PAGE] &= byte
            self._begin_cycle()
        elif command in _ERASES and len(rest) == 3:
            self._erase(place - place % _ERASES[command], _ERASES[command])
        elif command in _ERASE_ALL:
            self._erase(0, len(self._memory))

    def _erase(self, start: int, size: int) -> None:
        end = min(start + size, len(self._memory))
        self._memory[start:end] = b"\xff" * (end - start)
        self._begin_cycle()

    def _begin_cycle(self) -> None:
        self._may_write = False
        self._busy_until = time.monotonic() + self._cycle_s

    def _is_busy(self) -> bool:
        return time.monotonic() < self._busy_until

    def _take(self, byte: int) -> None:
        """Take a byte, and decide what to answer while the next one comes."""
        self._taken.append(byte)
        command, count = self._taken[0], len(self._taken)
        self._answer = 0xFF
        if command == _STATUS:
            self._answer = _BUSY * self._is_busy() + _MAY_WRITE * self._may_write
        elif self._is_busy():
            return
        elif command == _IDENTITY:
            self._answer = self._identity[(count - 1) % len(self._identity)]
        elif command in (_READ, _FAST_READ):
            begin = 4 if command == _READ else 5
            if count >= begin:
                place = int.from_bytes(self._taken[1:4], "big") + count - begin
                self._answer = self._memory[place % len(self._memory)]
