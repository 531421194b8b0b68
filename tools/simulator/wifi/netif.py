"""The network interfaces of ESP-IDF: IPv4 by DHCP or by hand, IPv6, the DHCP server.

Owns addresses; whether there is a link is the station's and the softAP's to say.
"""

import ipaddress
from collections.abc import Callable
from typing import Any

from tools.simulator.loop import Loop, Timer
from tools.simulator.wifi import errors as esp
from tools.simulator.wifi.errors import EspError

STATION = 0
SOFTAP = 1
NO_IP = ("0.0.0.0", "0.0.0.0", "0.0.0.0")
_AP_DEFAULT = ("192.168.4.1", "255.255.255.0", "192.168.4.1")
_DHCP_S = 0.1  # how long the world takes for an address
_LL_S = 0.05  # duplicate address detection
_GL_S = 0.15  # until the router has advertised its prefix
_LOST_S = (
    120  # CONFIG_ESP_NETIF_IP_LOST_TIMER_INTERVAL: until it is said that no address came back
)
_POOL = 100
_LEASE_MIN = 120

Emit = Callable[[tuple[Any, ...]], None]


def link_local(mac: str) -> str:
    """Return fe80:: and the EUI-64 of a MAC address."""
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("fe80::")) | _eui64(mac)))


def _eui64(mac: str) -> int:
    octets = bytearray.fromhex(mac.replace(":", ""))
    octets[0] ^= 2
    return int.from_bytes(octets[:3] + b"\xff\xfe" + octets[3:], "big")


