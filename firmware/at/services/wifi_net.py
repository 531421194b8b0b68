"""IP addresses of the interfaces: DHCP client and server, static addresses, IPv6.

Owns what is kept as "wifi_ip": [DHCP mask, station, softAP], where bit 0 of the mask is the
station's DHCP client, bit 1 the softAP's DHCP server, and a static address is [ip, gateway, mask]
or empty. One entry, so that a power cut never leaves DHCP and a static address both on.
"""

import atchip

from at.errors import ANY_TROUBLE, CHIP_ERRORS, ATError, StateError, invalid
from at.services.chip import driver
from at.wire import address

STATION = 0
SOFTAP = 1
_KINDS = ("ll", "gl")


class Net:
    """Addresses of the interfaces 0 (station) and 1 (softAP)."""

    def __init__(self, wifi):
        self._wifi = wifi
        self._dhcp, station, softap = wifi.settings.get("wifi_ip")
        self._static = [station, softap]
        self._pool = wifi.settings.get("wifi_pool")
        self.has_ipv6 = wifi.settings.get("ipv6") == 1

    @property
    def dhcp(self):
        """Bit 0: the station's DHCP client is on; bit 1: the softAP's DHCP server is."""
        return self._dhcp

    def info(self, interface):
        """Return (ip, mask, gateway) of an interface as text."""
        self._wifi.need()
        return driver(atchip.ip_info, interface)

    def ip4(self, interface):
        """Return an interface's IPv4 address, or None while it has none."""
        ip = driver(atchip.ip_info, interface)[0]
        return None if ip == "0.0.0.0" else ip

    def apply(self, interface):
        """Give an interface that has just started the addresses that are kept."""
        static = self._static[interface]
        if static:
            self._fix(interface, static)
        elif not self._dhcp >> interface & 1:
            driver(atchip.dhcp, interface, False)
        if interface == SOFTAP:
            if self._pool:
                self._try_pool()
            if static and self._dhcp & 2:
                driver(atchip.dhcp, SOFTAP, True)
        if interface == SOFTAP and self.has_ipv6:
            driver(atchip.ip6_linklocal, SOFTAP)

    def _fix(self, interface, static):
        driver(atchip.dhcp, interface, False)
        ip, gateway, mask = static
        try:
            driver(atchip.ip_static, interface, ip, mask, gateway)
        except Exception:
            self._try_dhcp(interface)
            raise

    def _try_dhcp(self, interface):
        """Put DHCP as it is kept, after something else was not to be had."""
        try:
            atchip.dhcp(interface, self._dhcp >> interface & 1)
        except ANY_TROUBLE as error:
            self._wifi.log("wifi: DHCP is not as before:", error)

    def set_static(self, interface, ip, gateway, mask):
        """Give an interface a fixed address; the station's turns its DHCP client off.

        The softAP's DHCP server goes on if it is on, with a pool in the new network. Without
        `mask` it is 255.255.255.0; without `gateway` the softAP is its own, and the station's is
        the first address of the network.
        """
        mask = mask or "255.255.255.0"
        bits = _check_mask(mask)
        if not gateway:
            gateway = ip if interface == SOFTAP else _text(_number(ip) & bits | 1)
        if _number(ip) & ~bits & 0xFFFFFFFF in (0, ~bits & 0xFFFFFFFF):
            raise invalid(0, "%s is no host's address in a network %s" % (ip, mask))
        self._wifi.need(1 << interface)
        static = [ip, gateway, mask]
        self._fix(interface, static)
        if interface == STATION:
            self._keep(STATION, 0, static)
            return
        self._keep(SOFTAP, None, static)
        try:
            self._move_pool(_number(ip), bits)
        finally:
            self._try_dhcp(SOFTAP)

    def set_dhcp(self, on, which):
        """Turn DHCP on or off for the interfaces in the mask `which`.

        Turning the client on drops the station's static address; the softAP keeps its own.
        Interfaces that are off take it over when started.
        """
        self._wifi.need()
        for interface in (STATION, SOFTAP):
            if not which >> interface & 1:
                continue
            self._turn(interface, on)
            if interface == STATION and not self._wifi.station_ip():
                self._wifi.station.on_sta_lost_ip()  # two minutes before the stack says so
            self._keep(interface, on, () if on and interface == STATION else None)

    def _turn(self, interface, on):
        if not self._wifi.mode >> interface & 1:
            return
        driver(atchip.dhcp, interface, on)

    def _keep(self, interface, on, static):
        """Keep whether DHCP is on and the static address, () for none; None: it is as it was."""
        if on is not None:
            self._dhcp = _with_bit(self._dhcp, interface, on)
        if static is not None:
            self._static[interface] = static
        self._wifi.settings.change("wifi_ip", _with_address, interface, on, static)

    # The softAP's DHCP server.

    def pool(self):
        """Return (lease time in minutes, first address, last address)."""
        self._wifi.need(2)
        return driver(atchip.dhcp_pool)

    def set_pool(self, lease_min, first, last):
        """Use a pool of addresses in the softAP's network, without its own address."""
        self._need_server()
        ip, mask, _ = driver(atchip.ip_info, SOFTAP)
        _check_pool(_number(ip), _number(mask), first, last)
        self._use_pool([lease_min, first, last])

    def _use_pool(self, pool):
        """Use and keep a pool, () for the built-in one."""
        driver(atchip.dhcp_pool_set, *(pool or (0, None, None)))
        self._pool = pool
        self._wifi.settings.put("wifi_pool", list(pool))

    def _move_pool(self, ip, bits):
        """Take a pool along into the softAP's new network, or go back to the built-in one."""
        pool = _moved(self._pool, ip, bits)
        if self._pool:
            driver(atchip.dhcp_pool_set, *(pool or (0, None, None)))
        self._pool = pool
        self._wifi.settings.change("wifi_pool", _moved, ip, bits)

    def clear_pool(self):
        """Go back to the built-in pool."""
        self._need_server()
        self._use_pool(())

    def _need_server(self):
        self._wifi.need(2)
        if not self._dhcp & 2:
            raise StateError("the softAP's DHCP server is off; AT+CWDHCP=1,2 turns it on")

    def _try_pool(self):
        try:
            atchip.dhcp_pool_set(*self._pool)
        except CHIP_ERRORS as error:
            self._wifi.log("wifi: the kept DHCP pool does not fit:", error)

    # IPv6.

    def set_ipv6(self, on):
        """Turn IPv6 on or off; a link that is up gets, or loses, its addresses at once."""
        was_on, self.has_ipv6 = self.has_ipv6, on
        self._wifi.settings.put("ipv6", int(on))
        # Asking anew would take the address away for a second.
        if self._wifi.station.is_associated and not (was_on and self.ip6(STATION, "ll")):
            self.link_is_up()
        if self._wifi.is_running and self._wifi.mode & 2 and on:
            driver(atchip.ip6_linklocal, SOFTAP)
        self._wifi.changed()

    def link_is_up(self):
        """Ask for IPv6 addresses on a station that has just been associated."""
        if self.has_ipv6:
            try:
                driver(atchip.ip6_linklocal, STATION)
            except ATError as error:  # IPv4 goes on
                self._wifi.log("wifi: no IPv6:", error.reason)

    def ip6(self, interface, kind):
        """Return an IPv6 address, "ll" link-local or "gl" global, or None."""
        if not self.has_ipv6 or not self._wifi.is_running:
            return None
        if interface == STATION and not self._wifi.station.is_associated:
            return None
        return driver(atchip.ip6_address, interface, _KINDS.index(kind))

    def on_sta_got_ip6(self, is_global):
        """Report an IPv6 address that the station may use from now on."""
        if self.has_ipv6 and self._wifi.station.is_associated:
            self._wifi.emit("wifi_got_ip6", "GL" if is_global else "LL")


