"""Imitated `network`: what the firmware uses of the ESP32 port's, which is bringing Wi-Fi up.

The first WLAN initialises the driver; later ones, as on the chip, do not.
"""

from atchip import wifi


class WLAN:
    IF_STA = 0
    IF_AP = 1

    _was_initialised = False

    def __init__(self, interface=IF_STA):
        if interface not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")
        if not WLAN._was_initialised:
            WLAN._was_initialised = True
            wifi.call("wifi_init")
        self._interface = interface

    def active(self, on=None):
        return wifi.call("wifi_active", self._interface, on)
