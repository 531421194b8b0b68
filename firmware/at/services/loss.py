"""Whether a link can still reach anybody, after a change of the module's addresses."""


def is_lost(link, wifi, persists):
    """Tell whether the own address of a link is gone for good.

    `persists` is AT+CIPCONNPERSIST: the same address may come back.
    """
    mine = (wifi.station_ip(), wifi.ap_ip())
    is_without_ipv6 = not (wifi.net.has_ipv6 and wifi.is_running)
    if link.is_udp:
        if link.family == 6:
            return is_without_ipv6
        # A network that is lost for a while may come back.
        is_off = not (wifi.is_running and wifi.mode & 1)
        return link.home not in mine and (mine[0] is not None or is_off)
    if persists and mine[0] is None:
        return False
    return is_without_ipv6 if link.family == 6 else link.local_ip not in mine
