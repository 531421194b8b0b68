"""The web server of AT+WEBSERVER: listening, its clients, and its end.

Owns the listener, the limit of clients and the watch over their deadlines. What a client may say
is in web_peer.py, what is answered in web_pages.py.
"""

import asyncio
import gc

import atnet
from at.errors import FAILURES, StateError
from at.log import log
from at.loop import on
from at.services import web_pages, web_peer
from at.services.link import bit_of, listen
from at.services.portal import Portal
from at.services.web_join import Join

_MOST = 4  # clients at a time; others wait in the stack
_BACKLOG = 5
_WATCH_MS = 500


class WebServer:
    """One server; `port` is None while there is none."""

    def __init__(self, wifi, scan, update, trust, module_name, emit):
        self.wifi = wifi
        self.trust = trust
        self.update = update
        self.module_name = module_name
        self.emit = emit
        self.join = Join(wifi, scan)
        self.port = None
        self.known = self.door = None  # see web_pages.py
        self.limit_s = 0  # for each step of a connection, and for a join
        self._portal = Portal(wifi, log)
        self._listener = None
        self._peers = []
        self._watch_task = None
        self._app = None
        wifi.on_change(self._follow)

    def start(self, port, limit_s):
        """Serve on a port; of a server that runs there change the time limit."""
        if self.port not in (None, port):
            raise StateError("a server runs on port %d; AT+WEBSERVER=0 ends it" % self.port)
        if self.port is None:
            self._listen(port)
        self.limit_s = limit_s

    def _listen(self, port):
        self.known = []  # hash of the field by which the last visitor proved itself
        self.door = asyncio.Lock()
        app = web_pages.build(self)
        self._listener = listen(4, port, _BACKLOG, self._accept)
        self._app = app
        self.port = port
        self._portal.follow()

    async def stop(self):
        """End the server, its connections and a join at once; harmless if there is none."""
        if self.port is None:
            return
        on(bit_of(self._listener), None)
        atnet.close(self._listener)
        self._portal.stop()
        for peer in self._peers:
            peer.end()
        self._peers.clear()
        self.port = self._listener = self._app = None
        await self.join.end()
        await asyncio.sleep_ms(0)  # those who were cancelled say their last words

    def _follow(self):
        if self.port is not None:
            self._portal.follow()

    # Clients.

    def _accept(self):
        if not self._has_room():
            atnet.arm(self._listener, 0)  # until one has gone, or the watch comes by
            return
        found = None
        try:
            found = atnet.accept(self._listener)
            if found:
                self._welcome(found)
        except FAILURES as error:
            if found:
                atnet.close(found[0])  # harmless if that was done
            log("web: no client:", error)

    def _welcome(self, found):
        peer = web_peer.Peer(found[0], found[1:], self.limit_s)
        peer.begin(self._serve(peer))
        self._peers.append(peer)
        if self._watch_task is None:
            self._watch_task = asyncio.create_task(self._watch())

    def _has_room(self):
        """Make room if need be: who says nothing has to go, the oldest first."""
        if len(self._peers) >= _MOST:
            for peer in self._peers:
                if peer.gives_way:
                    self._drop(peer)
                    break
        return len(self._peers) < _MOST

    async def _serve(self, peer):
        try:
            await peer.serve(self._app)
        except FAILURES as error:
            if not peer.is_early:
                log("web:", peer.address[0], error)
        finally:
            peer.close()  # there may have been no memory to begin
            self._forget(peer)

    def _drop(self, peer):
        peer.end()
        self._forget(peer)

    def _forget(self, peer):
        if peer in self._peers:
            self._peers.remove(peer)
            gc.collect()
            atnet.arm(self._listener, atnet.READ)

    async def _watch(self):
        while self._peers:
            await asyncio.sleep_ms(_WATCH_MS)
            for place in range(len(self._peers) - 1, -1, -1):  # takes no memory
                peer = self._peers[place]
                if peer.is_overdue:
                    log("web:", peer.address[0], "is too slow")
                    self._drop(peer)
            if self._listener is not None:
                atnet.arm(self._listener, atnet.READ)
        self._watch_task = None


def create(at):
    """Build the service from those it stands on."""
    return WebServer(at.wifi, at.scan, at.update, at.trust, at.module_name, at.emit)
