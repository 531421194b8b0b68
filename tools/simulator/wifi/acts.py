"""Control commands for the air: access points, stations, phones, push buttons."""

from collections.abc import Callable
from typing import Any

from tools.simulator import worldfile
from tools.simulator.control import field
from tools.simulator.errors import CommandError
from tools.simulator.wifi.air import AccessPoint
from tools.simulator.wifi.driver import Driver
from tools.simulator.wifi.provisioning import KINDS, Phone
from tools.simulator.wifi.softap import Guest

Command = dict[str, Any]
_NOTHING: dict[str, Any] = {}


class AirActs:
    """`commands` maps the word of "do" to a function."""

    def __init__(self, aps: list[AccessPoint], driver: Driver) -> None:
        self._aps = aps
        self._driver = driver
        self.commands: dict[str, Callable[[Command], dict[str, Any]]] = {
            "ap_down": lambda command: self._set_ap(command, up=False),
            "ap_up": lambda command: self._set_ap(command, up=True),
            "ap_rssi": self._ap_rssi,
            "ap_dhcp": self._ap_dhcp,
            "ap_full": self._ap_full,
            "station_join": self._station_join,
            "station_leave": self._station_leave,
            "station_silent": self._station_silent,
            "smartconfig": self._smartconfig,
            "wps": self._wps,
        }

    def status(self) -> dict[str, Any]:
        """Return what the status command shows of the air."""
        return {"stations": list(self._driver.softap.guests)}

    # Access points.

    def _find(self, command: Command) -> list[AccessPoint]:
        """Return those of a name; or the one of a BSSID, where several share the name."""
        ssid = field(command, "ssid", worldfile.text(1, 32))
        found = [ap for ap in self._aps if ap["ssid"] == ssid]
        if "bssid" in command:
            bssid = field(command, "bssid", worldfile.mac)
            found = [ap for ap in found if ap["bssid"] == bssid]
        if not found:
            known = ", ".join(sorted({repr(ap["ssid"]) for ap in self._aps}))
            raise CommandError(f"no access point {ssid!r}; there are {known}")
        return found

    def _set_ap(self, command: Command, **state: Any) -> dict[str, Any]:
        for ap in self._find(command):
            ap.update(state)
        self._driver.air_changed()
        return _NOTHING

    def _ap_rssi(self, command: Command) -> dict[str, Any]:
        return self._set_ap(command, rssi=field(command, "rssi", worldfile.integer(-127, 0)))

    def _ap_dhcp(self, command: Command) -> dict[str, Any]:
        return self._set_ap(command, dhcp=field(command, "on", worldfile.integer(0, 1)) == 1)

    def _ap_full(self, command: Command) -> dict[str, Any]:
        return self._set_ap(command, full=field(command, "on", worldfile.integer(0, 1)) == 1)

    # Stations for the softAP.

    def _station_join(self, command: Command) -> dict[str, Any]:
        mac = field(command, "mac", worldfile.mac)
        if mac in self._driver.softap.guests:
            raise CommandError(f"station {mac} is there already")
        guest = Guest(mac)
        if "password" in command:
            guest.password = field(command, "password", worldfile.text(0, 63))
        if "ip" in command:
            guest.static_ip = field(command, "ip", worldfile.ipv4)
        self._driver.softap.arrive(guest)
        return _NOTHING

    def _station_leave(self, command: Command) -> dict[str, Any]:
        self._driver.softap.depart(self._guest(command))
        return _NOTHING

    def _station_silent(self, command: Command) -> dict[str, Any]:
        self._driver.softap.silence(self._guest(command))
        return _NOTHING

    def _guest(self, command: Command) -> str:
        """Return the MAC address of a station that has joined."""
        mac: str = field(command, "mac", worldfile.mac)
        if mac not in self._driver.softap.guests:
            raise CommandError(f"no station {mac}")
        return mac

    # Provisioning.

    def _smartconfig(self, command: Command) -> dict[str, Any]:
        kind = KINDS.index(field(command, "type", _kind)) + 1
        phone = Phone(
            kind,
            field(command, "ssid", worldfile.text(1, 32)).encode(),
            field(command, "password", worldfile.text(0, 64)).encode(),
            field(command, "bssid", worldfile.mac) if "bssid" in command else None,
            field(command, "reserved", worldfile.text(0, 64), "").encode(),
            field(command, "key", worldfile.text(0, 16), "").encode(),
        )
        self._driver.provisioning.phone = phone
        self._driver.provisioning.listen()
        return _NOTHING

    def _wps(self, command: Command) -> dict[str, Any]:
        """Press the button of an access point."""
        (ap, *_others) = self._find(command)
        if not ap["wps"]:
            raise CommandError(f"{ap['ssid']!r} has no WPS button; give it wps = true")
        self._driver.provisioning.buttons.append(ap)
        self._driver.provisioning.listen()
        return _NOTHING


def _kind(value: Any) -> str:
    """Check a type of SmartConfig, in upper case or in lower."""
    return worldfile.one_of(KINDS)(value.upper() if isinstance(value, str) else value)
