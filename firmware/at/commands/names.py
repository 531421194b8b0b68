"""Names and time: resolver, time servers, ping (manual chapter 3.3)."""

from at.command import EVENTS, command
from at.errors import LinkError, invalid, text_of
from at.wire import daytime
from at.wire.address import pack

EVENTS.update({"time_updated": "+TIME_UPDATED"})

CIPV6 = command(
    "+CIPV6",
    "IPv6",
    (("int", "enable", 0, 1),),  # 0 off; 1 on
    stores="ipv6",
)


@CIPV6.query
def cipv6_query(at):
    at.reply(int(at.wifi.net.has_ipv6))


@CIPV6.set
def cipv6_set(at, enable):
    """A station that is joined asks for IPv6 addresses at once. 0 ends IPv6 links and servers."""
    at.wifi.net.set_ipv6(enable == 1)


CIFSR = command(
    "+CIFSR",
    "Show the addresses of the interfaces that are on",
    words={"ip": "IPv4 address", "ip6": "IPv6 address", "mac": "MAC address"},
)


@CIFSR.run
def cifsr_run(at):
    """`+CIFSR:STAIP,<ip>`, STAIP6LL and STAIP6GL with `<ip6>`, STAMAC with `<mac>`.

    The softAP's are APIP and so on. IPv4 is 0.0.0.0 while an interface has none; IPv6 lines come
    with an address only.
    """
    at.wifi.need()
    for interface, name in ((1, "AP"), (0, "STA")):
        if at.wifi.mode >> interface & 1:
            _show(at, name + "IP", at.wifi.net.ip4(interface) or "0.0.0.0")
            _show(at, name + "IP6LL", at.wifi.ip6("ll", interface))
            _show(at, name + "IP6GL", at.wifi.ip6("gl", interface))
            _show(at, name + "MAC", at.wifi.mac(interface))


def _show(at, label, address):
    if address:
        at.line('+CIFSR:%s,"%s"' % (label, address))


CIPDOMAIN = command(
    "+CIPDOMAIN",
    "Resolve a host name",
    (
        ("str", "domain_name", 1, 253),
        ("pick", "ip_network", (1, 2, 3), 1),  # 1 IPv4 preferred; 2 IPv4 only; 3 IPv6 only
        ("int", "timeout", 0, 60000, 0),  # ms; 0 each server three times
        ("int", "show_all_ip", 0, 1, 0),  # 0 one address; 1 all
    ),
    text='+CIPDOMAIN:"domain_name"(253),(1,2,3)',
    since="4.1: `timeout`; main: `show_all_ip`",
    words={"ip_address": "of the host"},
)


@CIPDOMAIN.set
async def cipdomain_set(at, name, family, timeout_ms, show_all):
    """`+CIPDOMAIN:<ip_address>`, with show_all_ip a line for each that the answer has.

    IPv6 needs AT+CIPV6=1. Three questions to each server end in less than 20 seconds.
    """
    if show_all:
        for address in await at.names.resolve_all(text_of(name, 0), family, timeout_ms):
            at.reply(address)
        return
    at.reply(await at.names.resolve(text_of(name, 0), family, timeout_ms))


CIPDNS = command(
    "+CIPDNS",
    "DNS servers",
    (
        # 0 those of DHCP; 1 those given
        (
            "by",
            "enable",
            (
                (0, ()),
                (
                    1,
                    (
                        ("str", "dns_ip1", 2, 45, None),
                        ("str", "dns_ip2", 2, 45, None),
                        ("str", "dns_ip3", 2, 45, None),
                    ),
                ),
            ),
        ),
    ),
    stores="dns",
)


@CIPDNS.query
def cipdns_query(at):
    """`+CIPDNS:<enable>[,<dns_ip1>][,<dns_ip2>][,<dns_ip3>]`.

    Without servers of its own the module asks 208.67.222.222 and 8.8.8.8.
    """
    at.reply(int(at.names.is_manual), *at.names.servers())


