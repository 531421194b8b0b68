"""The Ai-Thinker dialect: AT+SOCKET and its companions (Ai-Thinker manual)

A second dialect beside the first one, over the same services. Its strings need no quotes; one
that holds commas, quotes or spaces at its ends is put in double quotes as a whole, with `\\"` for
a quote and `\\\\` for a backslash in it. Its sockets have ids 1 to 5 of their own: `AT+CIPSTATE?`
does not list them, nor `AT+SOCKET?` the links of the first dialect.

What is received is told by `+EVENT:SocketDown`. `+EVENT:SocketSeed,<seed>,<server>` announces a
client of a server, `+EVENT:SocketDissconnect,<id>` (spelled so) the loss of a connection; the id
stays until `AT+SOCKETDEL`.
"""

from at.command import EVENTS, command
from at.errors import LinkError, invalid, text_of
from at.services.sockets import CHUNK, Socket
from at.wire.reply import NOTHING

_PROMPT = b"\r\n>"  # without OK before it


def _data(_, number, data):
    return b"+EVENT:SocketDown,%d,%d,%s" % (number, len(data), data)


EVENTS.update(
    {
        "socket_down": lambda _, number, data: "+EVENT:SocketDown,%d,%d" % (number, len(data)),
        "socket_data": _data,
        "socket_seed": "+EVENT:SocketSeed,%d,%d",
        "socket_lost": "+EVENT:SocketDissconnect,%d",
    }
)

_SERVER = (
    ("int", "port", 1, 65535),  # of the server
    ("int", "keep_alive", 0, 7200, None),  # seconds; 0 off
    ("int", "con_id", 1, 5, None),  # of the socket
)
_CLIENT = (("str", "remote_host", 1, 64),) + _SERVER

SOCKET = command(
    "+SOCKET",
    "Create a socket",
    (
        # 1 UDP server; 2 UDP client; 3 TCP server; 4 TCP client; 6 SSL server; 7 SSL client
        (
            "by",
            "type",
            (
                (1, _SERVER),
                (2, _CLIENT),
                (3, _SERVER),
                (4, _CLIENT),
                (6, _SERVER),
                (7, _CLIENT),
            ),
        ),
    ),
    lexer="bare",
    words={
        "kind": (
            "1 UDP server; 2 UDP client; 3 TCP server; 4 TCP client; 5 TCP seed; "
            "6 SSL server; 7 SSL client; 8 SSL seed"
        ),
        "status": "1 connected, or listening; 2 disconnected",
        "remote_port": "-1 none",
        "local_port": "-1 none",
        "server_id": "of a seed's server; 0 none",
    },
)


@SOCKET.query
def socket_query(at):
    """`<con_id>,<kind>,<status>,<remote_host>,<remote_port>,<local_port>,<server_id>`.

    A line each. As in the manual's example the last field is 0 for all but seeds, where its text
    says -1.
    """
    rows = at.sockets.rows
    for number in sorted(rows):
        row = rows[number]
        fields = (number, row.type, row.status, row.host, row.port, row.local, row.parent)
        at.line("%d,%d,%d,%s,%d,%d,%d" % fields)


@SOCKET.set
async def socket_set(at, kind, *rest):
    """`connect success ConID=<con_id>`, then OK, once the socket is connected or listens.

    If that fails, ERROR, and no socket is left. Servers drop the host with its comma. Servers of
    SSL show server_cert of mfg_nvs. The keep-alive is put in force for streams.
    """
    host = text_of(rest[0], 1) if len(rest) == 4 else ""
    number = await at.sockets.create(kind, host, *rest[-3:])
    at.line("connect success ConID=%d" % number)


SOCKETSEND = command(
    "+SOCKETSEND",
    "Send data of any length",
    (
        ("int", "con_id", 1, 5),  # of the socket
        ("int", "length", 1, 2147483647),  # bytes
    ),
    lexer="bare",
)


@SOCKETSEND.set
async def socketsend_set(at, number, length):
    """After `>`, without OK before it, come `length` bytes of any value; sent 1024 at a time.

    If the link breaks the rest is swallowed, then ERROR. A server cannot send, its seeds can; a
    UDP server sends to the peer whose data came first.
    """
    row = at.sockets.sender(number)
    buffer = memoryview(bytearray(min(length, CHUNK)))
    _ask(at, length)
    failure = None
    while length:
        data = buffer[:length]
        await at.gather(data)
        length -= len(data)
        if failure is None:
            try:
                await at.sockets.send(row, data)
            except LinkError as error:
                failure = error
    if failure:
        raise failure


