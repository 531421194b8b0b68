"""Names and time: resolver, time servers, ping, mDNS (manual chapter 3.3)."""

from at.command import EVENTS, command
from at.errors import SUB_COUNT, LinkError, ParamError, invalid, text_of
from at.services.mdns import AAAA, PTR, SRV, TXT, A
from at.wire import daytime
from at.wire.address import pack
from at.wire.reply import plain

EVENTS.update({"time_updated": "+TIME_UPDATED"})

CIPV6 = command("+CIPV6", "IPv6: 0 off, 1 on", (("int", "enable", 0, 1),), stores="ipv6")


@CIPV6.query
def cipv6_query(at):
    at.reply(int(at.wifi.net.has_ipv6))


@CIPV6.set
def cipv6_set(at, enable):
    """A station that is joined asks for IPv6 addresses at once. 0 ends IPv6 links and servers."""
    at.wifi.net.set_ipv6(enable == 1)


CIFSR = command("+CIFSR", "Show the addresses of the interfaces that are on")


@CIFSR.run
def cifsr_run(at):
    """IPv4 is 0.0.0.0 while an interface has none; IPv6 lines come with an address only."""
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
        ("pick", "ip_network", (1, 2, 3), 1),
        ("int", "timeout", 0, 60000, 0),
        ("int", "show_all_ip", 0, 1, 0),
    ),
    text='+CIPDOMAIN:"domain_name"(253),(1,2,3)',
    since="later: `timeout`, `show_all_ip`",
)


@CIPDOMAIN.set
async def cipdomain_set(at, name, family, timeout_ms, show_all):
    """Network 1 prefers IPv4, 2 is IPv4 only, 3 IPv6 only, which needs AT+CIPV6=1.

    Time-out in ms; 0 asks each server up to three times, which ends in less than 20 seconds.
    show_all_ip=1: a line for each address that the answer has.
    """
    if show_all:
        for address in await at.names.resolve_all(text_of(name, 0), family, timeout_ms):
            at.reply(address)
        return
    at.reply(await at.names.resolve(text_of(name, 0), family, timeout_ms))


