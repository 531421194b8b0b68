"""HTTP client: bodies of a given length (manual sections 3.5.5 and 3.5.6)."""

from micropython import const

from at.command import command
from at.commands.http import CONTENT, fields_of, printer, request
from at.commands.payload import collect
from at.errors import LinkError, invalid
from at.services.http_exchange import NO_CONNECTION
from at.wire.http import merge
from at.wire.reply import SEND_FAIL, SEND_OK

_HELD = const(4096)  # bytes of a body that are collected; a longer one is passed on as it comes
_TAKE = const(512)  # payload bytes taken at once
_FORM_TAKEN = (NO_CONNECTION + 302, NO_CONNECTION + 303)

_POST = (
    ("str", "url", 0, 256),
    ("int", "length", 1, 2147483647),  # bytes
    ("int", "http_req_header_cnt", 0, 99, 0),  # headers that follow
    ("each", "header", 1, 256, None),
)

HTTPCPOST = command(
    "+HTTPCPOST",
    "Post a body of a given length",
    _POST,
    words={"size": "bytes that follow", "data": "`size` bytes"},
)


@HTTPCPOST.set
async def httpcpost_set(at, url, length, count, *headers):
    """After `>` come `length` bytes, then `+HTTPCPOST:<size>,<data>`, then SEND OK.

    SEND FAIL if the connection fails or the status is 300 or more, except 302 and 303, by which
    servers take a form; AT+SYSLOG shows its code as well. A body of more than 4096 bytes is passed
    on as it comes: then the connection comes first, and ERROR instead of `>` if there is none.
    Without a header for it the content type is application/x-www-form-urlencoded.
    """
    return await _upload(at, "POST", url, length, count, headers, CONTENT[:1])


HTTPCPUT = command("+HTTPCPUT", "Put a body of a given length", _POST)


@HTTPCPUT.set
async def httpcput_set(at, url, length, count, *headers):
    """As AT+HTTPCPOST, but without a content type if no header gives one."""
    return await _upload(at, "PUT", url, length, count, headers, ())


class _Payload:
    """A body that the host sends after `>`."""

    def __init__(self, at, length):
        self.has_begun = False
        self._at = at
        self._length = length

    def begin(self):
        """Ask the host for it."""
        self.has_begun = True
        self._at.ask(self._length)

    async def next(self):
        """Return its next bytes, b"" at the end. Abandoned if the host falls silent."""
        return await self._at.take(_TAKE)

    async def swallow(self):
        """Take what is left of it: it must not be taken for commands."""
        while self._at.uart.remaining() and await self.next():
            pass


async def _upload(at, method, url, length, count, headers, defaults):
    lines = fields_of(headers, 3)
    if len(lines) != count:
        raise invalid(2, "%d headers are given, not %d" % (len(lines), count))
    at.http.need_network()
    payload = _Payload(at, length)
    work = request(at, method, url, 0, merge(defaults, lines), size=length, payload=payload)
    if length <= _HELD:
        body = await collect(at, length)
        work = request(at, method, url, 0, work.fields, size=length, body=body)
    try:
        await at.http.run(work, printer(at))
    except LinkError as error:
        if work.payload:
            if not payload.has_begun:
                raise
            await payload.swallow()
        if error.ext not in _FORM_TAKEN:
            at.log("AT%s: %s" % (at.name, error.reason))
            at.explain(error)
            return SEND_FAIL
    return SEND_OK