def _ask(at, length):
    at.port.raw(_PROMPT)
    at.uart.data(length)


SOCKETSENDLINE = command(
    "+SOCKETSENDLINE",
    "Send a short text of the command line",
    (
        ("int", "con_id", 1, 5),  # of the socket
        ("int", "length", 1, 256),  # bytes
        ("str", "data", 1, 256),
    ),
    lexer="bare",
)


@SOCKETSENDLINE.set
async def socketsendline_set(at, number, length, data):
    """Of longer data the first `length` bytes are sent; shorter data is refused."""
    if len(data) < length:
        raise invalid(1, "the data is %d bytes long" % len(data))
    await at.sockets.send(at.sockets.sender(number), data[:length])


SOCKETREAD = command(
    "+SOCKETREAD",
    "Read one received packet",
    (("int", "con_id", 1, 5),),  # of the socket
    lexer="bare",
    words={"length": "bytes that follow", "data": "`length` bytes"},
)


@SOCKETREAD.set
def socketread_set(at, number):
    """`+SOCKETREAD,<con_id>,<length>,<data>`; only OK if nothing waits.

    One packet is kept for each socket, the network stack holds back what follows it. A packet of
    a stream has at most 1460 bytes. Packets can be read after the connection has ended.
    """
    row = at.sockets.rows.get(number)
    if row is None or row.packet is None:
        row = at.sockets.socket(number)
    data = at.sockets.take(row)
    if data:
        at.port.raw(b"+SOCKETREAD,%d,%d,%s\r\n" % (number, len(data), data))


SOCKETDEL = command(
    "+SOCKETDEL",
    "Delete a socket",
    (("int", "con_id", 1, 5),),  # of the socket
    lexer="bare",
)


@SOCKETDEL.set
async def socketdel_set(at, number):
    """Unread data goes with it, and with a server its seeds."""
    await at.sockets.delete(number)


SOCKETRECVCFG = command(
    "+SOCKETRECVCFG",
    "Whether received data is announced or printed",
    (("pick", "mode", (0, 1)),),  # 0 announced; 1 printed
    lexer="bare",
)


@SOCKETRECVCFG.set
def socketrecvcfg_set(at, mode):
    """0 after a start. For all sockets; a packet that waits is printed when 1 is set."""
    at.sockets.set_active(mode == 1)


SOCKETTT = command(
    "+SOCKETTT",
    "Passthrough on the only socket; the mode is that of a UDP server",
    (("pick", "mode", (0, 2)),),  # 0 the first client; 2 the latest client
    lexer="bare",
)


@SOCKETTT.set
def sockettt_set(at, mode):
    """As without a parameter, which means 0; the mode matters for a UDP server alone."""
    row = at.sockets.streamable()
    at.sockets.follow(row, mode)
    return _stream(at, row)


@SOCKETTT.run
def sockettt_run(at):
    """After `>` every byte passes, until `+++` alone in 20 ms guards is answered by OK.

    It takes one client, one UDP server, or one server with one seed. A packet that waits to be
    read comes first. A lost client is connected again every AT+CIPRECONNINTV.
    """
    return sockettt_set(at, 0)


async def _stream(at, row):
    said = row.is_open

    def prompt():
        if said:
            first = at.sockets.take(row)
            at.port.raw(_PROMPT)
            at.port.raw(first)

    def begin():
        nonlocal said
        if not said:
            said = True
            at.port.raw(_PROMPT)

    at.uart.stream()
    at.hush()
    at.links.shut(True)
    try:
        await at.sockets.stream(row, begin, prompt)
    finally:
        at.leave_stream()
        at.links.shut(False)
    at.sockets.follow(row, False)
    at.port.message(b"\r\nOK\r\n")
    at.port.speak()
    return NOTHING