class StationNet:
    """The station's interface."""

    def __init__(self, loop: Loop, lease: tuple[str, str, str], emit: Emit) -> None:
        self._loop = loop
        self._lease = lease
        self._emit = emit
        self._timers: list[Timer] = []
        self._link: dict[str, Any] | None = None
        self._mac = ""
        self._static = NO_IP
        self._losing: Timer | None = None
        self.current = NO_IP
        self.reset()

    def reset(self) -> None:
        """Go back to what holds after a start of the chip."""
        self.dhcp_on = True
        self._static = NO_IP
        self.current = NO_IP
        self.link_down()
        if self._losing is not None:
            self._losing.cancel()
            self._losing = None

    def link_up(self, ap: dict[str, Any], mac: str) -> None:
        """Begin to get addresses."""
        self._link = ap
        self._mac = mac
        self._ask()

    def link_down(self) -> None:
        """Forget addresses that came with the link."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._link is not None and self.dhcp_on:
            self._begin_to_lose()
        self._link = None
        self.ip6: list[str | None] = [None, None]
        self.current = NO_IP if self.dhcp_on else self._static

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers.append(self._loop.after(seconds, action))

    def _ask(self) -> None:
        if self._link is None:
            return
        if self.dhcp_on:
            if self._link["dhcp"]:
                self._later(_DHCP_S, lambda: self._got(self._lease))
        elif self._static != NO_IP:
            self._take_static()

    def _take_static(self) -> None:
        """Have the address in force at once, as esp_netif_set_ip_info() does; news come behind."""
        is_new = self.current != self._static
        self.current = self._static
        self._later(0, lambda: self._emit(("sta_got_ip", is_new)))

    def _got(self, address: tuple[str, str, str]) -> None:
        is_new = self.current != address
        self.current = address
        self._emit(("sta_got_ip", is_new))

    def set_dhcp(self, on: bool) -> None:
        """Start or stop the DHCP client; stopping gives the address back."""
        if on == self.dhcp_on:
            return
        self.dhcp_on = on
        if on:
            self._static = NO_IP
            self.current = NO_IP
            self._ask()
        else:
            had = self.current
            self.current = self._static = NO_IP
            if self._link is not None and had != NO_IP:
                self._begin_to_lose()

    def _begin_to_lose(self) -> None:
        """Start the timer of esp_netif; one that runs goes on, whatever comes in between."""
        if self._losing is None:
            self._losing = self._loop.after(_LOST_S, self._lost)

    def _lost(self) -> None:
        self._losing = None
        if self.current == NO_IP:
            self._emit(("sta_lost_ip",))

    def set_static(self, address: tuple[str, str, str]) -> bool:
        """Use an address; the DHCP client has to be off. Tell whether sockets have it now."""
        if self.dhcp_on:
            raise EspError(0x5007)  # ESP_ERR_ESP_NETIF_DHCP_NOT_STOPPED
        changed = address != self.current
        self._static = address
        if self._link is None:
            self.current = address
        elif changed:
            self._ask()
        return self._link is not None

    def make_ip6(self) -> None:
        """Begin to get IPv6 addresses; one that was there counts again when it is proved anew."""
        if self._link is None:
            return
        is_new = self.ip6[0] is None
        self.ip6[0] = None
        self._later(_LL_S, lambda: self._got_ip6(0, link_local(self._mac)))
        prefix = self._link["ipv6"] if is_new else ""
        if prefix:
            network = int(ipaddress.IPv6Network(prefix).network_address)
            address = str(ipaddress.IPv6Address(network | _eui64(self._mac)))
            self._later(_GL_S, lambda: self._got_ip6(1, address))

    def _got_ip6(self, kind: int, address: str) -> None:
        self.ip6[kind] = address
        self._emit(("sta_got_ip6", bool(kind)))

    @property
    def dns(self) -> tuple[str, ...]:
        """Return the name servers that came with the lease."""
        return (self._lease[2],) if self.current == self._lease else ()


class SoftApNet:
    """The softAP's interface and its DHCP server."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to what holds after a start of the chip."""
        self.current = _AP_DEFAULT
        self.dhcp_on = True
        self._pool: tuple[int, str, str] | None = None
        self.leases: dict[str, str] = {}
        self.ip6: list[str | None] = [None, None]

    def make_ip6(self, mac: str) -> None:
        """Make the link-local address; there is no router that could give another."""
        self.ip6[0] = link_local(mac)

    def set_static(self, address: tuple[str, str, str]) -> None:
        """Use another address; leases of the old network are void."""
        if self.dhcp_on:
            raise EspError(0x5007)
        self.current = address
        self.leases.clear()

    def set_dhcp(self, on: bool) -> None:
        """Start or stop the DHCP server."""
        self.dhcp_on = on

    @property
    def pool(self) -> tuple[int, str, str]:
        """Return (lease time in minutes, first address, last address)."""
        if self._pool is not None:
            return self._pool
        own = int(ipaddress.IPv4Address(self.current[0]))
        network = ipaddress.IPv4Interface(f"{self.current[0]}/{self.current[1]}").network
        net, broadcast = int(network.network_address), int(network.broadcast_address)
        # the larger side of its own address
        first, last = (
            (net + 1, own - 1) if own - net > broadcast - own else (own + 1, broadcast - 1)
        )
        last = min(last, first + _POOL - 1)
        return _LEASE_MIN, str(ipaddress.IPv4Address(first)), str(ipaddress.IPv4Address(last))

    def set_pool(self, lease_min: int, first: str | None, last: str | None) -> None:
        """Set the pool, or with a lease time of 0 go back to the built-in one."""
        if not lease_min or first is None or last is None:
            self._pool = None
            return
        network = ipaddress.IPv4Interface(f"{self.current[0]}/{self.current[1]}").network
        low, high = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
        fits = network.network_address < low < high < network.broadcast_address
        fits = fits and int(high) - int(low) < _POOL
        if not fits or low <= ipaddress.IPv4Address(self.current[0]) <= high:
            raise EspError(esp.INVALID_ARG)
        self._pool = (lease_min, first, last)
        self.leases.clear()

    def lease(self, mac: str) -> str | None:
        """Give a station an address; None if the pool is empty or the server off."""
        if not self.dhcp_on:
            return None
        if mac not in self.leases:
            _, first, last = self.pool
            taken = set(self.leases.values())
            for number in range(
                int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last)) + 1
            ):
                address = str(ipaddress.IPv4Address(number))
                if address not in taken:
                    self.leases[mac] = address
                    break
        return self.leases.get(mac)