CIPDNS = command(
    "+CIPDNS",
    "DNS servers: 0 those of DHCP, 1 these",
    (
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
    """Without servers of its own the module asks 208.67.222.222 and 8.8.8.8."""
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
    "Time zone and time servers: 0 off, 1 keep the clock right",
    (
        (
            "by",
            "enable",
            (
                (
                    0,
                    (
                        ("int", "timezone", -1259, 1459, None),
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
    """A time zone is shown in hours if they are whole, else as hhmm; below one hour it is 0."""
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


CIPSNTPTIME = command("+CIPSNTPTIME", "Show the local time")


@CIPSNTPTIME.query
def cipsntptime_query(at):
    """The clock begins in 1970 and survives a restart; no empty line comes before OK."""
    text = daytime.asctime(at.clock.now(), at.sntp.config[1])
    at.port.message(b"+CIPSNTPTIME:" + text.encode())


# Spellings of lists and notes of the manual, here and below; hosts are written from them.

CIPSNTPINTV = command(
    "+CIPSNTPINTV",
    "Seconds between two questions for the time",
    (("int", "interval", 15, 4294967),),
)


@CIPSNTPINTV.query
def cipsntpintv_query(at):
    at.reply(at.sntp.interval_s)


@CIPSNTPINTV.set
def cipsntpintv_set(at, interval_s):
    """The interval is 3600 after a start."""
    at.sntp.set_interval(interval_s)


PING = command(
    "+PING", "Send an echo request and show the time of the answer", (("str", "host", 1, 253),)
)


@PING.set
async def ping_set(at, host):
    """Time in ms. After a name that is not known, or 4 seconds, `+PING:TIMEOUT` and ERROR."""
    try:
        at.reply(await at.ping.ping(text_of(host, 0)))
    except LinkError:
        at.line("+PING:TIMEOUT")
        raise


_LIMITS = (("int", "timeout", 1000, 180000, 5000), ("int", "max_results", 1, 255, 1))
_INSTANCE = (
    ("str", "instance", 1, 63),
    ("str", "service", 1, 63),
    ("str", "proto", 1, 63),
) + _LIMITS
_HOST = (("str", "hostname", 1, 63),) + _LIMITS

MDNS = command(
    "+MDNS",
    "mDNS: announce the module and a service (1) or no longer (0), look for others (2)",
    (
        (
            "by",
            "enable",
            (
                (0, ()),
                (
                    1,
                    (
                        ("str", "hostname", 1, 63),
                        ("str", "service_type", 1, 63),
                        ("int", "port", 1, 65535),
                        ("str", "instance", 1, 63, None),
                        ("str", "proto", 1, 63, b"_tcp"),
                        ("int", "txt_number", 1, 10, 0),
                        ("str", "key1", 1, 63, None),
                        ("str", "value1", 0, 200, None),
                        ("str", "key2", 1, 63, None),
                        ("str", "value2", 0, 200, None),
                        ("str", "key3", 1, 63, None),
                        ("str", "value3", 0, 200, None),
                        ("str", "key4", 1, 63, None),
                        ("str", "value4", 0, 200, None),
                        ("str", "key5", 1, 63, None),
                        ("str", "value5", 0, 200, None),
                        ("str", "key6", 1, 63, None),
                        ("str", "value6", 0, 200, None),
                        ("str", "key7", 1, 63, None),
                        ("str", "value7", 0, 200, None),
                        ("str", "key8", 1, 63, None),
                        ("str", "value8", 0, 200, None),
                        ("str", "key9", 1, 63, None),
                        ("str", "value9", 0, 200, None),
                        ("str", "key10", 1, 63, None),
                        ("str", "value10", 0, 200, None),
                    ),
                ),
                (
                    2,
                    (
                        (
                            "by",
                            "type",
                            (
                                (
                                    0,
                                    (
                                        ("str", "service", 1, 63),
                                        ("str", "proto", 1, 63),
                                        ("int", "timeout", 1000, 180000, 5000),
                                        ("int", "max_results", 1, 255, 1),
                                    ),
                                ),
                                (1, _INSTANCE),
                                (2, _INSTANCE),
                                (3, _INSTANCE),
                                (4, _HOST),
                                (5, _HOST),
                                (6, _HOST),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
    text='+MDNS:(0)\r\n+MDNS:(1),"hostname"(63),"service_type"(63),(1-65535)',
    since="later: 2, and all behind `port`",
)


@MDNS.set
def mdns_set(at, enable, *values):
    """The instance is called like the host if it has no name of its own.

    Exactly `txt_number` pairs of key and value follow that number. A service of the module must
    be started as well, for example by AT+CIPSERVER.

    Looking for others (type 0 PTR, 1 TXT, 2 SRV, 3 both, 4 A, 5 AAAA, 6 both) answers
    `+MDNS:<n>,` and n bytes for each that was found in `timeout` ms: lines `IF=` 1 station or
    2 softAP, `IP=` 0 IPv4 or 1 IPv6, and what there is of `PTR=`, `SRV=<host>:<port>`,
    `TXT=<key>=<value>`, `A=` and `AAAA=`. ERROR if there is nothing.
    """
    if enable == 1:
        _announce(at, *values)
    elif enable:
        return _search(at, *values)
    else:
        at.mdns.stop()
    return None


def _announce(at, host, service, port, instance, proto, count, *pairs):
    given = 2 * count
    last = 0
    for i, value in enumerate(pairs):
        if value is not None:
            last = i + 1
    if last != given or None in pairs[:given]:
        ext = 7 + given << 8 | 7 + last
        raise ParamError(SUB_COUNT, ext, "%d pairs of key and value must follow" % count)
    texts = [text_of(value, 7 + i) for i, value in enumerate(pairs[:given])]
    txt = tuple([(texts[i], texts[i + 1]) for i in range(0, given, 2)])
    host = text_of(host, 1)
    instance = host if instance is None else text_of(instance, 4)
    at.mdns.start(host, text_of(service, 2), port, instance, text_of(proto, 5), txt)


_KINDS = ((PTR,), (TXT,), (SRV,), (TXT, SRV), (A,), (AAAA,), (A, AAAA))


async def _search(at, kind, *values):
    """Ask for each kind of record that a type stands for, and show what answers."""
    *names, timeout_ms, most = values
    names = [text_of(name, 2 + i) for i, name in enumerate(names)]
    if kind == 0:
        names = [None] + names
    elif len(names) == 1:
        names += [None, None]
    at.names.need_network()
    has_found = False
    for each in _KINDS[kind]:
        for record in await at.mdns.query(each, names, timeout_ms, most):
            has_found = True
            lines = b"\r\n".join([b""] + list(_lines(record, names[0])) + [b""])
            at.port.message(b"%s:%d,%s" % (at.name.encode(), len(lines), lines))
            await at.port.drain()
    if not has_found:
        raise LinkError("nothing was found")


def _lines(record, name):
    interface, family, instance, host, port, txt, addresses = record
    yield b"IF=%d" % interface
    yield b"IP=%d" % family
    instance = instance or (name.encode() if name and (txt or port) else None)
    if instance:
        yield b"PTR=" + plain(instance)
    if host and port:
        yield b"SRV=%s.local:%d" % (plain(host), port)
    for key, value in txt:
        yield b"TXT=%s=%s" % (plain(key), plain(value))
    for address in addresses:
        yield b"%s=%s" % (b"AAAA" if ":" in address else b"A", address.encode())
