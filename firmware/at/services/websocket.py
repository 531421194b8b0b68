"""The WebSocket client of the module: three links.

Owns what the host set for links and for handshakes, the way to a server, and coming back after a
lost connection. A connection that stands is websocket_link.py's, its frames are
websocket_stream.py's.
"""

import asyncio
from time import ticks_diff, ticks_ms

import atnet
from at.errors import ATError, LinkError, StateError
from at.loop import cancel, within
from at.services.http_fields import Fields
from at.services.link import Link
from at.services.loss import is_gone
from at.services.websocket_link import FORM, LOST, OPEN, RECONNECTING, WebLink
from at.services.websocket_stream import REFUSED, WebStream
from at.wire import http, url, websocket

COUNT = 3
OVERHEAD = 10  # bytes of a link's buffer that AT+WSSEND leaves free (manual section 3.7.5)
PRESENT = 1  # bits of the authentication mode: show our certificate, check the server's
CHECK = 2
_DEFAULTS = (10, 120, 1024, 0, 0, 0)  # of AT+WSCFG
_OPTIONS = (-1, 1, 0, 0)  # linger, no delay, send time-out, keep-alive
_ANY_FAMILY = 1  # of names.resolve(): IPv4 if there is one
_FIRST_PAUSE_MS = 1000  # before the first attempt to come back; each next pause is twice as long
_MAX_PAUSE_MS = 10000
_NO_MEMORY = "out of memory"


_OWNERS = ("wss", "client")  # of certificates in mfg_nvs; the first that has one


class _Fields(Fields):
    def add(self, line):
        """Add a line; ValueError for those that a handshake has of its own."""
        if http.field_name(line) in websocket.OWN_FIELDS:
            raise ValueError("the module itself sends this header")
        super().add(line)


