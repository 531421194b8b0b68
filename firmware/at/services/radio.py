"""Transmit power of the radio (AT+RFPOWER). Everything else about Wi-Fi is the wifi service's."""

import atchip
from at.errors import StateError


def power(quarter_dbm=None):
    """Set (if given) and return the maximum power in units of 0.25 dBm, as the driver has it."""
    try:
        return atchip.tx_power(quarter_dbm)
    except OSError as error:
        raise StateError("the radio is off: %s" % error)
