"""WebSocket client (manual section 3.7)."""

from micropython import const

from at.command import EVENTS, command
from at.commands.payload import collect, set_field, show_fields
from at.errors import invalid
from at.services.websocket import OVERHEAD
from at.wire import url, websocket
from at.wire.http import field_name
from at.wire.reply import SEND_OK

_OPEN_MS = const(15000)
_SEND_MS = const(10000)


def _data_head(_, number, mask, fields):
    """`+WS_DATA:<id>,` and those of opcode, fin, length, offset and size that the mask wants."""
    shown = ["%d," % fields[bit] for bit in range(len(fields)) if mask >> bit & 1]
    return "+WS_DATA:%d,%s" % (number, "".join(shown))


EVENTS.update(
    {
        "ws_connected": "+WS_CONNECTED:%d",
        "ws_disconnected": "+WS_DISCONNECTED:%d",
        "ws_closed": "+WS_CLOSED:%d",
        "ws_data": _data_head,  # and the data
    }
)

WSCFG = command(
    "+WSCFG",
    "Pings, buffer and TLS checks of a WebSocket link",
    (
        ("int", "link_id", 0, 2),  # of the link
        ("int", "ping_intv_sec", 1, 7200),  # seconds between pings
        ("int", "ping_timeout_sec", 1, 7200),  # seconds for the answer
        ("int", "buffer_size", 1, 8192, 1024),  # bytes
        # 0 no checks; 1 show our certificate; 2 check the server's; 3 both
        ("int", "auth_mode", 0, 3, 0),
        ("int", "pki_number", 0, 255, 0),  # which certificate and key of mfg_nvs
        ("int", "ca_number", 0, 255, 0),  # which authority of mfg_nvs
    ),
    text="+WSCFG:(0-2),(1-7200),(1-7200),(1-8192)",
    since="4.1: `auth_mode`, `pki_number`, `ca_number`",
)


@WSCFG.set
def wscfg_set(at, number, *values):
    """Counts from the link's next AT+WSOPEN; 10, 120 and 1024 without it.

    The buffer bounds the pieces in which messages come, and AT+WSSEND. Certificates are
    `wss_cert.n`, `wss_key.n` and `wss_ca.n` of mfg_nvs, or without those `client_cert.n` and so
    on; a host given by name must be in the certificate. Checking needs the right time:
    AT+CIPSNTPCFG first.
    """
    at.websocket.configure(number, *values)


WSDATAFMT = command(
    "+WSDATAFMT",
    "In which pieces messages of a WebSocket link come, and what is said of each",
    (
        ("int", "link_id", 0, 2),  # of the link
        # 0 pieces of the buffer's size; 1 whole frames; 2 whole messages
        ("int", "level", 0, 2, 0),
        # +1 opcode; +2 fin; +4 length of the frame or message; +8 place in it;
        # +16 bytes that follow; +32 CR LF behind the data
        ("int", "mask", 0, 63, 48),
    ),
    since="main",
)


@WSDATAFMT.set
def wsdatafmt_set(at, number, level, mask):
    """It counts from the next message, until the next start.

    What has more than 16384 bytes, or does not fit memory, comes in pieces. `+WS_DATA:<link_id>,`
    is followed by those of five numbers that the mask wants. Opcode and fin are those of the frame
    at level 1, else of the message, whose length counts as far as its frames have come.
    """
    at.websocket.set_form(number, level, mask)


WSHEAD = command(
    "+WSHEAD",
    "Set headers for all later WebSocket handshakes, one a command",
    (("int", "req_header_len", 0, 2048),),  # bytes; 0 forget all
    words={"index": "from 0", "req_header": "name: value"},
)


@WSHEAD.query
def wshead_query(at):
    """`+WSHEAD:<index>,<req_header>`, a line each."""
    show_fields(at, at.websocket.fields)


@WSHEAD.set
async def wshead_set(at, length):
    """After `>` come `length` bytes, `name: value`; it replaces a header of the same name.

    4096 bytes of headers can be set. Upgrade, Connection, Sec-WebSocket-Key, ...-Version and
    ...-Extensions are the module's own.
    """
    await set_field(at, at.websocket.fields, length)


