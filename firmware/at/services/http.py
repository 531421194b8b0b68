"""The HTTP client of the module: one request at a time, its body streamed in both directions.

Owns the URL and the headers that the host set for later, what a request carries besides them, and
which answers count as failures. Nothing is kept between requests, and redirects are not followed
(manual 3.5.2). Connections are http_exchange.py's.
"""

from at.errors import LinkError
from at.services.http_exchange import NO_CONNECTION, Exchange, trust
from at.services.http_fields import Fields
from at.wire import http, url

_AGENT = b"User-Agent: ESP32 HTTP Client/1.0"
_OWN = (b"content-length", b"transfer-encoding")  # fields that follow from the body
_IDLE_MS = 10000
_MAX_BUFFER = 4096  # a longer piece would fill the ring to the host
_MIN_BUFFER = 64  # a head is read with no less
_OWNERS = ("https",)  # of certificates in mfg_nvs
_PRESENT = 1  # bits of the authentication mode: show our certificate, check the server's
_CHECK = 2


class Request:
    """What to ask: `method`, `address` (pieces of a URL) and `fields`, lines of its own.

    `size` is the length of its body, None for none: pieces (bytes) in `body`, or what
    `payload.next()` returns, up to b"", once payload.begin() has been called. `idle_ms` is how
    long the server may be silent, `buffer` how many bytes a piece has at most, up to 4096.
    """

    def __init__(
        self,
        method,
        address,
        fields,
        idle_ms=_IDLE_MS,
        buffer=512,
        size=None,
        body=(),
        payload=None,
    ):
        self.method = method
        self.address = address
        self.fields = fields
        self.idle_ms = idle_ms
        self.buffer = min(buffer, _MAX_BUFFER)
        self.size = size
        self.body = body
        self.payload = payload


class Http:
    """Makes requests; `url` and `fields` are what the host set for later ones."""

    def __init__(self, names, mfg, profile):
        self.url = ()  # its pieces
        self.fields = Fields()
        self.checks = None  # (mode, number of our certificate, of the CA) of AT+HTTPCFG, if set
        self._names = names
        self._mfg = mfg
        self._profile = profile  # of tls.py

    def set_url(self, address):
        """Keep a URL (its pieces) for later, () for none. ValueError if it is none."""
        if address:
            check(address)
        self.url = address

    def need_network(self):
        """Raise StateError unless some interface has an address."""
        self._names.need_network()

    async def run(self, request, on_piece, on_field=None):
        """Make a request; return the length that a good answer told, None if it did not.

        on_piece(buffer, first, last) is awaited with each piece of the body, buffer[first:last];
        IN_FRONT bytes in front of it and BEHIND bytes behind it are free until it returns, but
        for what it puts back. on_field(name, value) is awaited with each field of the head.
        LinkError, with the extension of AT+HTTPCLIENT, if that fails.
        """
        self._names.need_network()
        scheme, host, port, target = check(request.address)
        size = max(request.buffer, _MIN_BUFFER)
        exchange = Exchange(self._names, size, request.idle_ms)
        try:
            checks = self._trust() if scheme == "https" else None
            await exchange.open(host, port, checks)
            await self._send(exchange, request, url.host_field(scheme, host, port), target)
            return await _receive(exchange, request, on_piece, on_field)
        except LinkError as error:
            raise LinkError(error.reason, max(error.ext, NO_CONNECTION))
        finally:
            exchange.close()

    def _trust(self):
        if self.checks is None:
            return trust(self._mfg, "https")
        mode, own, ca = self.checks  # type: ignore - AT+HTTPCFG has set them
        own, ca = own if mode & _PRESENT else None, ca if mode & _CHECK else None
        return self._profile(_OWNERS, own, ca), ca is not None

    async def _send(self, exchange, request, host, target):
        fields = [line for line in request.fields if http.field_name(line) not in _OWN]
        fields = http.merge(http.merge([_AGENT], fields), self.fields.lines)
        fields = [line for line in fields if http.field_name(line) not in _OWN]
        if request.size is not None:
            fields.append(b"Content-Length: %d" % request.size)
        for piece in http.head_pieces(request.method, host, target, fields):
            await exchange.put(piece)
        for piece in request.body:
            await exchange.put(piece)
        await exchange.flush()
        if request.payload:
            await _pass_on(request.payload, exchange)


def check(address):
    """Return (scheme, host, port, pieces of the target) of a URL in pieces.

    ValueError says why it is none of HTTP.
    """
    parts = url.split_pieces(address)
    if not parts[0].startswith("http"):
        raise ValueError("a URL begins with http:// or https://")
    return parts


async def _pass_on(payload, exchange):
    """Send a body as it comes; the rest is swallowed if the server answers early."""
    payload.begin()
    is_wanted = True
    while True:
        piece = await payload.next()
        if not piece:
            return
        is_wanted = is_wanted and await exchange.send(piece)


async def _receive(exchange, request, on_piece, on_field):
    found = []
    response = http.Response(request.method != "HEAD", lambda *field: found.append(field))
    while await exchange.advance(response):
        if found:
            field = found.pop()
            if on_field:
                await on_field(*field)
        else:
            for first in range(response.first, response.last, request.buffer):
                last = min(first + request.buffer, response.last)
                await on_piece(exchange.buffer, first, last)
    status = response.status
    if status >= 300:
        reason = "the server answers with status %d" % status
        location = response.fields.get("location")
        if location:
            reason += " and leads to " + location
        raise LinkError(reason, NO_CONNECTION + status)
    return response.length


def create(at):
    """Build the service from those it stands on."""

    def profile(*arguments):
        return at.tls.profile(*arguments)  # plain connections do without the service

    return Http(at.names, at.mfg, profile)
