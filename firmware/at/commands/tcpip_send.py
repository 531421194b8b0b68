"""Sending to links and passthrough (manual sections 3.3.8 to 3.3.12, 3.3.18 and 3.3.32)."""

from at.command import EVENTS, command
from at.errors import StateError, invalid, text_of
from at.services import sending
from at.services.passthrough import pass_through
from at.wire.reply import SEND_CANCELLED, SEND_FAIL, SEND_OK

EVENTS.update(
    {"passthrough_left": lambda at: "\r\n+QUITT" if at.settings.get("sysmsg") & 1 else None}
)

_TO = (
    ("str", "remote_host", 1, 64, None),
    ("int", "remote_port", 1, 65535, None),  # of the receiver
)
_BLOCK = (
    ("link", "link_id", 0, 4),
    ("int", "length", 1, 8192),  # bytes
) + _TO

CIPSEND = command(
    "+CIPSEND",
    "Send a block of up to 8192 bytes, or enter passthrough",
    _BLOCK,
)


@CIPSEND.set
def cipsend_set(at, number, length, host, port):
    """After `>` come `length` bytes, then `Recv n bytes` and SEND OK, or SEND FAIL.

    SEND FAIL: the stack did not take all within AT+CIPTCPOPT's send time-out; ERROR: the link is
    gone. Host and port address one block of a UDP link, without changing its peer. A `+++` alone
    ends the input with SEND CANCELLED. Blocks of more than 4096 bytes need memory: without it the
    command ends with ERROR before the `>`.
    """
    if host is None:
        return sending.block(at.links, _linked(at, number), length)
    return _cipsend_to(at, number, length, host, port)


async def _cipsend_to(at, number, length, host, port):
    link, target = await _target(at, number, host, port)
    sending.begin(length, False)
    try:
        at.ask(length)
        size, _ = await sending.collect()
        at.surplus()
        if size is None:
            return SEND_CANCELLED
        at.port.message(b"\r\nRecv %d bytes\r\n" % size)
        return await _send(at, link, target)
    finally:
        sending.forget()


@CIPSEND.run
def cipsend_run(at):
    """Passthrough: after `>` every byte goes to the only link, until `+++` alone in 20 ms guards.

    A lost client link is opened again every AT+CIPRECONNINTV, a server takes its next client;
    meanwhile up to 8192 bytes from the host (4096 if memory is short) are kept, then the oldest
    go. Needs AT+CIPMODE=1.
    """
    return pass_through(at, at.passthrough.link())


def _linked(at, number):
    """Return a link that blocks may be sent to."""
    link = at.links.get(number)
    if at.links.is_raw:
        raise StateError("AT+CIPMODE=0 comes before sending blocks")
    if link.is_over:
        raise StateError("the link has ended; what it brought waits to be read")
    if link.is_udp and not link.peer()[1]:
        raise StateError("the link has no peer yet")
    return link


async def _target(at, number, host, port):
    """Return (link, None or (address, port) that a block is for)."""
    if host is None:
        return _linked(at, number), None
    link = at.links.get(number)
    if at.links.is_raw:
        raise StateError("AT+CIPMODE=0 comes before sending blocks")
    if not link.is_udp:
        raise invalid(1 + at.mux, "only a UDP link sends to another host")
    if port is None:
        raise invalid(2 + at.mux, "a host needs a port")
    address = await at.links.resolve(text_of(host, 1 + at.mux), link.family)
    return link, (address, port)


async def _send(at, link, target):
    return SEND_OK if await sending.send(at.links, link, target) else SEND_FAIL


CIPSENDEX = command(
    "+CIPSENDEX",
    "Send a block that ends at its length or at the characters \\0",
    _BLOCK,
)


@CIPSENDEX.set
async def cipsendex_set(at, number, length, host, port):
    r"""`\0` ends the block, `\\0` is those two characters, any other backslash is dropped.

    The length counts what is sent, not the backslashes, and so does `Recv n bytes`; else as
    AT+CIPSEND.
    """
    link, target = await _target(at, number, host, port)
    sending.begin(length, True)
    try:
        at.ask(None)
        size, behind = await sending.collect()
        if size is None:
            at.surplus(behind)
            return SEND_CANCELLED
        at.port.message(b"\r\nRecv %d bytes\r\n" % size)
        at.surplus(behind)
        if not size:  # nothing before the end mark
            return SEND_OK
        return await _send(at, link, target)
    finally:
        sending.forget()


CIPSENDL = command(
    "+CIPSENDL",
    "Send long data, passed on while it comes",
    (
        ("link", "link_id", 0, 4),
        ("int", "length", 1, 2147483647),  # bytes
    )
    + _TO,
    words={
        "had_sent_len": "bytes that the stack has taken",
        "port_recv_len": "bytes that came from the host",
    },
)


@CIPSENDL.set
async def cipsendl_set(at, number, length, host, port):
    """`+CIPSENDL:<had_sent_len>,<port_recv_len>` at each report size and at the end.


    `+++` alone cancels. If the link breaks the rest is swallowed, then SEND FAIL.
    """
    link, target = await _target(at, number, host, port)
    at.ask(length)

    def report(sent, received):
        at.line("+CIPSENDL:%d,%d" % (sent, received))

    interval_ms = at.transparent_interval_ms
    is_whole = await at.long.run(link, length, target, interval_ms, report)
    at.surplus()
    if is_whole is None:
        return SEND_CANCELLED
    return SEND_OK if is_whole else SEND_FAIL


CIPSENDLCFG = command(
    "+CIPSENDLCFG",
    "Progress reports and chunks of AT+CIPSENDL",
    (
        ("int", "report_size", 100, 1048576),  # bytes
        ("int", "transmit_size", 100, 2920, None),  # bytes
    ),
)


@CIPSENDLCFG.query
def cipsendlcfg_query(at):
    at.reply(at.long.report_size, at.long.chunk_size)


@CIPSENDLCFG.set
def cipsendlcfg_set(at, report_size, chunk_size):
    """1024 and 2920 after a start. A transmit size that is left out stays as it is."""
    at.long.report_size = report_size
    if chunk_size is not None:
        at.long.chunk_size = chunk_size


CIPMODE = command(
    "+CIPMODE",
    "Normal transmission or passthrough",
    (("pick", "mode", (0, 1)),),  # 0 normal; 1 passthrough
)


@CIPMODE.query
def cipmode_query(at):
    at.reply(int(at.links.is_raw))


@CIPMODE.set
def cipmode_set(at, mode):
    """1: received data comes bare, and AT+CIPSEND enters passthrough.

    A second link is refused while it is 1. A link that is open must suit: one TCP or TLS link, one
    UDP link of mode 0, or with AT+CIPMUX=1 the one client of a server with AT+CIPSERVERMAXCONN=1.
    """
    at.passthrough.set_on(mode == 1)


CIPRECONNINTV = command(
    "+CIPRECONNINTV",
    "Pause between attempts to reconnect in passthrough",
    (("int", "interval", 1, 36000),),  # units of 100 ms
    stores="reconnect",
)


@CIPRECONNINTV.query
def cipreconnintv_query(at):
    at.reply(at.settings.get("reconnect"))


@CIPRECONNINTV.set
def cipreconnintv_set(at, interval):
    at.settings.put("reconnect", interval)