@CIPDNS.set
def cipdns_set(at, enable, *given):
    """Up to three IPv4 or IPv6 addresses. After 0, those of DHCP count from its next exchange."""
    if not enable:
        at.names.set_automatic()
        return
    servers = []
    known = []
    for index, value in enumerate(given):
        if value is None:
            continue
        server = text_of(value, index + 1)
        raw = pack(server)
        if raw is None:
            raise invalid(index + 1, "%s is no IP address" % server)
        if raw in known:
            raise invalid(index + 1, "%s is given twice" % server)
        servers.append(server)
        known.append(raw)
    at.names.set_servers(servers)


CIPSNTPCFG = command(
    "+CIPSNTPCFG",
    "Time zone and time servers, which keep the clock right",
    (
        # 0 off; 1 on
        (
            "by",
            "enable",
            (
                (
                    0,
                    (
                        ("int", "timezone", -1259, 1459, None),  # hours, or hhmm
                        ("str", "server1", 1, 64, None),
                        ("str", "server2", 1, 64, None),
                        ("str", "server3", 1, 64, None),
                    ),
                ),
                (
                    1,
                    (
                        ("int", "timezone", -1259, 1459),
                        ("str", "server1", 1, 64, None),
                        ("str", "server2", 1, 64, None),
                        ("str", "server3", 1, 64, None),
                    ),
                ),
            ),
        ),
    ),
    stores="sntp",
)


@CIPSNTPCFG.query
def cipsntpcfg_query(at):
    """`+CIPSNTPCFG:<enable>,<timezone>,<server1>[,<server2>][,<server3>]`.

    A time zone is shown in hours if they are whole, else as hhmm; below one hour it is 0.
    """
    enabled, zone, servers = at.sntp.config
    servers = ",".join(['"%s"' % server for server in servers])
    at.line("+CIPSNTPCFG:%d,%d,%s" % (enabled, daytime.shown_zone(zone), servers))


@CIPSNTPCFG.set
def cipsntpcfg_set(at, enable, zone, *given):
    """A time zone of -12 to 14 is hours, any other hhmm: 530 is five hours and a half.

    `+TIME_UPDATED` follows once, as soon as a server has told the time; after a start, too, if
    this is on. Without servers the module asks cn.ntp.org.cn, ntp.sjtu.edu.cn and us.pool.ntp.org.
    """
    if zone is None:
        zone = at.sntp.config[1]
    if daytime.offset_minutes(zone) is None:
        raise invalid(1, "a time zone is -12 to 14, or hhmm up to -1259 and 1459")
    servers = [text_of(given[i], i + 2) for i in range(len(given)) if given[i] is not None]
    at.sntp.configure(enable == 1, zone, servers)


CIPSNTPTIME = command(
    "+CIPSNTPTIME", "Show the local time", words={"asctime": "as `Thu Jan  1 00:00:00 1970`"}
)


@CIPSNTPTIME.query
def cipsntptime_query(at):
    """`+CIPSNTPTIME:<asctime>`; no empty line comes before OK.

    The clock begins in 1970 and survives a restart.
    """
    text = daytime.asctime(at.clock.now(), at.sntp.config[1])
    at.port.message(b"+CIPSNTPTIME:" + text.encode())


# Spellings of lists and notes of the manual, here and below; hosts are written from them.

CIPSNTPINTV = command(
    "+CIPSNTPINTV",
    "Time between two questions for the time",
    (("int", "interval", 15, 4294967),),  # seconds
)


@CIPSNTPINTV.query
def cipsntpintv_query(at):
    at.reply(at.sntp.interval_s)


@CIPSNTPINTV.set
def cipsntpintv_set(at, interval_s):
    """The interval is 3600 after a start."""
    at.sntp.set_interval(interval_s)


PING = command(
    "+PING",
    "Send an echo request and show the time of the answer",
    (("str", "host", 1, 253),),
    words={"time": "ms"},
)


@PING.set
async def ping_set(at, host):
    """`+PING:<time>`. After a name that is not known, or 4 seconds, `+PING:TIMEOUT` and ERROR.

    The 4 seconds begin when the address is known; where no name server answers that takes 12.
    """
    try:
        at.reply(await at.ping.ping(text_of(host, 0)))
    except LinkError:
        at.line("+PING:TIMEOUT")
        raise
