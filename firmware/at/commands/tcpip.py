"""Links: opening, closing, their state and options (manual chapter 3.3)."""

from at.command import EVENTS, command
from at.errors import StateError, text_of

_ALL = 5  # link number that stands for all of them
_STATUS_OFF = 0  # of AT+CIPSTATUS
_STATUS_IDLE = 1
_STATUS_IP = 2
_STATUS_LINKS = 3
_STATUS_ENDED = 4
_STATUS_NOT_JOINED = 5


def _link_opened(at, link):
    """`[n,]CONNECT`, or +LINK_CONN with AT+SYSMSG bit 1 (docs/wire.md#links)."""
    if not at.settings.get("sysmsg") & 2:
        return _numbered(at, link, "CONNECT")
    address, port = link.peer()
    return '+LINK_CONN:0,%d,"%s",%d,"%s",%d,%d' % (
        link.number,
        link.kind,
        link.role,
        address,
        port,
        link.local_port,
    )


def _numbered(at, link, text):
    return "%d,%s" % (link.number, text) if at.mux else text


EVENTS.update(
    {
        "link_opened": _link_opened,
        "link_closed": lambda at, link: _numbered(at, link, "CLOSED"),
    }
)


def numbers_of(number):
    """Return the links that a parameter 0..5 means."""
    return range(_ALL) if number == _ALL else (number,)


CIPSTATE = command(
    "+CIPSTATE",
    "List the open links",
    words={
        "link_id": "0 to 4",
        "type": "as in AT+CIPSTART",
        "remote_ip": "of the peer",
        "remote_port": "of the peer",
        "local_port": "of the module",
        "tetype": "0 client; 1 server",
    },
)


@CIPSTATE.query
def cipstate_query(at):
    """`+CIPSTATE:<link_id>,<type>,<remote_ip>,<remote_port>,<local_port>,<tetype>` of each."""
    for link in at.links.all():
        _show(at, link)


def _show(at, link):
    address, port = link.peer()
    at.reply(link.number, link.kind, address, port, link.local_port, link.role)


CIPSTATUS = command(
    "+CIPSTATUS",
    "Report the station's state and the open links (deprecated)",
    words={
        "stat": "0 the station is off; 1 no join was begun; 2 joined, with an address; "
        "3 joined, a link is open; 4 joined, all links have ended; 5 not joined",
        "...": "+CIPSTATE",
    },
)


@CIPSTATUS.run
def cipstatus_run(at):
    """`STATUS:<stat>`, then a line for each link:
    `+CIPSTATUS:<link_id>,<type>,<remote_ip>,<remote_port>,<local_port>,<tetype>`.
    """
    at.line("STATUS:%d" % _status(at))
    for link in at.links.all():
        _show(at, link)


def _status(at):
    """Return the state of the station; links by way of the softAP are none of it."""
    if at.wifi.station_ip():
        if at.links.all():
            return _STATUS_LINKS
        return _STATUS_ENDED if at.links.was_used else _STATUS_IP
    if not (at.wifi.is_running and at.wifi.mode & 1):
        return _STATUS_OFF
    return _STATUS_NOT_JOINED if at.wifi.station.state else _STATUS_IDLE


_STREAM = (
    ("str", "remote_host", 1, 64),
    ("int", "remote_port", 1, 65535),  # of the peer
    ("int", "keep_alive", 0, 7200, None),  # seconds; 0 off
    ("str", "local_ip", 0, 45, b""),
    ("int", "timeout", 0, 60000, 0),  # ms; 0 what the stack takes, up to a minute
)
_DATAGRAM = (
    ("str", "remote_host", 1, 64),
    ("int", "remote_port", 0, 65535),
    ("int", "local_port", 0, 65535, 0),  # of the module; 0 any
    # 0 the peer stays; 1 the first other sender becomes the peer;
    # 2 every other sender becomes the peer
    ("int", "mode", 0, 2, 0),
    ("str", "local_ip", 0, 45, b""),
    ("int", "timeout", 0, 60000, 0),
)
_LINK = (
    "by",
    "type",
    (
        ("TCP", _STREAM),
        ("TCPv6", _STREAM),
        ("SSL", _STREAM),
        ("SSLv6", _STREAM),
        ("UDP", _DATAGRAM),
        ("UDPv6", _DATAGRAM),
    ),
    "TCP",
)

CIPSTART = command(
    "+CIPSTART",
    "Open a TCP, UDP or TLS link",
    (("link", "link_id", 0, 4), _LINK),
    text='+CIPSTART:(0-4),("TCP"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTART:(0-4),("TCPv6"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTART:(0-4),("SSL"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTART:(0-4),("SSLv6"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTART:(0-4),("UDP"),"remote_host"(64),(0-65535),(0-65535),(0-2),"local_ip"(45)\r\n'
    '+CIPSTART:(0-4),("UDPv6"),"remote_host"(64),(0-65535),(0-65535),(0-2),"local_ip"(45)',
    since="4.1: `timeout`",
)


@CIPSTART.set
async def cipstart_set(at, number, kind, host, port, *rest):
    """`CONNECT` precedes OK. Without a timeout an attempt may take a minute.

    A host name goes to a TLS server as its SNI unless AT+CIPSSLCSNI sets another. TLS failures
    have an ERR CODE each: docs/tls-errors.md.
    """
    if at.links.find(number) is not None:
        raise StateError("link %d is open already" % number)
    await _open(at, number, 1 + at.mux, kind, host, port, rest)


