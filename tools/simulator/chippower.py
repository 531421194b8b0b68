"""The chip's radio as far as the firmware asks for it over the bus: power and sleep.

Lives from one start of the firmware to the next.
"""

from typing import Any

_ERR_INVALID_ARG = 0x102
_ERR_WIFI_NOT_STARTED = 0x3002
_NO_PINS = frozenset((22, 23, 24, 25))
_PINS = 47
_LOWEST, _HIGHEST = 8, 78  # quarter dBm


class ChipPower:
    """State of the Wi-Fi driver and of power saving; `requests` are what the firmware may ask."""

    def __init__(self) -> None:
        self.requests = {
            "tx_power": self._tx_power,
            "wake_gpio": self._wake_gpio,
            "pin_awake": self._pin_awake,
        }
        self.restart()

    def restart(self) -> None:
        """Begin as after a reset: driver off."""
        self.started = False
        self.power = _HIGHEST
        self.power_save = 0
        self.listen_interval = 0
        self.wake_pin: tuple[int, int] | None = None
        self.awake_pins: set[int] = set()  # that light sleep does not cut off

    def set_started(self, on: bool) -> None:
        """Note whether the Wi-Fi driver is started."""
        self.started = on

    def set_power_save(self, power_save: int, listen_interval: int) -> None:
        """Note the power-saving mode of the module."""
        self.power_save = power_save
        self.listen_interval = listen_interval

    def _tx_power(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self.started:
            return {"esp_err": _ERR_WIFI_NOT_STARTED}
        if request["value"] is not None:
            if not _LOWEST <= request["value"] <= 84:
                return {"esp_err": _ERR_INVALID_ARG}
            self.power = min(request["value"], _HIGHEST)
        return {"value": self.power}

    def _pin_awake(self, request: dict[str, Any]) -> dict[str, Any]:
        pin = request["pin"]
        if pin in _NO_PINS or not 0 <= pin < _PINS:
            return {"esp_err": _ERR_INVALID_ARG}
        (self.awake_pins.add if request["on"] else self.awake_pins.discard)(pin)
        return {}

    def _wake_gpio(self, request: dict[str, Any]) -> dict[str, Any]:
        pin, level = request["pin"], request["level"]
        if pin in _NO_PINS or not 0 <= pin < _PINS or level not in (0, 1):
            return {"esp_err": _ERR_INVALID_ARG}
        self.wake_pin = (pin, level)
        return {}
