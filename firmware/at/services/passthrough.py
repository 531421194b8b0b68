"""Passthrough: the AT port as a wire to one peer, held up for ever.

Owns the stream in both directions until `+++`, and getting a peer back that was lost: a client
link is opened again and again, a server waits for its next client. The bytes move in C.
"""

import asyncio

import atnet
from at.errors import FAILURES, StateError
from at.loop import cancel, ready
from at.services.link import CLIENT, SERVER
from at.services.sending import MAX_CHUNK
from at.wire.reply import NOTHING, PROMPT

_UNIT_MS = 100  # of AT+CIPRECONNINTV


class Passthrough:
    """AT+CIPMODE and what it leads to."""

    def __init__(self, links, server, settings, log):
        self._links = links
        self._server = server
        self._settings = settings
        self._log = log
        self.last = None  # the link that was used last
        self._link = None
        self._route = None  # how to open a client link again; None: the server's
        self._task = None
        self._missing = None  # an event: there is no link, while run() does
        self._begin = None

    def set_on(self, is_on):
        """Switch it. StateError if the links there are do not allow it."""
        if is_on:
            for link in self._links.all():
                self._check(link)
        self._links.is_raw = is_on
        self._links.deliver_all()

    def _check(self, link):
        if self._links.only() is not link:
            raise StateError("passthrough takes exactly one link")
        if link.is_udp and link.route[6]:
            raise StateError("passthrough takes a UDP link of mode 0")
        if self._links.mux and (link.role != SERVER or self._server.limit != 1):
            raise StateError(
                "with AT+CIPMUX=1 passthrough takes a server with AT+CIPSERVERMAXCONN=1"
            )

    def link(self):
        """Return the link that passthrough would use, or raise StateError."""
        if not self._links.is_raw:
            raise StateError("AT+CIPMODE=1 comes before AT+CIPSEND without a length")
        link = self._links.only()
        if link is None:
            raise StateError("passthrough needs exactly one open link")
        self._check(link)
        return link

    def kept_route(self):
        """Switch passthrough on; return what AT+SAVETRANSLINK keeps, for Links.open()."""
        _, host, port, kind, extra = self._settings.get("translink")
        self._links.is_raw = True
        if kind.startswith("UDP"):
            return (0, kind, host, port, None, ("", extra or 0))
        return (0, kind, host, port, extra)

    async def run(self, link, interval_ms, route, begin, prompt):
        """Carry bytes until `+++`; the UART must hand out payload.

        `link` None: first open `route`, the arguments of Links.open(), and call `begin` when it
        stands. `prompt` is called when the memory for all this is had: what follows it is no
        command. Return the link there is at the end, or None.
        """
        self._begin = begin
        self._link = self.last = link
        self._route = route or link.route
        atnet.up_stream(link and link.handle, MAX_CHUNK, interval_ms)
        try:
            self._missing = asyncio.Event()
            if self._route:  # made now: when a link is lost there may be no memory for it
                self._task = asyncio.create_task(self._recover(0))
            self._links.on_end = self._lost
            self._links.on_open = self._found
            if link is None:
                self._missing.set()
            course = self._follow()  # memory for that, too
            prompt()
            await course
        finally:
            self._links.on_end = None
            self._links.on_open = None
            atnet.up_stop()
            if self._task:
                cancel(self._task)
                self._task = None
        return self._link

    async def _follow(self):
        """End the link that failed; return when `+++` has come."""
        while True:
            await ready(atnet.UP)
            state = atnet.up_state()  # takes no memory: what comes must not become commands
            if state == atnet.UP_FAILED:
                atnet.up_attach(None)
                if self._link:
                    self._links.end(self._link)
            elif state != atnet.UP_RUNNING:
                break

    def _lost(self, link):
        """Wait for another link; what the host says meanwhile is kept, up to a full buffer."""
        if link is not self._link:
            return
        self._link = None
        atnet.up_attach(None)
        self._missing.set()

    def _found(self, link):
        if self._link is None and (link.role == CLIENT) == (self._route is not None):
            self._link = self.last = link
            atnet.up_attach(link.handle)
            self._begin()

    def _pause_ms(self):
        return self._settings.get("reconnect") * _UNIT_MS

    async def _recover(self, pause_ms):
        """Open the client link whenever there is none; a server's next client comes by itself.

        The interval counts from a link's end as from a refused attempt: a peer that takes
        connections only to end them is not called without a pause.
        """
        if self._link:
            pause_ms = self._pause_ms()
        said = None
        while True:
            try:
                await self._missing.wait()
                await asyncio.sleep_ms(pause_ms)
                pause_ms = self._pause_ms()
                self._missing.clear()
                await self._links.open(*self._route)
                said = None
            except FAILURES as error:
                if not self._link:
                    self._missing.set()
                if error.args != said:
                    said = error.args
                    self._log("passthrough: no link yet:", error)
                await asyncio.sleep_ms(_UNIT_MS)  # without memory nothing above takes time


async def pass_through(at, link, route=None):
    """Run passthrough on a link, or on what the route (arguments of Links.open) leads to.

    Every byte is payload. On a link `>` comes first. From the first link on reports need AT+SYSMSG
    bit 2.
    """

    def prompt():
        if not route:
            at.port.raw(PROMPT)

    at.uart.stream()
    if link:
        at.hush()
    interval_ms = at.transparent_interval_ms
    try:
        link = await at.passthrough.run(link, interval_ms, route, at.hush, prompt)
    finally:
        was_hushed = at.leave_stream()
    at.emit("passthrough_left")
    if link is None and at.passthrough.last and was_hushed:
        at.emit("link_closed", at.passthrough.last)  # was not said while data flowed
    at.port.speak()
    return NOTHING


def create(at):
    """Build the service from those it stands on."""
    return Passthrough(at.links, at.server, at.settings, at.log)
