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
    if not softap or not wifi.mode & 1:
        return not softap
    return address.split("%")[0] != softap.lower()


def is_lost(link, wifi, persists):
    """Tell whether the own address of a link is gone for good.

    `persists` is AT+CIPCONNPERSIST: the same address may come back. Datagram links have none of
    their own; theirs is the one that the module had.
    """
    is_off = not (wifi.is_running and wifi.mode & 1)
    if link.family == 6:
        stays = (persists or link.is_udp) and not is_off and wifi.net.has_ipv6
        return not stays and is_gone(link.local_ip, wifi)
    if link.is_udp:
        # A network that is lost for a while may come back.
        return is_gone(link.home, wifi) and (wifi.station_ip() is not None or is_off)
    if persists and wifi.station_ip() is None:
        return False
    return is_gone(link.local_ip, wifi)
