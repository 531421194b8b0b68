"""ESP-IDF's Wi-Fi driver and network interfaces: what the firmware calls, by the names of atchip.

Owns starting, modes, MAC addresses, country and names; the rest is in the parts. Lives from one
start of the firmware to the next, but for the guests and phones, which are the world's.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from tools.simulator.loop import Loop
from tools.simulator.wifi import air, enterprise
from tools.simulator.wifi import errors as esp
from tools.simulator.wifi.errors import EspError
from tools.simulator.wifi.netif import SOFTAP, STATION, Emit, SoftApNet, StationNet
from tools.simulator.wifi.provisioning import Provisioning
from tools.simulator.wifi.softap import SoftAp
from tools.simulator.wifi.station import Station

_PROTOCOLS = (1, 3, 7)
_LEAST_INACTIVE_S = (3, 10)
_CHANNELS = 14
_ACTIVE_MS, _PASSIVE_MS = 120, 360
_HOST_NAME = "espressif"
_NO_ADDRESS = "0.0.0.0"


class Driver:
    """`requests` is what the bus may ask: {"op": "wifi", "name": ..., "args": [...]}.

    `lease` is what DHCP servers give: (ip, mask, gateway). `on_switch` hears whether the radio is
    on.
    """

    def __init__(
        self,
        loop: Loop,
        aps: list[air.AccessPoint],
        lease: tuple[str, str, str],
        mac: str,
        emit: Emit,
        on_switch: Callable[[bool], None],
    ) -> None:
        self._emit = emit
        self._factory_mac = mac
        self._on_switch = on_switch
        self.net = StationNet(loop, lease, self._emit_station)
        self.station = Station(loop, aps, self.net, emit)
        self.ap_net = SoftApNet()
        self.softap = SoftAp(loop, self.ap_net, emit)
        self.provisioning = Provisioning(loop, emit)
        self.requests = {"wifi": self._answer}
        self._calls = self._table()
        self.restart()

    def restart(self) -> None:
        """Begin as after a reset of the chip: no driver."""
        self.is_running = False
        self._reset()

    def _reset(self) -> None:
        self.station.stop()
        self.station.is_on = False
        self.net.reset()
        self.softap.reset()
        self.ap_net.reset()
        self.provisioning.reset()
        self._macs = [self._factory_mac, _next_mac(self._factory_mac)]
        self._protocols = [7, 7]
        self._bandwidths = [2, 2]
        self._country = (0, "CN", 1, 13)
        self._host_name = _HOST_NAME
        self._eap = enterprise.Credentials()
        self._on_switch(False)

    def _emit_station(self, event: tuple[Any, ...]) -> None:
        self._emit(event)
        if event[0] == "sta_got_ip":
            self.provisioning.joined()

    @property
    def _channels(self) -> range:
        return range(self._country[2], self._country[2] + self._country[3])

    def air_changed(self) -> None:
        """Take notice of access points that came, went, or changed their strength."""
        self.station.air_changed(self._channels)

    @property
    def addresses(self) -> tuple[str, str]:
        """Return the addresses of station and softAP, 0.0.0.0 for none."""
        return self.net.current[0], self.ap_net.current[0] if self.softap.is_on else _NO_ADDRESS

    @property
    def is_away(self) -> bool:
        """Tell whether the module reaches nobody: no access point hears it, and it is none."""
        return not self.softap.is_on and not self.station.is_heard(self._channels)

    def status(self) -> dict[str, Any]:
        """Return what the status command shows."""
        return {
            "running": self.is_running,
            "station": self.station.is_on,
            "softap": self.softap.is_on,
            "ap": self.station.link and self.station.link["bssid"],
            "ip": self.net.current[0],
            "guests": [guest.mac for guest in self.softap.guests.values() if guest.is_in],
            "host_name": self._host_name,
        }

    # The bus.

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        call = self._calls.get(request["name"])
        if call is None:
            return {"esp_err": esp.NOT_FOUND}
        try:
            return {"value": _encode(call(*[_decode(value) for value in request["args"]]))}
        except EspError as error:
            return {"esp_err": error.code}

    def _table(self) -> dict[str, Callable[..., Any]]:
        own = (
            *(self.wifi_init, self.wifi_deinit, self.wifi_active, self.wifi_connect),
            *(self.wifi_scan, self.wifi_mac, self.wifi_protocol, self.wifi_country),
            *(self.wifi_inactive, self.wifi_bandwidth, self.rf_forget),
            *(self.softap_config, self.ip_info, self.ip_static, self.ip6_linklocal),
            *(self.ip6_address, self.dhcp, self.hostname, self.eap_disable, self.eap_enable),
            *(self.eap_certificate,),
        )
        table: dict[str, Callable[..., Any]] = {call.__name__: call for call in own}
        for name in ("identity", "username", "password", "ca"):
            table["eap_" + name] = lambda value, name=name: self._eap_set(name, value)
        return table | {
            "wifi_disconnect": self.station.disconnect,
            "wifi_ap_info": self.station.info,
            "wifi_scan_next": self.station.scan_next,
            "wifi_scan_stop": self.station.scan_stop,
            "softap_stations": self.softap.stations,
            "softap_deauth": self.softap.deauth,
            "dhcp_pool": lambda: self.ap_net.pool,
            "dhcp_pool_set": self.ap_net.set_pool,
            "ip_dns": lambda: self.net.dns,
            "smartconfig_start": self._listening(self.provisioning.smartconfig_start),
            "smartconfig_stop": self.provisioning.smartconfig_stop,
            "smartconfig_result": self.provisioning.result,
            "wps_start": self._listening(self.provisioning.wps_start),
            "wps_stop": self.provisioning.wps_stop,
            "wps_credentials": self.provisioning.credentials,
        }

    def _listening(self, start: Callable[..., None]) -> Callable[..., None]:
        @wraps(start)
        def checked(*args: Any) -> None:
            if not self.station.is_on:
                raise EspError(esp.NOT_STARTED)
            start(*args)

        return checked

    # Driver and modes.

    def _need(self) -> None:
        if not self.is_running:
            raise EspError(esp.NOT_INIT)

    def wifi_init(self) -> None:
        """Initialise the driver."""
        self.is_running = True

    def wifi_deinit(self) -> None:
        """Free the driver; its interfaces must be off."""
        self._need()
        if self.station.is_on or self.softap.is_on:
            raise EspError(esp.NOT_STOPPED)
        guests = self.softap.guests
        self._reset()
        self.softap.guests = guests
        self.is_running = False

    def wifi_active(self, interface: int, on: bool | None = None) -> bool:
        """Ask for or change the state of an interface (network.WLAN.active)."""
        self._need()
        part = self.softap if interface == SOFTAP else self.station
        if on is not None and on != part.is_on:
            self.station.mac = self._macs[STATION]
            part.switch(on)
            self._on_switch(self.station.is_on or self.softap.is_on)
        return part.is_on

    def wifi_mac(self, interface: int, mac: str | None = None) -> str:
        """Return, or set while the interface is off, a MAC address."""
        self._need()
        if mac is not None:
            if (self.softap if interface == SOFTAP else self.station).is_on:
                raise EspError(esp.WRONG_INTERFACE)
            if int(mac[:2], 16) & 1 or mac == self._macs[1 - interface]:
                raise EspError(esp.BAD_MAC)
            self._macs[interface] = mac
        return self._macs[interface]

    def wifi_protocol(self, interface: int, bits: int | None = None) -> int:
        """Return or set the 802.11 protocols of an interface."""
        self._need()
        if bits is not None:
            if bits not in _PROTOCOLS:
                raise EspError(esp.INVALID_ARG)
            self._protocols[interface] = bits
        return self._protocols[interface]

    def wifi_inactive(self, interface: int, seconds: int | None = None) -> int:
        """Return or set the seconds of silence until the other side is given up."""
        part = self.softap if interface == SOFTAP else self.station
        if not part.is_on:
            raise EspError(esp.WRONG_INTERFACE)
        if seconds is not None:
            if seconds < _LEAST_INACTIVE_S[interface]:
                raise EspError(esp.INVALID_ARG)
            part.inactive_s = seconds
        return part.inactive_s

    def wifi_bandwidth(self, interface: int, bandwidth: int | None = None) -> int:
        """Return or set the bandwidth of an interface: 1 for 20 MHz, 2 for 40 MHz."""
        if not (self.softap if interface == SOFTAP else self.station).is_on:
            raise EspError(esp.WRONG_INTERFACE)
        if bandwidth is not None:
            if bandwidth == 2 and self._protocols[interface] != _PROTOCOLS[-1]:
                raise EspError(esp.INVALID_ARG)
            self._bandwidths[interface] = bandwidth
        return self._bandwidths[interface]

    def rf_forget(self) -> None:
        """Forget the calibration of the radio, which nothing here depends on."""

    def wifi_country(self, *country: Any) -> tuple[int, str, int, int]:
        """Return or set (policy, code, first channel, number of channels)."""
        self._need()
        if country:
            _, code, first, count = country
            if not code[:2].isalnum() or first + count - 1 > _CHANNELS:
                raise EspError(esp.INVALID_ARG)
            self._country = country
        return self._country

    def hostname(self, name: str | None = None) -> str:
        """Return or set the name told to DHCP servers."""
        if name is not None:
            self._host_name = name
        return self._host_name

    # Station.

    def wifi_connect(
        self,
        ssid: bytes,
        password: bytes,
        bssid: str | None,
        listen_interval: int,
        all_channels: bool,
        floor: int,
        pmf: int,
        *where: int,
    ) -> None:
        """Begin to connect; `where` is the weakest RSSI and the channel to begin with."""
        self._need()
        eap = self._eap if self._eap.method is not None else None
        wanted = air.Wanted(
            *(ssid, password, bssid, listen_interval, all_channels, floor, pmf, eap),
            *where,
        )
        self.station.connect(wanted, self._channels)

    def wifi_scan(
        self,
        ssid: bytes | None,
        bssid: str | None,
        channel: int,
        passive: bool,
        min_ms: int,
        max_ms: int,
        bitmap: int,
    ) -> None:
        """Begin a scan."""
        self._need()
        if channel > _CHANNELS or (max_ms and min_ms > max_ms):
            raise EspError(esp.INVALID_ARG)
        self.station.scan(
            (ssid, bssid, channel),
            [each for each in self._channels if not bitmap or bitmap >> each & 1],
            max_ms or (_PASSIVE_MS if passive else _ACTIVE_MS),
        )

    # SoftAP.

    def softap_config(
        self, ssid: bytes, password: bytes, channel: int, authmode: int, most: int, hidden: int
    ) -> None:
        """Configure the softAP."""
        self._need()
        self.softap.config(
            ssid, password, authmode, most, channel in self._channels and hidden in (0, 1)
        )

    # Network interfaces.

    def ip_info(self, interface: int) -> tuple[str, str, str]:
        """Return (ip, mask, gateway)."""
        return self.ap_net.current if interface == SOFTAP else self.net.current

    def ip_static(self, interface: int, ip: str, mask: str, gateway: str) -> bool:
        """Use an address while DHCP is off. Tell whether the station has it in force."""
        if interface == STATION:
            return self.net.set_static((ip, mask, gateway))
        self.ap_net.set_static((ip, mask, gateway))
        return False

    def dhcp(self, interface: int, on: bool) -> None:
        """Turn the station's DHCP client or the softAP's DHCP server on or off."""
        net = self.ap_net if interface == SOFTAP else self.net
        net.set_dhcp(on)

    def ip6_linklocal(self, interface: int) -> None:
        """Make a link-local address, and with a router a global one."""
        if interface == SOFTAP:
            self.ap_net.make_ip6(self._macs[SOFTAP])
        else:
            self.net.make_ip6()

    def ip6_address(self, interface: int, kind: int) -> str | None:
        """Return the link-local (0) or global (1) address."""
        return (self.ap_net if interface == SOFTAP else self.net).ip6[kind]

    # Enterprise.

    def _eap_set(self, name: str, value: bytes) -> None:
        self._eap = self._eap.with_(**{name: value})

    def eap_certificate(self, certificate: bytes, key: bytes) -> None:
        """Set what the station shows of itself."""
        self._eap = self._eap.with_(certificate=certificate, key=key)

    def eap_enable(self, method: int) -> None:
        """Use EAP from the next connection on."""
        self._need()
        self._eap = self._eap.with_(method=method)

    def eap_disable(self) -> None:
        """Use it no longer and forget identity, passwords and certificates."""
        self._need()
        self._eap = enterprise.Credentials()


def _next_mac(mac: str) -> str:
    number = int(mac.replace(":", ""), 16) + 1
    return number.to_bytes(6, "big").hex(":")


def _encode(value: Any) -> Any:
    """Turn a value into JSON: bytes become {"hex": ...}."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list | tuple):
        return [_encode(each) for each in value]
    return value


def _decode(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
