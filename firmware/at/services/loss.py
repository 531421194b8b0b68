"""Whether a connection can still reach anybody, after a change of the module's addresses."""

from at.services.wifi_net import SOFTAP


def is_gone(address, wifi):
    """Tell whether the own address (text) of a connection is the module's no more."""
    if ":" not in address:
        return address not in (wifi.station_ip(), wifi.ap_ip())
    # A station may have more addresses of IPv6 than it tells, and loses all of them at once.
    if wifi.ip6("ll") or wifi.ip6("gl"):
        return False
    softap = wifi.ip6("ll", SOFTAP) if wifi.mode & 2 else None
    if not softap:
        return True
    return address != "::" and address.split("%")[0] != softap.lower()


def is_lost(link, wifi, persists):
    """Tell whether the own address of a link is gone for good.

    `persists` is AT+CIPCONNPERSIST: the same address may come back, unless the station is off.
    Datagrams wait for it as well; IPv4's have no address of their own but the one of the module.
    """
    is_on = wifi.is_running and wifi.mode & 1
    is_six = link.family == 6
    if is_on and (persists or link.is_udp):
        may_return = wifi.net.has_ipv6 if is_six else wifi.station_ip() is None
        if may_return:
            return False
    address = link.home if link.is_udp and not is_six else link.local_ip
    return address is not None and is_gone(address, wifi)