class Websockets:
    """Links 0..2; `fields` go with every handshake from then on."""

    def __init__(self, names, wifi, profile, emit, deliver, log):
        self.fields = _Fields()
        self._names = names
        self._wifi = wifi
        self._profile = profile  # of tls.py
        self._emit = emit
        self._deliver = deliver
        self._log = log
        self._configs = [_DEFAULTS] * COUNT
        self._forms = [FORM] * COUNT
        self._links = [None] * COUNT
        self._tasks = [None] * COUNT
        wifi.on_change(self._addresses_changed)

    def configure(self, number, *values):
        """Set what counts from the link's next opening.

        `values` are seconds between pings and until a pong must have come, bytes of the buffer,
        authentication mode, number of our certificate and of the CA.
        """
        self._configs[number] = values

    def set_form(self, number, level, mask):
        """Set in which pieces messages come from the next one on, and what is said of each."""
        self._forms[number] = (level, mask)
        link = self._links[number]
        if link:
            link.form = (level, mask)

    def all(self):
        """Return the links that there are, lost ones as well."""
        return [link for link in self._links if link]

    def get(self, number):
        """Return an open link, or raise StateError."""
        link = self._links[number]
        if link is None:
            raise StateError("link %d is not open: AT+WSOPEN comes first" % number)
        if link.state != OPEN or link.is_leaving:
            raise StateError("link %d is not connected at the moment" % number)
        return link

    # Opening.

    async def open(self, number, uri, protocols, auth, timeout_ms):
        """Connect a link and report it. LinkError if the server cannot be had, or refuses.

        A lost link is given up for the new one. `protocols` and `auth` (bytes) are values of
        header fields, b"" for none.
        """
        old = self._links[number]
        if old and old.state not in (LOST, RECONNECTING):
            raise StateError("link %d is in use: AT+WSCLOSE=%d comes first" % (number, number))
        place = url.split(uri)
        self._names.need_network()
        ping_s, pong_s, size, *checks = self._configs[number]
        if old:
            self._drop(old)
        form = self._forms[number]
        link = WebLink(number, uri, place, size, ping_s, pong_s, self._deliver, form)
        protocols, fields = self._offer(protocols, auth)
        handshake = (checks, protocols, fields, timeout_ms)
        await self._connect(link, *handshake)
        self._begin(link, handshake)

    def _begin(self, link, handshake):
        """Report a link that stands now, and serve it."""
        try:
            self._tasks[link.number] = asyncio.create_task(self._serve(link, handshake))
        except MemoryError:
            link.fail("nobody to serve it")
            raise
        self._links[link.number] = link
        self._emit("ws_connected", link.number)

    def _offer(self, protocols, auth):
        """Return subprotocols and further lines for a handshake; what open() is told wins."""
        own = []
        if auth:
            own.append(b"Authorization: " + auth)
        fields = []
        for line in http.merge(self.fields.lines, own):
            if http.field_name(line) == b"sec-websocket-protocol":
                protocols = protocols or line[line.find(b":") + 1 :].strip()
            else:
                fields.append(line)
        return protocols, fields

    async def _connect(self, link, checks, protocols, fields, timeout_ms):
        try:
            work = self._dial(link.place, checks, protocols, fields)
            stream = await within(work, timeout_ms)
        except asyncio.TimeoutError:
            host = link.place[1]
            raise LinkError("no WebSocket with %s within %d ms" % (host, timeout_ms), REFUSED)
        try:
            link.begin(stream)
        except MemoryError:
            stream.close()
            raise

    async def _dial(self, place, checks, protocols, fields):
        """Return a WebSocket with a server."""
        scheme, host, port, target = place
        begun = None  # what to give back if this fails
        profile = self._trust(*checks) if scheme == "wss" else None
        try:
            address = await self._names.resolve(host, _ANY_FAMILY)
            begun = link = Link(0, "TCPv6" if ":" in address else "TCP")
            await link.connect(address, port, None, _OPTIONS)
            if profile:
                name = None if atnet.address(host) else host
                await link.secure(profile, name, name if checks[0] & CHECK else None)
            begun = stream = WebStream(link)
            await stream.greet(url.host_field(scheme, host, port), target, protocols, fields)
            begun = None
            return stream
        except OSError as error:  # all places are taken
            raise LinkError("no socket: %s" % error.args[-1], REFUSED)
        except LinkError as error:
            raise LinkError(error.reason, error.ext or REFUSED)
        finally:
            if begun:
                begun.close()
            if profile:
                profile.close()

    def _trust(self, mode, own, ca):
        return self._profile(own if mode & PRESENT else None, ca if mode & CHECK else None)

    # Staying open.

    async def _serve(self, link, handshake):
        """Serve a link, and make its connection again when it is lost."""
        pause_ms = _FIRST_PAUSE_MS
        while True:
            began = ticks_ms()
            try:
                why = await link.run()
            except MemoryError:
                link.fail(_NO_MEMORY)
                why = _NO_MEMORY
            self._log("websocket", link.number, "ended:", why)
            if link.is_leaving:
                self._forget(link)
                return
            link.lost()
            self._emit("ws_disconnected", link.number)
            if ticks_diff(ticks_ms(), began) >= _MAX_PAUSE_MS:  # it was worth coming back
                pause_ms = _FIRST_PAUSE_MS
            while link.state != OPEN:
                try:
                    pause_ms = await self._come_back(link, handshake, pause_ms)
                except MemoryError:
                    self._log("websocket", link.number, "not reconnected: out of memory")
                    link.lost()
                    await asyncio.sleep_ms(pause_ms)
            self._emit("ws_connected", link.number)

    async def _come_back(self, link, handshake, pause_ms):
        """Connect, however often it takes; return the pause to make the next time."""
        while True:
            link.kick.clear()
            try:
                await within(link.kick.wait(), pause_ms)
            except asyncio.TimeoutError:
                pass
            pause_ms = min(pause_ms * 2, _MAX_PAUSE_MS)
            link.lost(RECONNECTING)
            try:
                self._names.need_network()
                await self._connect(link, *handshake)
                return pause_ms
            except ATError as error:
                self._log("websocket", link.number, "not reconnected:", error.reason)
            link.lost()

    def _addresses_changed(self):
        """End connections whose own address is gone; come back as soon as there is one."""
        for link in self.all():
            if link.state == OPEN and is_gone(link.stream.local_ip, self._wifi):
                link.fail("the address is lost")
            link.kick.set()

    # Ending.

    async def close(self, number):
        """Take leave of the server, give up a lost link; report the end. StateError if none."""
        link = self._links[number]
        if link is None:
            raise StateError("link %d is not open" % number)
        if link.state in (LOST, RECONNECTING):
            self._drop(link)
            self._emit("ws_closed", number)
            return
        await link.leave()
        await link.ended.wait()  # the link sees to it that this is soon

    def _drop(self, link):
        """Forget a lost link without a word."""
        cancel(self._tasks[link.number])
        self._free(link)

    def _free(self, link):
        # A task that has ended would still hold the link, and the link its buffers.
        self._links[link.number] = self._tasks[link.number] = None

    def _forget(self, link):
        self._free(link)
        self._emit("ws_closed", link.number)
        link.ended.set()


def create(at):
    """Build the service from those it stands on."""

    def profile(own, ca):
        return at.tls.profile(_OWNERS, own, ca)  # plain connections do without the service

    return Websockets(at.names, at.wifi, profile, at.emit, at.deliver, at.log)
