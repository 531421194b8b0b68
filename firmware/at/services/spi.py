"""One SPI master, with a command and an address in front of the data.

Owns its pins and the lengths of both phases. Long transfers go in pieces, with the device kept
selected, so that the module does other things meanwhile.
"""

import asyncio

import atchip

from at.errors import CHIP_ERRORS, StateError, invalid, refused

_DRIVER = "SPI"
_SOURCE = 80000000  # Hz, divided by 2 to 8192 * 64
_SLOWEST = 153
_WITHOUT_DMA = 64  # bytes of one transfer
_PIECES_A_SECOND = 50
_ADDRESS_BITS = 32  # that the chip sends at once


class Spi:
    """The master that AT+DRVSPICONFGPIO and AT+DRVSPIINIT set up."""

    def __init__(self, pins, power):
        self._pins = pins
        self._wires = None  # (MOSI, MISO, SCLK, CS), -1 for none
        self._clock = 0  # Hz; 0 while there is no master
        self._has_dma = False
        self._command_bits = 0  # of transfers that say nothing of a command
        self._address_bits = 0
        power.before_restart(self.stop)

    def configure(self, wires):
        """Choose MOSI, MISO, SCLK and CS for the next start(); the second and last may be -1."""
        if self._clock:
            raise StateError("SPI is running: AT+DRVSPIINIT=0 ends it")
        self._check(wires)
        self._wires = wires

    def start(self, clock, mode, command_bits, address_bits, has_dma, lsb_first):
        """Start the master, or start it anew; bits 0 and 1 of `lsb_first`: sending, receiving."""
        if clock < _SLOWEST:
            raise invalid(0, "the slowest clock is %d Hz" % _SLOWEST)
        if not self._wires:
            raise StateError("no pins are chosen: AT+DRVSPICONFGPIO")
        self._check(self._wires)
        self.stop()
        clock = _SOURCE // -(-_SOURCE // clock)  # what is asked for is never exceeded
        self._pins.take(_DRIVER, self._wires)
        try:
            _spi(atchip.spi_start, clock, mode, lsb_first, has_dma, *self._wires)
        except Exception:
            self._pins.release(_DRIVER)
            raise
        self._clock, self._has_dma = clock, has_dma
        self._command_bits, self._address_bits = command_bits, address_bits

    def stop(self):
        """End the master and release its pins, which stay chosen; nothing if there is none."""
        if self._clock:
            _spi(atchip.spi_stop)
            self._pins.release(_DRIVER)
            self._clock = 0

    def check(self, length):
        """Refuse a transfer of `length` bytes that cannot be."""
        if not self._clock:
            raise StateError("there is no SPI: AT+DRVSPIINIT sets it up")
        if length > _WITHOUT_DMA and not self._has_dma:
            raise invalid(0, "without DMA a transfer has at most %d bytes" % _WITHOUT_DMA)

    async def transfer(self, command, address, data, is_read):
        """Send command and address, (value, bits) or None for the usual bits; then the data.

        `data` is a memoryview to be sent, or filled; it may be empty.
        """
        number, bits = command or (0, self._command_bits)
        place, place_bits = address or (0, self._address_bits)
        if place_bits > _ADDRESS_BITS:  # the usual one, all zeros
            _transmit(number, bits, 0, place_bits - _ADDRESS_BITS, None, None, True)
            bits, place_bits = 0, _ADDRESS_BITS
        step = max(1, self._clock // 8 // _PIECES_A_SECOND)
        done = 0
        while True:
            piece = data[done : done + step]
            done += len(piece)
            write = read = None
            if is_read:
                read = piece
            elif done:
                write = piece
            has_more = done < len(data)
            _transmit(number, bits, place, place_bits, write, read, has_more)
            if not has_more:
                return
            bits = place_bits = 0
            await asyncio.sleep_ms(0)

    def has_phases(self, command, address):
        """Tell whether a transfer without data would send anything."""
        bits = command[1] if command else self._command_bits
        return bits + (address[1] if address else self._address_bits) > 0

    def _check(self, wires):
        self._pins.check(_DRIVER, wires, 0, read_only=wires[1])


def _transmit(*args):
    _spi(atchip.spi_transfer, *args)


def _spi(function, *args):
    """Call the SPI master's driver; what it refuses is a StateError."""
    try:
        function(*args)
    except CHIP_ERRORS as error:
        raise refused("the chip cannot do this SPI", error)


def create(at):
    """Build the service from those it stands on."""
    return Spi(at.pins, at.power)
