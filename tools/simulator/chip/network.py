"""Imitated `network`: what the firmware uses of the ESP32 port's, which is bringing Wi-Fi up.

The first WLAN makes the interfaces and initialises the driver, unless it is already. If that fails
the next one begins again, as in the port, and ESP-IDF does not make an interface twice: its
assertion ends the program.
Errors are those of the port's esp_exceptions(), not of check_esp_err().
"""

import _sim
from atchip import wifi


class _Driver:
    has_interfaces = False
    is_initialised = False


_driver = _Driver()


class WLAN:
    IF_STA = 0
    IF_AP = 1

    def __init__(self, interface=IF_STA):
        if not _driver.is_initialised:
            _sim.fault("network.WLAN")  # its event handlers
            if _driver.has_interfaces:
                _sim.crash("esp_netif_create_default_wifi_sta (netif)")
            _driver.has_interfaces = True
            if not wifi.is_initialised:
                _sim.fault("network.WLAN.init")
                _sim.fail_wifi(wifi.ask("wifi_init").get("esp_err", 0))
            _driver.is_initialised = True
        if interface not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")
        self._interface = interface

    def active(self, on=None):
        _sim.fault("network.WLAN.active")
        answer = wifi.ask("wifi_active", self._interface, on)
        _sim.fail_wifi(answer.get("esp_err", 0))
        return answer["value"]