SOCKETAUTOTT = command(
    "+SOCKETAUTOTT",
    "Passthrough at power-up",
    (
        # 0 off; 1 UDP server; 2 UDP client; 4 TCP client; 7 SSL client
        (
            "by",
            "type",
            (
                (0, ()),
                (1, (("int", "port", 1, 65535),)),  # of the server
                (2, (("str", "remote_host", 1, 64), ("int", "port", 1, 65535))),
                (4, (("str", "remote_host", 1, 64), ("int", "port", 1, 65535))),
                (7, (("str", "remote_host", 1, 64), ("int", "port", 1, 65535))),
            ),
        ),
    ),
    stores="socket_autott",
    lexer="bare",
)


@SOCKETAUTOTT.query
def socketautott_query(at):
    """`+SOCKETAUTOTT:<type>,<remote_host>,<port>`; `0,,0` when it is off."""
    at.line("+SOCKETAUTOTT:%d,%s,%d" % tuple(at.settings.get("socket_autott")))


@SOCKETAUTOTT.set
def socketautott_set(at, kind, *rest):
    """Takes effect at the next start, where AT+SAVETRANSLINK comes first. Needs AT+CWAUTOCONN=1:
    without it nothing opens the socket, and the port waits for `+++`.

    From power-up on all bytes are data; `>` says that the socket stands, and `+++` leaves with
    OK. A UDP server talks to its first client.
    """
    host = text_of(rest[0], 1) if len(rest) > 1 else ""
    at.settings.put("socket_autott", (kind, host, rest[-1] if rest else 0))


async def autostart(at):
    """Do at power-up what AT+SOCKETAUTOTT says."""
    kind, host, port = at.settings.get("socket_autott")
    row = Socket(1, kind, host, port) if host else Socket(1, kind, local=port)
    at.sockets.rows[1] = row
    outcome = await _stream(at, row)
    if row.link is None:
        del at.sockets.rows[1]
    return outcome


SSLCRET = command(
    "+SSLCRET",
    "Store or show a certificate",
    (
        ("int", "type", 1, 3),  # 1 CA; 2 client's certificate; 3 client's key
        ("int", "length", 0, 4096, None),  # bytes; 0 erase
    ),
    lexer="bare",
    words={"data": "`length` bytes"},
)


@SSLCRET.set
def sslcret_set(at, kind, length):
    """With a length: after `>`, without OK before it, come the bytes; 0 erases the item.

    Without: `+SSLCRET:<type>,<length>,<data>`, which is raw. Kept in mfg_nvs (namespace sslcret),
    over AT+RESTORE, too. With a CA servers are checked, their names as well if given by name, and
    their dates: the clock has to be right (AT+CIPSNTPCFG). Without one any server is taken.
    Certificate and key are shown if both are there.
    """
    if length is None:
        data = at.sockets.trust.load(kind)
        at.port.raw(b"+SSLCRET:%d,%d,%s\r\n" % (kind, len(data), data))
        return None
    return _store(at, kind, length)


async def _store(at, kind, length):
    data = bytearray(length)
    if length:
        _ask(at, length)
        await at.gather(data)
    at.sockets.trust.store(kind, bytes(data))


WDOMAIN = command(
    "+WDOMAIN",
    "Resolve a host name",
    (("str", "server_name", 1, 253),),
    lexer="bare",
    words={"ip": "of the host"},
)


@WDOMAIN.set
async def wdomain_set(at, name):
    """`+WDOMAIN:<ip>`, without quotes; IPv4 is preferred."""
    at.line("+WDOMAIN:" + await at.names.resolve(text_of(name, 0)))


WDNS = command(
    "+WDNS", "DNS servers", (("ip", "dns_ip1"), ("ip", "dns_ip2", None)), "dns", lexer="bare"
)


@WDNS.query
def wdns_query(at):
    """`+WDNS:<dns_ip1>,<dns_ip2>`, the first two in use; 0.0.0.0 for one that is not there."""
    servers = list(at.names.servers())[:2]
    at.line("+WDNS:" + ",".join(servers + ["0.0.0.0"] * (2 - len(servers))))


@WDNS.set
def wdns_set(at, *given):
    """Keeps and shows the servers, as AT+CIPDNS=1; AT+CIPDNS=0 brings those of DHCP back."""
    servers = [server for server in given if server]
    if len(servers) > 1 and servers[0] == servers[1]:
        raise invalid(1, "%s is given twice" % servers[1])
    at.names.set_servers(servers)
    at.line("+WDNS:" + ",".join(servers))
