"""The module's own access point: its configuration and the stations in it.

Kept as "wifi_softap": [SSID in hex, password in hex, channel, authmode, most stations, hidden],
empty for the open access point ESP_ and the end of the MAC address. Its address and its DHCP
server are wifi_net's.
"""

import binascii

import atchip

from at.errors import CHIP_ERRORS, invalid, is_memory, refused
from at.services.chip import driver

_CHANNEL = 1
_MAX_STATIONS = 4


class SoftAP:
    """The access point's configuration and its stations."""

    def __init__(self, wifi):
        self._wifi = wifi
        self._config = wifi.settings.get("wifi_softap")

    def config(self):
        """Return (SSID, password, channel, authmode, most stations, hidden) in force."""
        self._wifi.need(2)
        return self._current()

    def _current(self):
        if not self._config:
            end = driver(atchip.wifi_mac, 1).replace(":", "")[6:].upper()
            return ("ESP_" + end).encode(), b"", _CHANNEL, 0, _MAX_STATIONS, 0
        ssid, password, channel, authmode, most, hidden = self._config
        return bytes.fromhex(ssid), bytes.fromhex(password), channel, authmode, most, hidden

    def configure(self):
        """Give the driver what is in force; it falls back to the built-in if that is refused."""
        try:
            atchip.softap_config(*self._current())
        except CHIP_ERRORS as error:
            self._wifi.log("wifi: the kept softAP does not fit:", error)

    def set_config(self, ssid, password, channel, authmode, most, hidden):
        """Change and keep the configuration; stations have to join anew."""
        self._wifi.need(2)
        try:
            atchip.softap_config(ssid, password, channel, authmode, most, hidden)
        except CHIP_ERRORS as error:
            raise refused("the Wi-Fi driver refused the softAP", error)
        config = [
            binascii.hexlify(ssid).decode(),
            binascii.hexlify(password).decode(),
            channel,
            authmode,
            most,
            hidden,
        ]
        self._config = config
        self._wifi.settings.put("wifi_softap", config)

    def stations(self):
        """Return (MAC, IPv4 address) of each station as text; 0.0.0.0 if DHCP gave it none."""
        self._wifi.need(2)
        return driver(atchip.softap_stations)

    def expel(self, mac=None):
        """Throw a station out, or all of them."""
        self._wifi.need(2)
        if mac is None:
            driver(atchip.softap_deauth, None)
            return
        try:
            atchip.softap_deauth(mac)
        except CHIP_ERRORS as error:
            if is_memory(error):
                raise refused(mac, error)
            raise invalid(0, "no station %s is there" % mac)

    def on_ap_connected(self, mac):
        """Report a station that has come."""
        self._wifi.emit("station_connected", mac)

    def on_ap_leased(self, mac, ip):
        """Report the address the DHCP server gave a station."""
        self._wifi.emit("station_leased", mac, ip)

    def on_ap_disconnected(self, mac):
        """Report a station that is gone."""
        self._wifi.emit("station_disconnected", mac)
