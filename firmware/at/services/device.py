"""Bare parts of the chip that have no service of their own: registers."""

import machine

from at.errors import StateError


def register(address, value=None):
    """Set (if given) and return a 32-bit register; which addresses exist is not checked."""
    if address % 4:
        raise StateError("a register's address is a multiple of 4")
    if value is not None:
        machine.mem32[address] = value
    return machine.mem32[address]
