"""The module's own TCP or TLS server.

Owns listening, the limit of clients, and the idle limit (AT+CIPSERVER, AT+CIPSERVERMAXCONN,
AT+CIPSTO). Its clients are links like any other.
"""

import asyncio

import atnet
from at.errors import FAILURES, StateError
from at.loop import cancel, on, within
from at.services.link import SERVER, Link, bit_of, listen

_BACKLOG = 5
_REARM_MS = 100  # after clients could not be taken, or looked at
_MOST = 5  # clients
_IDLE_S = 180  # until AT+CIPSTO says otherwise, as ESP-AT releases that document a default
_HANDSHAKE_MS = 30000  # a client that takes longer gives its link back


class Server:
    """One listener; `row` is (port, kind, whether clients are checked) while there is one."""

    def __init__(self, links, get_tls, emit, log, most=_MOST):
        self.row = None
        self.most = self.limit = most  # clients, as the factory has it and as AT has it
        self._idle_s = _IDLE_S
        self._links = links
        self._get_tls = get_tls
        self._emit = emit
        self._log = log
        self._listener = None
        self._idle_task = None

    @property
    def idle_s(self):
        """Seconds after which a silent client is disconnected, 0 never."""
        return self._idle_s

    def set_idle(self, seconds):
        """Set that time; it counts for clients that are there, too."""
        before = self._idle_s, self._idle_task
        self._idle_s = seconds
        self._idle_task = None
        try:
            self._watch()
        except MemoryError:
            self._idle_s, self._idle_task = before
            raise
        if before[1]:
            cancel(before[1])

    def set_limit(self, count):
        """Allow so many clients. StateError while the server runs."""
        if self.row:
            raise StateError("the server runs; set the limit before AT+CIPSERVER=1")
        if count > self.most:
            raise StateError("server_links of mfg_nvs allows %d clients" % self.most)
        self.limit = count

    def start(self, port, kind, check_clients):
        """Listen; a server that runs just so already is left alone.

        LinkError if the port is taken or a certificate is missing.
        """
        if self.row == (port, kind, check_clients):
            return
        if self.row:
            raise StateError("there is a server already, and not this one")
        if kind.endswith("v6"):
            self._links.need_ipv6()
        if kind.startswith("SSL"):
            self._get_tls().server(check_clients).close()  # is everything there?
        row = (port, kind, check_clients)
        family = 6 if kind.endswith("v6") else 4
        self._listener = listen(family, port, _BACKLOG, self._accept)
        self.row = row
        self._links.renumber()  # a host that starts anew looks for its first client there

    async def stop(self, close_clients):
        """Stop listening; clients stay unless they are to be closed, or in their handshake."""
        if not self.row:
            raise StateError("there is no server")
        self._close()
        if close_clients:
            for link in self.clients():
                self._links.close(link)

    def _close(self):
        unknown = self.clients(False)  # takes memory: first
        on(bit_of(self._listener), None)
        atnet.close(self._listener)
        self._listener = None
        self.row = None
        for link in unknown:  # to the host, and with no server none is to come
            self._links.forget(link)

    def follow(self):
        """End an IPv6 server when IPv6 is turned off; its clients end like all such links."""
        if self.row and self.row[1].endswith("v6") and not self._links.has_ipv6:
            self._log("server: IPv6 is off")
            self._close()

    def clients(self, is_open=True):
        """Return the links that the server accepted, or those that are in their handshake."""
        return [link for link in self._links.all(is_open) if link.role == SERVER]

    def _accept(self):
        try:
            found = atnet.accept(self._listener)
        except OSError as error:
            asyncio.create_task(self._rearm(self._listener))  # takes memory: first
            self._log("server: accept failed:", error)
            atnet.arm(self._listener, 0)
            return
        if found:
            try:
                self._welcome(found[0])
            except FAILURES as error:
                atnet.close(found[0], True)  # harmless if that was done
                self._log("server: a client is lost:", error)

    def _welcome(self, handle):
        link = self._place(handle)
        if link is None:
            atnet.close(handle)
            self._emit("server_full", 1 if self._links.is_taken else self.limit)
            return
        try:
            self._take(link)
            if link.kind.startswith("SSL"):
                asyncio.create_task(self._secure(link, self.row[2]))
            else:
                self._watch()
                self._links.opened(link)
        except BaseException:
            self._links.forget(link)
            raise

    async def _rearm(self, listener):
        """Look at clients again a little later: what failed may fail for a while."""
        await asyncio.sleep_ms(_REARM_MS)
        if self._listener == listener:
            atnet.arm(listener, atnet.READ)

    def _place(self, handle):
        """Give a client a number; None if there is none left."""
        number = self._free()
        if number is None:
            self._links.sweep()  # a client that has just gone makes room for the next
            number = self._free()
            if number is None:
                return None
        link = Link(number, self.row[1], SERVER)
        link.handle = handle
        return link

    def _take(self, link):
        """Prepare a client's link and take its number. OSError if the client has just gone."""
        link.apply(self._links.options(link.number))
        self._links.reserve(link)

    def _free(self):
        count = len(self.clients()) + len(self.clients(False))
        if self._links.is_taken or count >= self.limit:
            return None
        return self._links.free()

    async def _secure(self, link, check_clients):
        try:
            profile = self._get_tls().server(check_clients)
            await within(link.secure(profile), _HANDSHAKE_MS)
            self._watch()
            self._links.opened(link)
        except asyncio.TimeoutError:
            self._log("server: client refused: it takes too long")
        except FAILURES as error:
            self._log("server: client refused:", error)
        finally:
            if not link.is_open:
                self._links.forget(link)

    # Idle clients.

    def _watch(self):
        """See to idle clients; called before one is opened, as long as nothing is held."""
        if self._idle_s and self._idle_task is None:
            self._idle_task = asyncio.create_task(self._watch_idle())

    async def _watch_idle(self):
        soonest_ms = 0
        while soonest_ms is not None:
            try:
                soonest_ms = self._end_idle()
            except MemoryError:
                soonest_ms = _REARM_MS
            if soonest_ms is not None:
                await asyncio.sleep_ms(soonest_ms + 1)
        self._idle_task = None

    def _end_idle(self):
        """End idle clients; return in how many ms the next one may be, None without clients."""
        soonest_ms = None
        for link in self.clients():
            left_ms = self._idle_s * 1000 - atnet.counts(link.handle)[2]
            if left_ms <= 0 and self._links.is_unread(link):  # it is the host that is idle
                left_ms = self._idle_s * 1000
            if left_ms <= 0:
                self._links.end(link, "idle for %d s" % self._idle_s)
            elif soonest_ms is None or left_ms < soonest_ms:
                soonest_ms = left_ms
        return soonest_ms


def create(at):
    """Build the service from those it stands on."""
    most = at.mfg.factory("server_links", None)
    if most is None:
        most = _MOST
    elif most not in range(1, _MOST + 1):
        at.log("server: server_links of mfg_nvs is not 1 to 5")
        most = 1  # somebody wanted it to be few
    server = Server(at.links, lambda: at.tls, at.emit, at.log, most)
    at.wifi.on_change(server.follow)
    return server
