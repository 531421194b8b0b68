"""Names of a network without a server: mDNS (manual section 3.3.38)."""

from at.command import command
from at.errors import SUB_COUNT, LinkError, ParamError, text_of
from at.services.mdns import AAAA, PTR, SRV, TXT, A
from at.wire.reply import plain

_LIMITS = (
    ("int", "timeout", 1000, 180000, 5000),  # ms
    ("int", "max_results", 1, 255, 1),  # of each question
)
_INSTANCE = (
    ("str", "instance", 1, 63),
    ("str", "service", 1, 63),
    ("str", "proto", 1, 63),
) + _LIMITS
_HOST = (("str", "hostname", 1, 63),) + _LIMITS

MDNS = command(
    "+MDNS",
    "mDNS: announce the module and a service, or look for others",
    (
        # 0 announce no longer; 1 announce; 2 look for others
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
                        ("int", "port", 1, 65535),  # of the service
                        ("str", "instance", 1, 63, None),
                        ("str", "proto", 1, 63, b"_tcp"),
                        ("int", "txt_number", 1, 10, 0),  # pairs that follow
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
                        # 0 PTR, instances of a service; 1 TXT; 2 SRV; 3 TXT and SRV; 4 A; 5 AAAA;
                        # 6 A and AAAA
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
    since="4.1: all behind `port`; 5.0: `enable` 2",
    words={"data_len": "bytes behind the comma", "data": "`data_len` bytes"},
)


@MDNS.set
def mdns_set(at, enable, *values):
    """The instance is called like the host if it has no name of its own.

    Exactly `txt_number` pairs of key and value follow that number. A service of the module must
    be started as well, for example by AT+CIPSERVER.

    Looking for others answers `+MDNS:<data_len>,<data>` for each that was found in `timeout` ms,
    which each of two questions (types 3 and 6) may take, one after the other:
    lines `IF=` 1 station or 2 softAP, `IP=` 0 IPv4 or 1 IPv6, and what there is of `PTR=`,
    `SRV=` host:port, `TXT=` key=value, `A=` and `AAAA=`. ERROR if there is nothing.
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
