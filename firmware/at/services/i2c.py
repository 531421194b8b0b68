"""The two I2C ports, as masters.

Owns which port is set up and on which pins. An address is 0 to 0x7F, or one of 10 bits in the form
of the manual: 0x7800 plus the address (sections 3.10.6 to 3.10.9).
"""

import errno

import atchip
import machine

from at.errors import LinkError, StateError, invalid

_TEN_BITS = 0x7800  # the first byte on the bus is this >> 7, with two bits of the address
# The chip's own ports have fields of 10 bits for half a period at 80 MHz; else software does it.
_SLOWEST = 40000
_STRETCH_US = 1000000  # how long a device may hold the clock; the hardware waits 0.2 s at most
_CLOCKS = 9  # of a byte with its acknowledge


class I2c:
    """The ports 0 and 1."""

    def __init__(self, pins, power):
        self._pins = pins
        self._ports = {}  # number -> (bus, SCL, SDA, Hz)
        power.before_restart(self.stop_all)

    def start(self, port, scl, sda, clock):
        """Set a port up, or anew on other pins. A refusal leaves it as it is."""
        self._pins.check(_driver(port), (scl, sda), 1)
        self.stop(port)
        options = {"scl": _wire(scl), "sda": _wire(sda), "freq": clock, "timeout": _STRETCH_US}
        if clock < _SLOWEST:
            bus = machine.SoftI2C(**options)
        else:
            bus = machine.I2C(port, **options)
        self._pins.take(_driver(port), (scl, sda))
        self._ports[port] = (bus, scl, sda, clock)

    def stop(self, port):
        """Release a port and its pins; nothing if it is not set up."""
        if port in self._ports:
            if self._ports[port][3] >= _SLOWEST:
                atchip.i2c_stop(port)
            self._pins.release(_driver(port))
            del self._ports[port]

    def stop_all(self):
        """Release both ports."""
        self.stop(0)
        self.stop(1)

    def check(self, port, address, length):
        """Refuse a transfer that cannot be: no such port or address, longer than a second."""
        if port not in self._ports:
            raise StateError("port %d is not set up: AT+DRVI2CINIT" % port)
        if 0x7F < address < _TEN_BITS:
            raise invalid(1, "an address is 0 to 0x7F, or 0x7800 to 0x7BFF for 10 bits")
        clock = self._ports[port][3]
        if (length + 1 + (address >= _TEN_BITS)) * _CLOCKS > clock:
            raise invalid(2, "at %d Hz these bytes take longer than a second" % clock)

    def read(self, port, address, view):
        """Fill a buffer from a device. LinkError if it does not answer."""
        bus = self._idle_bus(port)
        try:
            if address >= _TEN_BITS:
                bus.readfrom_mem_into(address >> 8, address & 0xFF, view)
            else:
                bus.readfrom_into(address, view)
        except OSError as error:
            raise _reason(error, address)

    def write(self, port, address, data):
        """Send bytes to a device. LinkError if it does not take all of them."""
        bus = self._idle_bus(port)
        parts = (data,)
        count = len(data)
        if address >= _TEN_BITS:
            parts = (bytes((address & 0xFF,)), data)
            count += 1
        try:
            taken = bus.writevto(address >> 8 if len(parts) > 1 else address, parts)
        except OSError as error:
            raise _reason(error, address)
        if taken < count:
            raise LinkError("device 0x%x refused byte %d" % (address, taken - count + len(data)))

    def _idle_bus(self, port):
        bus, scl, sda, _ = self._ports[port]
        for name, pin in (("SCL", scl), ("SDA", sda)):
            if not machine.Pin(pin).value():
                raise LinkError("%s, pin %d, is held low" % (name, pin))
        return bus


def _wire(pin):
    return machine.Pin(pin, machine.Pin.OPEN_DRAIN, machine.Pin.PULL_UP, value=1)


def _driver(port):
    return "I2C port %d" % port


def _reason(error, address):
    if error.errno == errno.ETIMEDOUT:
        return LinkError("device 0x%x holds the bus" % address)
    return LinkError("device 0x%x does not acknowledge" % address)


def create(at):
    """Build the service from those it stands on."""
    return I2c(at.pins, at.power)
