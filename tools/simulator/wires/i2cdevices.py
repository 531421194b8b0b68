"""Devices that can hang on an I2C bus: an EEPROM, and a sensor with registers."""

import time
from typing import Any

from tools.simulator.errors import CommandError


class Device:
    """What all have: pins, an address, and ways to be out of order."""

    _switches = ("present", "holds", "protected")

    def __init__(self, row: dict[str, Any]) -> None:
        self.name = row["name"] or row["device"]
        self.wires = (row["scl"], row["sda"])
        self.address: int = row["address"]
        self.ten_bit: bool = row["ten_bit"]
        self.holds = False  # it keeps SCL low for ever once it is addressed
        self._present = True
        self._protected = False  # it acknowledges no data

    def change(self, fields: dict[str, Any]) -> None:
        """Change switches; CommandError names a field that is wrong."""
        for key, value in fields.items():
            if key not in self._switches or not isinstance(value, bool):
                raise CommandError(f"{key}: {', '.join(self._switches)} can be true or false")
        self.holds = fields.get("holds", self.holds)
        self._present = fields.get("present", self._present)
        self._protected = fields.get("protected", self._protected)

    def is_ready(self) -> bool:
        """Tell whether it acknowledges its address."""
        return self._present

    def start(self, read: bool) -> None:
        """Take note that it is addressed."""

    def write(self, data: bytes) -> int:
        """Take bytes; return how many were acknowledged."""
        raise NotImplementedError

    def read(self, count: int) -> bytes:
        """Return the next bytes."""
        raise NotImplementedError

    def stop(self) -> None:
        """Take note of the end of the transfer."""


class Eeprom(Device):
    """A 24LC32 or similar: two bytes of address, pages, some time for each write."""

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__(row)
        self._memory = bytearray(b"\xff" * row["size"])
        self._page: int = row["page"]
        self._cycle_s = row["cycle_ms"] / 1000
        self._at = 0
        self._head = bytearray()
        self._is_changed = False
        self._busy_until = 0.0

    def is_ready(self) -> bool:
        """Tell whether it acknowledges: not while it writes."""
        return super().is_ready() and time.monotonic() >= self._busy_until

    def start(self, read: bool) -> None:
        """Expect an address after a start for writing."""
        if not read:
            self._head.clear()

    def write(self, data: bytes) -> int:
        """Take the address, then data that wrap around at the end of the page."""
        acks = 0
        for byte in data:
            if len(self._head) < 2:
                self._head.append(byte)
                self._at = int.from_bytes(self._head, "big") % len(self._memory)
            elif self._protected:
                break
            else:
                self._memory[self._at] = byte
                page = self._at - self._at % self._page
                self._at = page + (self._at + 1) % self._page
                self._is_changed = True
            acks += 1
        return acks

    def read(self, count: int) -> bytes:
        """Return what follows, round and round."""
        data = bytes(self._memory[(self._at + i) % len(self._memory)] for i in range(count))
        self._at = (self._at + count) % len(self._memory)
        return data

    def stop(self) -> None:
        """Begin to write what came."""
        if self._is_changed:
            self._is_changed = False
            self._busy_until = time.monotonic() + self._cycle_s


class Sensor(Device):
    """Registers of a byte: the first byte written says which, then it counts up."""

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__(row)
        self._registers = bytearray(256)
        self._set(row["registers"])
        self._at = 0
        self._is_headless = False

    def _set(self, registers: dict[int, int]) -> None:
        for register, value in registers.items():
            self._registers[register] = value

    def change(self, fields: dict[str, Any]) -> None:
        """Change switches, or registers by their number."""
        registers = {key: fields[key] for key in fields if key.isdigit()}
        for key, value in registers.items():
            if int(key) > 0xFF or not isinstance(value, int) or not 0 <= value <= 0xFF:
                raise CommandError(f"{key}: registers 0 to 255 hold 0 to 255")
        super().change({key: fields[key] for key in fields if key not in registers})
        self._set({int(key): value for key, value in registers.items()})

    def start(self, read: bool) -> None:
        """Expect the number of a register after a start for writing."""
        self._is_headless = not read

    def write(self, data: bytes) -> int:
        """Take the number of a register, then its value and those of the next."""
        for acks, byte in enumerate(data):
            if self._is_headless:
                self._at = byte
                self._is_headless = False
            elif self._protected:
                return acks
            else:
                self._registers[self._at] = byte
                self._at = (self._at + 1) & 0xFF
        return len(data)

    def read(self, count: int) -> bytes:
        """Return this register and the next."""
        data = bytes(self._registers[(self._at + i) & 0xFF] for i in range(count))
        self._at = (self._at + count) & 0xFF
        return data


KINDS: dict[str, type[Device]] = {"eeprom": Eeprom, "sensor": Sensor}