WSOPEN = command(
    "+WSOPEN",
    "Open a WebSocket link",
    (
        ("int", "link_id", 0, 2),  # of the link
        ("str", "uri", 1, 256),
        ("str", "subprotocol", 0, 256, None),
        ("int", "timeout", 0, 180000, 15000),  # ms; 0 15000 ms
        ("str", "auth", 0, 256, None),
    ),
    words={
        "state": "1 reconnecting; 2 connected; 3 lost; 4 being closed by the server",
        "data_len": "bytes that follow",
        "data": "`data_len` bytes",
    },
)


@WSOPEN.query
def wsopen_query(at):
    """`+WSOPEN:<link_id>,<state>,<uri>`, a line each."""
    for link in at.websocket.all():
        at.reply(link.number, link.state, link.uri)


@WSOPEN.set
async def wsopen_set(at, number, uri, protocol, timeout_ms, auth):
    """`+WS_CONNECTED:<link_id>`, then OK.

    The subprotocol may be several, written with `\\,` between them; a server that chooses none is
    taken. `auth` is the value of the Authorization header. A message comes as
    `+WS_DATA:<link_id>,<data_len>,<data>`, one longer than the buffer in pieces of its size. Pings
    are answered, not shown. A server that closes the link gives `+WS_CLOSED:<link_id>`. A lost one
    gives `+WS_DISCONNECTED:<link_id>` and is opened again after 1, 2, 4, 8 and then every 10 s;
    AT+WSOPEN or AT+WSCLOSE end that. ERR CODE 0x010a7000 is no connection, with the status of the
    server's answer added a refusal, 0x010a50xx a failure of TLS.
    """
    protocol = _value(b"Sec-WebSocket-Protocol: ", protocol, 2)
    auth = _value(b"Authorization: ", auth, 4)
    try:
        if not url.split(uri)[0].startswith("ws"):
            raise ValueError("a WebSocket's URI begins with ws:// or wss://")
    except ValueError as error:
        raise invalid(1, str(error))
    await at.websocket.open(number, uri, protocol, auth, timeout_ms or _OPEN_MS)


WSSEND = command(
    "+WSSEND",
    "Send a frame on a WebSocket link",
    (
        ("int", "link_id", 0, 2),  # of the link
        ("int", "length", 0, 8182),  # bytes
        # 0 continuation; 1 text; 2 binary; 3-7 reserved; 8 close; 9 ping; 10 pong; 11-15 reserved
        ("int", "opcode", 0, 15, 1),
        ("int", "timeout", 0, 60000, 10000),  # ms; 0 10000 ms
        ("int", "fin", 0, 1, 1),  # 0 more follows; 1 the last or only part
    ),
    text="+WSSEND:(0-2),(0-8182),(0-15),(0-60000)",
    since="main: `fin`",
)


@WSSEND.set
async def wssend_set(at, number, length, opcode, timeout_ms, fin):
    """After `>` come `length` bytes, at most the buffer size of AT+WSCFG less 10; then SEND OK.

    Reserved opcodes are sent as they are. The module does not check that frames make sense
    together, nor that text is UTF-8. `fin` 0 sends a fragment: 0 on
    the first (opcode 1 or 2) and each further one (opcode 0), 1 on the last. A close frame (empty,
    or code and reason) begins the end of the link. The time-out is how long the peer may take no
    data; then ERROR, and the link is lost.
    """
    link = at.websocket.get(number)
    most = link.size - OVERHEAD
    if length > most:
        raise invalid(1, "the buffer of the link allows %d bytes, see AT+WSCFG" % max(most, 0))
    if opcode >= websocket.CLOSE and (length > websocket.MAX_CONTROL or not fin):
        raise invalid(1 if fin else 4, "a control frame has at most 125 bytes and one part")
    data = await collect(at, length)
    try:
        await link.send(opcode, data, fin == 1, timeout_ms or _SEND_MS)
    finally:
        data.clear()  # the loop holds on to the task that ended last, but not to its payload
    return SEND_OK


WSCLOSE = command(
    "+WSCLOSE",
    "Close a WebSocket link",
    (("int", "link_id", 0, 2),),  # of the link
)


@WSCLOSE.set
async def wsclose_set(at, number):
    """`+WS_CLOSED:<link_id>`, then OK. ERROR if it is not open.

    The server has two seconds to answer. What had come before is shown first. A link that was lost
    is not opened again.
    """
    await at.websocket.close(number)


def _value(name, value, index):
    """Return a header's value, b"" for none; it is parameter number `index`."""
    try:
        field_name(name + (value or b""))
    except ValueError as error:
        raise invalid(index, str(error))
    return value or b""
