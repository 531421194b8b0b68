"""HTTP client (manual section 3.5)."""

from micropython import const

from at.command import command
from at.commands.payload import collect, set_field, show_fields
from at.errors import ATError, LinkError, invalid
from at.services import http
from at.services.http_exchange import BEHIND
from at.wire.http import field_name, merge
from at.wire.reply import SET_OK

_IDLE_MS = const(5000)  # of the server, if 0 is given
_BUFFER = const(2048)  # if 0 is given
_HEAD = const(1)
_POST = const(3)
_SECURE = const(2)
_MIN_URL = const(8)
_METHODS = ("HEAD", "GET", "POST", "PUT", "DELETE")
CONTENT = (
    b"Content-Type: application/x-www-form-urlencoded",
    b"Content-Type: application/json",
    b"Content-Type: multipart/form-data",
    b"Content-Type: text/xml",
)

HTTPCLIENT = command(
    "+HTTPCLIENT",
    "Make a request",
    (
        ("int", "opt", 1, 5),  # 1 HEAD; 2 GET; 3 POST; 4 PUT; 5 DELETE
        # 0 application/x-www-form-urlencoded; 1 application/json; 2 multipart/form-data;
        # 3 text/xml
        ("int", "content_type", 0, 3),
        ("str", "url", 0, 256, None),
        ("str", "host", 0, 253, None),
        ("str", "path", 0, 256, None),
        ("int", "transport_type", 1, 2, 1),  # 1 HTTP; 2 HTTPS
        ("str", "data_or_header", 0, 256, None),
        ("each", "header", 1, 256, None),
    ),
    words={"size": "bytes that follow", "data": "`size` bytes"},
)


@HTTPCLIENT.set
async def httpclient_set(at, opt, content, url, host, path, transport, *rest):
    """The body comes as `+HTTPCLIENT:<size>,<data>`, up to 512 at once; of HEAD each header.

    Without a URL, or with "", host, path and transport count; without a host, too, the URL is that
    of AT+HTTPURLCFG. The first string behind them is the body of a POST, all others are headers,
    `name: value`; those of AT+HTTPCHEAD win. A status from 300 on ends in ERROR with ERR CODE
    0x010a7000 and the status, behind its body; no connection, or one that breaks, is 0x010a7000.
    Redirects are not followed: AT+SYSLOG=2 and HEAD tell where they lead.
    """
    if not url and (host or not at.http.url):
        if not host:
            raise invalid(3, "neither a URL nor a host")
        scheme = b"https://" if transport == _SECURE else b"http://"
        path = path or b"/"
        url = scheme + host + (path if path.startswith(b"/") else b"/" + path)
    data = b""
    if opt == _POST:
        data = rest[0] or b""
        rest = rest[1:]
    lines = merge([CONTENT[content]], fields_of(rest, 6 + (opt == _POST)))
    work = request(at, _METHODS[opt - 1], url, 2, lines, size=len(data), body=(data,))
    await at.http.run(work, printer(at), _field_printer(at) if opt == _HEAD else None)


_GET = (
    ("str", "url", 0, 256),
    ("int", "tx_size", 0, 10240, 2048),  # bytes, without effect
    ("int", "rx_size", 0, 10240, 2048),  # bytes, without effect
    ("int", "timeout", 0, 180000, 5000),  # ms; 0 5000 ms
)

HTTPGETSIZE = command("+HTTPGETSIZE", "Show the size of a resource", _GET, words={"size": "bytes"})


@HTTPGETSIZE.set
async def httpgetsize_set(at, url, tx_size, rx_size, timeout_ms):
    """`+HTTPGETSIZE:<size>`; ERROR if the server does not tell it. Else as AT+HTTPCGET."""
    work = request(at, "HEAD", url, 0, idle_ms=timeout_ms or _IDLE_MS)
    length = await at.http.run(work, None)
    if length is None:
        raise LinkError("the server does not tell the size")
    at.reply(length)


HTTPCGET = command(
    "+HTTPCGET",
    "Get a resource",
    _GET,
    words={"rx_size": "bytes; 0 2048", "size": "bytes that follow", "data": "`size` bytes"},
)


@HTTPCGET.set
async def httpcget_set(at, url, tx_size, rx_size, timeout_ms):
    """The body comes as `+HTTPCGET:<size>,<data>`, at most rx_size and never more than 4096.

    "" is the URL of AT+HTTPURLCFG. The time-out counts from the last byte of the server. Requests
    of any size are sent in parts. For HTTPS, servers must show a certificate of the authority that
    mfg_nvs holds in `https_ca`, any certificate if there is none; `https_cert` and `https_key` are
    shown to them.
    """
    idle_ms = timeout_ms or _IDLE_MS
    work = request(at, "GET", url, 0, idle_ms=idle_ms, buffer=rx_size or _BUFFER)
    await at.http.run(work, printer(at))


