"""Bare parts of the chip that have no service of their own: transmit power, registers."""

import atchip
import machine

from at.errors import StateError, invalid


def power(quarter_dbm=None):
    """Set (if given) and return the maximum power in units of 0.25 dBm, as the driver has it."""
    try:
        return atchip.tx_power(quarter_dbm)
    except OSError as error:
        raise StateError("the radio is off: %s" % error)


def register(address, value=None):
    """Set (if given) and return a 32-bit register; which addresses exist is not checked."""
    if address % 4:
        raise invalid(1, "a register's address is a multiple of 4")
    if value is not None:
        machine.mem32[address] = value
    return machine.mem32[address]
