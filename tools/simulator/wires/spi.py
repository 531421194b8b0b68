"""The SPI bus: bits on the wires of the module's SPI2, and the device that is selected.

Owns the order of bits, the phases and who hears them; what a device does with its bytes is
spiflash.py's. A line that nobody drives reads as ones.
"""

from typing import Any

from tools.simulator.wires.spiflash import Flash

_ERR_INVALID_ARG = 0x102
_ERR_INVALID_STATE = 0x103
_HIGHEST_HZ = 80_000_000
_SEND_LSB, _RECEIVE_LSB = 1, 2
_WITHOUT_DMA = 72  # bytes that the data registers hold
_WITH_DMA = 4092
_COMMAND, _ADDRESS = 16, 32  # bits that the registers hold


class SpiBus:
    """SPI2 of the chip and the devices; `requests` are what the firmware may ask."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.devices = [Flash(row) for row in rows]
        self.requests = {
            "spi_start": lambda request: self._start(*request["args"]),
            "spi_transfer": self._transfer,
            "spi_stop": lambda _: self.restart(),
        }
        self.restart()

    def restart(self) -> dict[str, Any]:
        """Begin as after a reset: no master."""
        self._clock = self._mode = self._lsb = 0
        self._longest = 0
        self._wires = (-1, -1, -1, -1)
        self._selected: Flash | None = None
        return {}

    def status(self) -> dict[str, Any]:
        """Describe the master, if there is one."""
        if not self._clock:
            return {}
        names = ("mosi", "miso", "sclk", "cs")
        wires = dict(zip(names, self._wires, strict=True))
        return {"freq": self._clock, "mode": self._mode, **wires}

    def _start(
        self, clock: int, mode: int, lsb: int, dma: bool, mosi: int, miso: int, sclk: int, cs: int
    ) -> dict[str, Any]:
        if self._clock:
            return {"esp_err": _ERR_INVALID_STATE}
        if not (0 < clock <= _HIGHEST_HZ and 0 <= mode <= 3 and 0 <= lsb <= 3):
            return {"esp_err": _ERR_INVALID_ARG}
        self._clock, self._mode, self._lsb = clock, mode, lsb
        self._longest = _WITH_DMA if dma else _WITHOUT_DMA
        self._wires = (mosi, miso, sclk, cs)
        return {}

    def _transfer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Clock phases out, then `hex` out or `count` bytes in; end unless `more`."""
        if not self._clock:
            return {"esp_err": _ERR_INVALID_STATE}
        phases = [request["command"], request["address"]]
        data = bytes.fromhex(request["hex"])
        is_short = max(len(data), request["count"]) <= self._longest
        if not is_short or phases[0][1] > _COMMAND or phases[1][1] > _ADDRESS:
            return {"esp_err": _ERR_INVALID_ARG}
        if self._selected is None:
            self._selected = self._find()
            if self._selected:
                self._selected.select()
        for value, bits in phases:
            self._send(value, bits)
        for byte in data:
            self._send(byte, 8)
        got = bytes(self._receive() for _ in range(request["count"]))
        if not request["more"]:
            if self._selected:
                self._selected.deselect()
            self._selected = None
        return {"hex": got.hex()}

    def _find(self) -> Flash | None:
        """Return the device at CS that hears clock and data in this mode."""
        mosi, _, sclk, cs = self._wires
        for device in self.devices:
            hears = device.mosi == mosi and device.sclk == sclk and self._mode in device.MODES
            if device.cs == cs and hears and device.present:
                return device
        return None

    def _send(self, value: int, bits: int) -> None:
        order = range(bits) if self._lsb & _SEND_LSB else range(bits - 1, -1, -1)
        for place in order:
            if self._selected:
                self._selected.clock(value >> place & 1)

    def _receive(self) -> int:
        byte = 0
        for i in range(8):
            bit = self._selected.clock(0) if self._selected else 1
            if self._selected and self._selected.miso != self._wires[1]:
                bit = 1
            byte |= bit << (i if self._lsb & _RECEIVE_LSB else 7 - i)
        return byte
