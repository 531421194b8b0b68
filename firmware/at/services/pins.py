"""Who has which pin of the module, and what is read from analog ones.

The only table of owners: the AT port, the log, the flash, what wakes the host or the module, and
the drivers, which take() pins and release() them.
"""

import atchip
import machine

from at.errors import StateError, invalid
from at.services.chip import driver as driver_call

_FLASH = (27, 28, 29, 30, 31, 32)  # inside the module, not led out
_LOG = (43, 44)  # UART0
_INPUT_ONLY = 46


class Pins:
    """The owners of pins, and analog inputs."""

    def __init__(self, uart_pins, power):
        self._uart_pins = uart_pins
        self._power = power
        self._drivers = {}  # pin -> name of the driver that has it

    def sample(self, pin, attenuation):
        """Return the voltage at a pin of ADC1 as 16 bits of the range of the attenuation."""
        self.need_free(pin)
        adc = machine.ADC(machine.Pin(pin))
        adc.atten(attenuation)
        return adc.read_u16()

    def need_free(self, pin, is_wake=False):
        """Refuse a pin that has a task, with StateError; `is_wake` if it is to wake somebody."""
        if pin in self._uart_pins:
            raise StateError("pin %d belongs to the AT port" % pin)
        if pin in _FLASH:
            raise StateError("pin %d belongs to the flash" % pin)
        if pin in _LOG:
            raise StateError("pin %d belongs to the log port" % pin)
        if not is_wake and pin in self._power.pins():
            raise StateError("pin %d wakes the host or the module" % pin)
        if pin in self._drivers:
            raise StateError("pin %d belongs to %s" % (pin, self._drivers[pin]))

    def check(self, driver, pins, first, read_only=None):
        """Refuse pins that a driver cannot have, nothing is changed.

        `first` is the index of the parameter that names the first of them; -1 stands for none.
        All are outputs but `read_only`. What the driver has already counts as free.
        """
        for i, pin in enumerate(pins):
            index = first + i
            if pin < 0:
                continue
            if pin in _FLASH:
                raise invalid(index, "pin %d belongs to the flash" % pin)
            if not _is_there(pin):
                raise invalid(index, "the module has no pin %d" % pin)
            if pin == _INPUT_ONLY and pin != read_only:
                raise invalid(index, "pin %d can only be an input" % pin)
            if pin in pins[:i]:
                raise invalid(index, "pin %d is given twice" % pin)
            if self._drivers.get(pin) != driver:
                self.need_free(pin)

    def take(self, driver, pins):
        """Give pins that were checked to a driver."""
        for pin in pins:
            if pin >= 0:
                self._drivers[pin] = driver
                driver_call(atchip.pin_awake, pin, True)  # else it floats while the chip sleeps

    def release(self, driver):
        """Make all pins of a driver inputs again that nobody has."""
        for pin, owner in list(self._drivers.items()):
            if owner == driver:
                machine.Pin(pin, machine.Pin.IN, None)
                driver_call(atchip.pin_awake, pin, False)
                del self._drivers[pin]


def _is_there(pin):
    """Tell whether the module has such a pin: 26 is the PSRAM's where there is one."""
    try:
        machine.Pin(pin)
    except ValueError:
        return False
    return True


def create(at):
    """Build the service from those it stands on."""
    return Pins(at.uart_pins, at.power)