CIPSTARTEX = command(
    "+CIPSTARTEX",
    "Open a link under the number that has been free longest",
    (_LINK,),
    text='+CIPSTARTEX:("TCP"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTARTEX:("TCPv6"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTARTEX:("SSL"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTARTEX:("SSLv6"),"remote_host"(64),(1-65535),(0-7200),"local_ip"(45)\r\n'
    '+CIPSTARTEX:("UDP"),"remote_host"(64),(0-65535),(0-65535),(0-2),"local_ip"(45)\r\n'
    '+CIPSTARTEX:("UDPv6"),"remote_host"(64),(0-65535),(0-65535),(0-2),"local_ip"(45)',
    since="4.1: `timeout`",
)


@CIPSTARTEX.set
async def cipstartex_set(at, kind, host, port, *rest):
    """As AT+CIPSTART; the number chosen is seen in `n,CONNECT`."""
    number = at.links.free()
    if number is None or (number and not at.mux):
        raise StateError("no link is free")
    await _open(at, number, 1, kind, host, port, rest)


async def _open(at, number, index, kind, host, port, rest):
    """Open a link; the host is parameter `index`, `rest` is what follows the port."""
    host = text_of(host, index)
    if kind.startswith("UDP"):
        local_port, mode, local_ip, timeout_ms = rest
        if mode and at.links.is_raw:
            raise StateError("passthrough takes a UDP link of mode 0")
        keep_alive = None
        index += 4
    else:
        keep_alive, local_ip, timeout_ms = rest
        local_port = mode = 0
        index += 3
    local = (text_of(local_ip, index), local_port)
    await at.links.open(number, kind, host, port, keep_alive, local, mode, timeout_ms)
    await at.port.reported()


CIPCLOSE = command(
    "+CIPCLOSE",
    "Close a link, or all of them",
    (("int", "link_id", 0, 5),),  # of the link; 5 all
)


@CIPCLOSE.set
async def cipclose_set(at, number):
    """Needs AT+CIPMUX=1. `n,CLOSED` precedes OK; 5 is OK even if nothing is open."""
    if not at.mux:
        raise StateError("AT+CIPMUX=0: there is one link, close it by AT+CIPCLOSE")
    links = at.links.all() if number == _ALL else (at.links.get(number),)
    for link in links:
        at.links.close(link)
    await at.port.reported()


@CIPCLOSE.run
async def cipclose_run(at):
    """With AT+CIPMUX=1 it closes the only link there is, as after passthrough on a server."""
    link = at.links.only()
    if link is None:
        raise StateError("there is not exactly one open link")
    at.links.close(link)
    await at.port.reported()


CIPMUX = command(
    "+CIPMUX",
    "One link without a number, or five with",
    (("pick", "mode", (0, 1)),),  # 0 one link, without number; 1 five numbered links
)


@CIPMUX.query
def cipmux_query(at):
    at.reply(int(at.mux))


@CIPMUX.set
def cipmux_set(at, mode):
    """All links must be closed, AT+CIPMODE be 0 for 1, and the server be gone for 0."""
    if not at.links.is_idle:
        raise StateError("close all links first")
    if mode and at.links.is_raw:
        raise StateError("AT+CIPMODE=0 comes first")
    if not mode and at.server.row:
        raise StateError("AT+CIPSERVER=0 comes first")
    at.mux = at.links.mux = mode == 1
    at.links.renumber()


CIPCONNPERSIST = command(
    "+CIPCONNPERSIST",
    "Whether a TCP or TLS link outlives the loss of its network",
    (
        ("link", "link_id", 0, 4),
        ("int", "persist", 0, 1),  # 0 it is closed; 1 it is left to the stack
    ),
    since="5.0",
)


@CIPCONNPERSIST.query
def cipconnpersist_query(at):
    """`+CIPCONNPERSIST:<persist>`, with AT+CIPMUX=1 those of the five links."""
    at.reply(*at.links.persists[: _ALL if at.mux else 1])


@CIPCONNPERSIST.set
def cipconnpersist_set(at, number, persist):
    """With 0 a link is closed as soon as its interface has no address any more.

    With 1 it goes on if the network comes back with the same address before TCP gives up, which
    AT+CIPTCPOPT's keep-alive makes sooner; else it ends when the station is
    turned off. UDP links are not concerned.
    """
    at.links.persists[number] = persist


CIPTCPOPT = command(
    "+CIPTCPOPT",
    "Socket options of a link",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("int", "so_linger", -1, 32767, None),  # seconds; -1 off; 0 throw away what is left
        ("int", "tcp_nodelay", 0, 1, None),  # 0 small pieces are collected; 1 they go at once
        ("int", "so_sndtimeo", 0, 2147483647, None),  # ms; 0 for ever
        ("int", "keep_alive", 0, 7200, None),  # seconds; 0 off
    ),
    stores="tcp_options",
)


@CIPTCPOPT.query
def ciptcpopt_query(at):
    """`+CIPTCPOPT:<link_id>,<so_linger>,<tcp_nodelay>,<so_sndtimeo>,<keep_alive>`, a line each."""
    for number in range(_ALL if at.mux else 1):
        at.reply(number, *at.links.options(number))


@CIPTCPOPT.set
def ciptcpopt_set(at, number, linger, nodelay, send_ms, keep_alive):
    """What is left out stays as it is. A link that is open obeys at once.

    After AT+CIPCLOSE all that got SEND OK goes out in the background, as long as the peer takes
    it; a linger time over 0 limits that, 0 throws it away.
    """
    at.links.set_options(numbers_of(number), (linger, nodelay, send_ms, keep_alive))