HTTPCFG = command(
    "+HTTPCFG",
    "What TLS of all HTTP commands checks and shows",
    (
        # 0 no checks; 1 show our certificate; 2 check the server's; 3 both
        ("int", "auth_mode", 0, 3),
        ("int", "pki_number", 0, 255, 0),  # which certificate and key of mfg_nvs
        ("int", "ca_number", 0, 255, 0),  # which authority of mfg_nvs
    ),
    since="4.1",
)


@HTTPCFG.set
def httpcfg_set(at, mode, own, ca):
    """Numbers choose `https_cert.n`, `https_key.n` and `https_ca.n` in mfg_nvs.

    It holds until the next start. A host given by name must be in the certificate. Checking needs
    the right time: AT+CIPSNTPCFG first. What is missing shows at the next request: `NO CERT
    FOUND`, `NO PRVT_KEY FOUND` or `NO CA FOUND`, then ERROR. Without this command what is there
    counts, as AT+HTTPCGET says.
    """
    at.http.checks = (mode, own, ca)


HTTPURLCFG = command(
    "+HTTPURLCFG",
    "Set a long URL for the other commands",
    (("int", "url_length", 0, 8192),),  # bytes; 0 none
)


@HTTPURLCFG.query
def httpurlcfg_query(at):
    """`+HTTPURLCFG:<url_length>,` and the URL; nothing but OK if there is none."""
    if at.http.url:
        size = sum([len(piece) for piece in at.http.url])
        at.port.raw(b"%s:%d," % (at.name.encode(), size))
        for piece in at.http.url:
            at.port.raw(piece)
        at.port.raw(b"\r\n")


@HTTPURLCFG.set
async def httpurlcfg_set(at, length):
    """After `>` come `length` bytes, at least 8; commands use them where their URL is ""."""
    if not length:
        at.http.set_url(())
        return None
    if length < _MIN_URL:
        raise invalid(0, "a URL has 8 bytes or more")
    try:
        at.http.set_url(await collect(at, length))
    except ValueError as error:
        raise ATError(str(error))
    return SET_OK


HTTPCHEAD = command(
    "+HTTPCHEAD",
    "Set headers for all later requests, one a command",
    (("int", "req_header_len", 0, 2048),),  # bytes; 0 forget all
    words={"index": "from 0", "req_header": "name: value"},
)


@HTTPCHEAD.query
def httpchead_query(at):
    """`+HTTPCHEAD:<index>,<req_header>`, a line each."""
    show_fields(at, at.http.fields)


@HTTPCHEAD.set
async def httpchead_set(at, length):
    """After `>` come `length` bytes, `name: value`; it replaces a header of the same name.

    4096 bytes of headers can be set. They go out instead of those of the same name that a command
    has; Content-Length and Transfer-Encoding are the module's own.
    """
    await set_field(at, at.http.fields, length)


# Requests.


def request(at, method, url, index, fields=(), **options):
    """Begin a request; the URL, "" for the one that is set, is parameter number `index`."""
    pieces = (url,) if url else at.http.url
    try:
        http.check(pieces)
    except ValueError as error:
        raise invalid(index, str(error))
    return http.Request(method, pieces, fields, **options)


def fields_of(headers, index):
    """Return the headers of a command; the first is its parameter number `index`."""
    lines = []
    for header in headers:
        if header is not None:
            try:
                field_name(header)
            except ValueError as error:
                raise invalid(index, str(error))
            lines.append(header)
        index += 1
    return lines


def printer(at):
    """Return a function that writes a piece of a body as one message, with no copy of it."""
    name = at.name.encode()

    async def write(buffer, first, last):
        head = b"%s:%d," % (name, last - first)
        start = first - len(head)
        end = last + BEHIND
        buffer[start:first] = head
        behind = bytes(buffer[last:end])
        buffer[last:end] = b"\r\n"
        await at.port.room(end - start)
        at.port.message(buffer[start:end])
        buffer[last:end] = behind

    return write


def _field_printer(at):
    """Return a function that writes a field of the head; its length is without the space."""
    name = at.name.encode()

    async def write(field, value):
        line = b"%s: %s" % (field, value)
        line = b"%s:%d, %s\r\n" % (name, len(line), line)
        await at.port.room(len(line))
        at.port.message(line)

    return write
