"""Addresses of station and softAP: MAC, DHCP, static IPv4 (manual chapter 3.2)."""

from at.command import command, old_endings
from at.errors import invalid
from at.services.wifi import SOFTAP, STATION

CWDHCP = command(
    "+CWDHCP",
    "DHCP for the station, the softAP or both",
    (
        ("int", "operate", 0, 1),  # 0 off; 1 on
        ("int", "mode", 0, 3),  # +1 the station's client; +2 the softAP's server
    ),
    stores="wifi_ip",
    words={"state": "+1 the station's client is on; +2 the softAP's server is on"},
)


@CWDHCP.query
def cwdhcp_query(at):
    """`+CWDHCP:<state>`. With the old endings _CUR and _DEF the two bits are swapped."""
    state = at.wifi.net.dhcp
    at.reply(state >> 1 | (state & 1) << 1 if _is_old(at) else state)


@CWDHCP.set
def cwdhcp_set(at, operate, mode):
    """On drops the station's static address, not the softAP's. mode 0 changes nothing.

    With the old endings _CUR and _DEF the parameters are those of release 1: 0 softAP or 1
    station, then 1 on or 0 off.
    """
    if _is_old(at):
        if mode > 1:
            raise invalid(1, "1 is on, 0 is off")
        operate, mode = mode, (2, 1)[operate]
    at.wifi.net.set_dhcp(operate, mode)


def _is_old(at):
    return at.name != "+CWDHCP"


CIPSTAMAC = command(
    "+CIPSTAMAC", "MAC address of the station", (("mac", "mac"),), stores="sta_mac"
)


@CIPSTAMAC.query
def cipstamac_query(at):
    at.reply(at.wifi.mac(STATION))


@CIPSTAMAC.set
async def cipstamac_set(at, mac):
    """Bit 0 of the first byte must be 0. The softAP must not have the same address.

    A joined station leaves, and comes back with the new address in the background.
    """
    _check_mac(mac)
    await at.wifi.set_mac(STATION, mac)


CIPAPMAC = command("+CIPAPMAC", "MAC address of the softAP", (("mac", "mac"),), stores="ap_mac")


@CIPAPMAC.query
def cipapmac_query(at):
    at.reply(at.wifi.mac(SOFTAP))


@CIPAPMAC.set
async def cipapmac_set(at, mac):
    """Bit 0 of the first byte must be 0. A softAP that is on restarts."""
    _check_mac(mac)
    await at.wifi.set_mac(SOFTAP, mac)


def _check_mac(mac):
    if int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
        raise invalid(0, mac + " is not an address of one device")


CIPSTA = command(
    "+CIPSTA",
    "IPv4 address of the station",
    (("ip", "ip"), ("ip", "gateway", None), ("ip", "netmask", None)),
    stores="wifi_ip",
)


@CIPSTA.query
def cipsta_query(at):
    """`+CIPSTA:ip:<ip>`, then lines with `gateway` and `netmask`; 0.0.0.0 while there is none.

    Two more lines, ip6ll and ip6gl, if IPv6 has given them.
    """
    _show(at, STATION)


@CIPSTA.set
def cipsta_set(at, ip, gateway, netmask):
    """Turns the station's DHCP off. The netmask is 255.255.255.0 if left out, the gateway the
    first address of the network.
    """
    at.wifi.net.set_static(STATION, ip, gateway, netmask)


CIPAP = command(
    "+CIPAP",
    "IPv4 address of the softAP",
    (("ip", "ip"), ("ip", "gateway", None), ("ip", "netmask", None)),
    stores="wifi_ip",
)


@CIPAP.query
def cipap_query(at):
    """`+CIPAP:ip:<ip>`, then lines with `gateway` and `netmask`."""
    _show(at, SOFTAP)


@CIPAP.set
def cipap_set(at, ip, gateway, netmask):
    """The DHCP server goes on if it is on: its pool moves into the new network.

    A pool of AT+CWDHCPS keeps its places there, or becomes the built-in one if it cannot. The
    netmask is 255.255.255.0 if left out, the gateway the softAP itself.
    """
    at.wifi.net.set_static(SOFTAP, ip, gateway, netmask)


def _show(at, interface):
    ip, mask, gateway = at.wifi.net.info(interface)
    at.line('%s:ip:"%s"' % (at.name, ip))
    at.line('%s:gateway:"%s"' % (at.name, gateway))
    at.line('%s:netmask:"%s"' % (at.name, mask))
    for kind in ("ll", "gl"):
        address = at.wifi.ip6(kind, interface)
        if address:
            at.line('%s:ip6%s:"%s"' % (at.name, kind, address))


old_endings(CWDHCP, CIPSTAMAC, CIPAPMAC, CIPSTA, CIPAP)
