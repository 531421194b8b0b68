"""The pins that a host may use, and what is read from them.

Pins that have a task already are refused: the AT port's, those that wake the host or the module.
"""

import machine

from at.errors import StateError


class Pins:
    """Analog inputs; nothing is kept between two samples."""

    def __init__(self, uart_pins, power):
        self._uart_pins = uart_pins
        self._power = power

    def sample(self, pin, attenuation):
        """Return the voltage at a pin of ADC1 as 16 bits of the range of the attenuation."""
        self._need_free(pin)
        adc = machine.ADC(machine.Pin(pin))
        adc.atten(attenuation)
        return adc.read_u16()

    def _need_free(self, pin):
        if pin in self._uart_pins:
            raise StateError("pin %d belongs to the AT port" % pin)
        if pin in self._power.pins():
            raise StateError("pin %d wakes the host or the module" % pin)


def create(at):
    """Build the service from those it stands on."""
    return Pins(at.uart_pins, at.power)