def _with_bit(bits, number, on):
    return bits & ~(1 << number) | on << number


def _with_address(row, interface, on, static):
    """Return "wifi_ip" with another state of DHCP, another address or both; None: as it was."""
    dhcp = row[0] if on is None else _with_bit(row[0], interface, on)
    return [dhcp] + [
        kept if static is None or i != interface else static for i, kept in enumerate(row[1:])
    ]


def _moved(pool, ip, bits):
    """Return a pool in the softAP's new network, () if it cannot be there; () stays ()."""
    if not pool:
        return pool
    first, last = [_text(ip & bits | _number(end) & ~bits) for end in pool[1:]]
    try:
        _check_pool(ip, bits, first, last)
    except ATError:
        return ()
    return [pool[0], first, last]


def _number(ip):
    return int.from_bytes(address.pack(ip) or b"", "big")


def _text(number):
    return address.unpack(number.to_bytes(4, "big"))


def _check_pool(ip, bits, first, last):
    """Refuse a pool that does not fit a network: `ip` and `bits` are address and mask."""
    network = ip & bits
    low, high = _number(first), _number(last)
    if low & bits != network or low == network:
        raise invalid(2, "%s is no host of the softAP's network" % first)
    if high & bits != network or high == network | (bits ^ 0xFFFFFFFF):
        raise invalid(3, "%s is no host of the softAP's network" % last)
    if low >= high:
        raise invalid(3, "a pool ends behind its beginning, and has two addresses or more")
    if low <= ip <= high:
        raise invalid(2, "the pool contains the softAP's own address")
    if high - low >= 100:
        raise invalid(3, "a pool has at most 100 addresses")


def _check_mask(mask):
    """Return a netmask as a number; refuse one whose ones are not all in front."""
    bits = _number(mask)
    rest = ~bits & 0xFFFFFFFF
    if rest & (rest + 1) or not bits or rest < 3:
        raise invalid(2, mask + " is not a netmask")
    return bits
