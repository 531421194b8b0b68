"""The I2C buses: which devices hang on which pair of pins, and what goes over the wires.

Owns addressing, acknowledges and lines that are held low; what a device does with its bytes is
i2cdevices.py's.
"""

from collections.abc import Callable
from typing import Any

from tools.simulator.wires.i2cdevices import KINDS, Device

_TEN_BITS = 0x78  # the first byte of an address of 10 bits, >> 1


class I2cBuses:
    """All devices; `requests` are what the firmware may ask.

    `level` tells what level the world puts on a pin, None for none.
    """

    def __init__(self, rows: list[dict[str, Any]], level: Callable[[int], int | None]) -> None:
        self._level = level
        self.devices = [KINDS[row["device"]](row) for row in rows]
        self._chosen: Device | None = None  # acknowledged its address
        self._half: list[Device] = []  # their first byte of a long address came
        self._long: Device | None = None  # was addressed in full before a repeated start
        self._is_bare = False  # the next byte is the second of an address
        self.clocks: dict[tuple[int, int], int] = {}
        self.requests = {
            "i2c": self._on_bus,
            "i2c_clock": self._note_clock,
            "i2c_stop": lambda _: {},
            "line": lambda request: {"level": 0 if level(request["pin"]) == 0 else 1},
        }

    def status(self) -> list[dict[str, Any]]:
        """Describe the buses that the module has used."""
        return [{"scl": a, "sda": b, "freq": hz} for (a, b), hz in sorted(self.clocks.items())]

    def restart(self) -> None:
        """Let go of the bus: the module has gone."""
        self.clocks.clear()
        self._stop()

    def _note_clock(self, request: dict[str, Any]) -> dict[str, Any]:
        self.clocks[request["scl"], request["sda"]] = request["freq"]
        return {}

    def _on_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        wires = (request["scl"], request["sda"])
        if any(self._level(pin) == 0 for pin in wires):
            self._stop()
            return {"held": True}
        do = request["do"]
        if do == "stop":
            self._stop()
            return {}
        if do == "start":
            acks = self._start(wires, request["address"], request["read"])
        elif do == "write":
            acks = self._write(bytes.fromhex(request["hex"]))
        else:
            data = self._chosen.read(request["count"]) if self._chosen else b""
            return {"hex": data.ljust(request["count"], b"\xff").hex()}
        if self._chosen and self._chosen.holds:
            self._stop()
            return {"held": True}
        return {"acks": acks}

    def _start(self, wires: tuple[int, int], address: int, read: bool) -> int:
        there = [one for one in self.devices if one.wires == wires and one.is_ready()]
        self._chosen, self._half, self._is_bare = None, [], False
        if address >> 2 == _TEN_BITS >> 2:
            high = [one for one in there if one.ten_bit and one.address >> 8 == address & 3]
            if read:
                self._chosen = self._long if self._long in high else None
            else:
                self._half, self._is_bare = high, True
                return len(high)
        else:
            self._chosen = next(
                (one for one in there if not one.ten_bit and one.address == address), None
            )
        if self._chosen:
            self._chosen.start(read)
        return 1 if self._chosen else 0

    def _write(self, data: bytes) -> int:
        acks = 0
        if self._is_bare and data:
            self._is_bare = False
            self._chosen = next((d for d in self._half if d.address & 0xFF == data[0]), None)
            if self._chosen is None:
                return 0
            self._long = self._chosen
            self._chosen.start(False)
            acks, data = 1, data[1:]
        return acks + (self._chosen.write(data) if self._chosen else 0)

    def _stop(self) -> None:
        if self._chosen:
            self._chosen.stop()
        self._chosen = self._long = None
        self._half, self._is_bare = [], False
