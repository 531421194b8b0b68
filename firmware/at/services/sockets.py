"""The sockets of the Ai-Thinker dialect: five ids for clients, servers and their seeds.

Owns the table of ids and packets that wait to be read. Links, listening, passthrough and TLS are
the first dialect's services: this table is one more of links.py's, beside at.links, so the two
dialects never see each other's connections.
"""

import asyncio

import atnet
from at.errors import LinkError, StateError
from at.loop import patient, within
from at.services.link import SERVER
from at.services.links import Links
from at.services.passthrough import Passthrough
from at.services.server import Server
from at.services.sslcret import Trust

LAST = 5  # ids are 1..5
UDP_SERVER = 1  # types of sockets
UDP_CLIENT = 2
TCP_SERVER = 3
SSL_SERVER = 6
CHUNK = 1024  # bytes sent in one piece; Ai-Thinker manual AT+SOCKETSEND
CONNECTED = 1
DISCONNECTED = 2
_KINDS = ("", "UDP", "UDP", "TCP", "TCP", "TCP", "SSL", "SSL", "SSL")  # by type
_SEED = 2  # a seed's type is its server's and this
_OPTIONS = (-1, 0, 0, 0)  # of AT+CIPTCPOPT
_DATAGRAM = 8192  # most bytes of one
_PACKET = 1460  # bytes of a stream that are read as one packet
_FRAME = 32  # bytes around a packet's data in its report
_SEND_MS = 60000  # a peer that takes nothing for so long is given up


class Socket:
    """One id. `link` carries data, `server` listens; `parent` is a seed's server, 0 for none."""

    def __init__(self, number, kind, host="", port=-1, local=-1, parent=0):
        self.number = number
        self.type = kind
        self.host = host
        self.port = port
        self.local = local
        self.parent = parent
        self.link = None
        self.server = None
        self.packet = None  # received, not read yet
        self.writer = None  # event of a sender that waits for room

    def listen(self, server):
        """Take the server that listens for it."""
        self.server = server

    @property
    def is_open(self):
        """Whether data can flow."""
        return self.link is not None and self.link.is_open

    @property
    def status(self):
        """CONNECTED (a server: it listens) or DISCONNECTED."""
        return CONNECTED if self.server or self.is_open else DISCONNECTED


class _Listener(Server):
    """A server socket; its clients become seeds."""

    def __init__(self, sockets, get_tls, number, emit, log, most):
        super().__init__(sockets, get_tls, emit, log, most)
        self.set_idle(0)
        self._sockets = sockets
        self._number = number

    def clients(self, is_open=True):
        """Return the links of its seeds, or of those that are in their handshake."""
        numbers = [row.number for row in self._sockets.seeds(self._number)]
        return [link for link in self._sockets.all(is_open) if link.number in numbers]

    def _take(self, link):
        super()._take(link)
        self._sockets.adopt(link, self._number)


class Sockets(Links):
    """The table of sockets; `is_active` is AT+SOCKETRECVCFG."""

    def __init__(self, at):
        self.rows = {}  # id -> Socket
        self.is_active = False
        self.trust = Trust(at.mfg)
        self._at = at
        super().__init__(
            at.settings,
            at.names,
            lambda: self.trust,
            at.wifi,
            patient(self._news),
            at.port,
            at.log,
            LAST + 1,
        )
        self._options = [_OPTIONS] * (LAST + 1)

    def _news(self, kind, *details):
        """Translate the news of links into the dialect's events."""
        row = self.rows.get(details[0].number) if kind.startswith("link_") else None
        if row is None:
            return
        if self.is_raw and not row.parent:
            return  # it is connected again; stream() tells if it is not
        if kind == "link_closed":
            self._at.emit("socket_lost", row.number)
        elif row.parent:
            self._at.emit("socket_seed", row.number, row.parent)

    # Ids.

    def socket(self, number):
        """Return a socket that can carry data, or raise StateError."""
        row = self.rows.get(number)
        if row is None or not row.is_open:
            raise StateError("socket %d carries no data: none, a server, or disconnected" % number)
        return row

    def seeds(self, number):
        """Return the seeds of a server."""
        return [row for row in self.rows.values() if row.parent == number]

    def free(self):
        """Return the lowest free id, or None."""
        for number in range(1, LAST + 1):
            if number not in self.rows:
                return number
        return None

    async def create(self, kind, host, port, keep_alive, number):
        """Make a socket and connect it, or listen; return its id. `number` None: the next."""
        number = number or self.free()
        if number is None or number in self.rows:
            raise StateError("no id is free" if number is None else "id %d is in use" % number)
        if kind in (UDP_SERVER, TCP_SERVER, SSL_SERVER):
            row = Socket(number, kind, local=port)
        else:
            row = Socket(number, kind, host, port)
        self._options[number] = _OPTIONS
        self.rows[number] = row
        try:
            if kind in (TCP_SERVER, SSL_SERVER):
                self._need_address(4)
                most = self._at.server.most  # of strangers, as the factory has it
                server = _Listener(self, lambda: self._at.tls, number, self._emit, self._log, most)
                server.start(port, _KINDS[kind], False)
                row.listen(server)
            else:
                await self.open(*self.route(number, kind, host, port, keep_alive))
        finally:
            if row.status != CONNECTED:
                self.rows.pop(number, None)
        return number

    def route(self, number, kind, host, port, keep_alive=None):
        """Return the arguments of open(). A UDP server sends to whom it hears first."""
        name = _KINDS[kind]
        if kind == UDP_SERVER:
            return (number, name, "0.0.0.0", 0, None, ("", port), 1)
        if ":" in host:
            name += "v6"
        return (number, name, host, port, keep_alive)

    def adopt(self, link, parent):
        """Give a client of a server its row."""
        host, port = link.peer()
        kind = self.rows[parent].type + _SEED
        self.rows[link.number] = Socket(link.number, kind, host, port, parent=parent)

    def forget(self, link):
        """Free what a client took that never opened."""
        is_ours = self._links[link.number] is link  # else somebody else has the number now
        super().forget(link)
        if link.role == SERVER and is_ours:
            self.rows.pop(link.number, None)

    async def delete(self, number):
        """Close and forget a socket with its unread data; a server takes its seeds along."""
        row = self.rows.pop(number, None)
        if row is None:
            raise StateError("there is no socket %d" % number)
        if row.server:
            await row.server.stop(False)
            for seed in self.seeds(number):
                await self.delete(seed.number)
        elif row.is_open:
            self.close(row.link)
        elif self._links[number]:  # a seed in the middle of its handshake
            super().forget(self._links[number])

    def opened(self, link):
        """Let data flow; report a seed."""
        self.rows[link.number].link = link
        super().opened(link)

    def end(self, link, why=None, reset=False):
        """Close a link; its id stays until it is deleted."""
        row = self.rows.get(link.number)
        super().end(link, why, reset)
        if row and row.writer:
            row.writer.set()

    # Receiving.

    def set_active(self, is_active):
        """Print data at once, or announce it; a packet that waits is printed."""
        for row in self.rows.values():
            if is_active and row.packet is not None:
                asyncio.create_task(self._print(row))  # takes memory: first
        self.is_active = is_active

    def take(self, row):
        """Return the packet that waits, b"" if none does; the next one may come."""
        data = row.packet
        if data is None:
            return b""
        row.packet = None
        if row.is_open:
            self._rearm(row.link)
        return data

    def _deliver(self, link):
        mode = atnet.DOWN_RAW if self.is_raw else atnet.DOWN_OFF
        atnet.down(link.handle, mode)
        self._rearm(link)

    def _rearm(self, link):
        row = self.rows.get(link.number)
        if link.is_open and row:
            events = 0 if self.is_raw or row.packet is not None else atnet.READ
            atnet.arm(link.handle, events | atnet.WRITE if row.writer else events)

    def _attend(self, link):
        row = self.rows[link.number]
        if row.writer:
            row.writer.set()
            row.writer = None
        if self.is_raw:
            if atnet.ended(link.handle):
                self.end(link)
        elif row.packet is None:
            self._receive(row)
        self._rearm(link)

    def _receive(self, row):
        handle = row.link.handle
        try:
            if self.is_active:
                asyncio.create_task(self._print(row))  # takes memory: before bytes are taken
            if row.link.is_udp:
                found = atnet.recvfrom(handle, min(max(atnet.available(handle), 1), _DATAGRAM))
                data = found and found[0]
            else:
                data = atnet.recv(handle, _PACKET)
        except OSError:
            data = None
        except MemoryError:
            if not row.link.is_udp:  # it waits at the socket, and is asked for again
                raise
            atnet.recvfrom(handle, 1)  # a datagram may be lost, and would lock the socket up
            self._log("socket %d: no memory for a datagram" % row.number)
            data = None
        if data:
            row.packet = data
            if not self.is_active:
                self._at.emit("socket_down", row.number, data)
        elif not row.link.is_udp and (data is not None or atnet.ended(handle)):
            self.end(row.link)

    async def _print(self, row):
        """Print a packet, if one came, once the host has taken what came before it."""
        if row.packet is None:
            return
        await self._at.port.free(len(row.packet) + _FRAME)
        if row.packet is not None and self.rows.get(row.number) is row:
            self._at.emit("socket_data", row.number, row.packet)
            self.take(row)

    # Sending.

    def sender(self, number):
        """Return a socket that can send. StateError for a server, or a UDP one nobody spoke to."""
        row = self.socket(number)
        if row.link.is_udp and not row.link.peer()[1]:
            raise StateError("nobody has sent to socket %d yet" % number)
        return row

    async def send(self, row, data):
        """Send a piece. LinkError if the link breaks or the peer takes nothing for a minute."""
        start = 0
        while start < len(data):
            if not row.is_open:
                raise LinkError("socket %d is disconnected" % row.number)
            try:
                done = atnet.send(row.link.handle, data, start)
                if done is None:
                    event = row.writer = asyncio.Event()
                    self._rearm(row.link)
                    await within(event.wait(), _SEND_MS)
                else:
                    start += done
            except asyncio.TimeoutError:
                raise LinkError("socket %d: the peer takes nothing" % row.number)
            except OSError as error:
                raise LinkError("socket %d: not sent: %s" % (row.number, error))
            finally:
                row.writer = None

    # Passthrough.

    def streamable(self):
        """Return the socket that AT+SOCKETTT takes, or raise StateError."""
        rows = [row for row in self.rows.values() if not row.server]
        servers = len(self.rows) - len(rows)
        if len(rows) != 1 or not rows[0].is_open or servers > 1:
            raise StateError("needs one client or UDP server, or one server with one seed")
        if servers and not rows[0].parent:
            raise StateError("a client beside a server: passthrough takes one of them")
        return rows[0]

    def follow(self, row, is_latest):
        """Have a UDP server answer whom it hears first, or the latest."""
        link = row.link
        if row.type == UDP_SERVER and row.is_open:
            host, port = link.peer()
            mode = 2 if is_latest else int(not port)
            atnet.set_peer(link.handle, host or "0.0.0.0", port, mode)

    async def stream(self, row, begin, prompt):
        """Carry bytes until `+++`; the UART must hand out payload.

        A lost client is connected again and again, a lost seed is replaced by the server's next
        client. `begin` is called at each connection made, `prompt` as by Passthrough.run().
        """
        self.is_raw = True
        self.deliver_all()
        link = row.link if row.is_open else None
        carrier = Passthrough(self, None, self._settings, self._log)
        route = (
            None if link else self.route(row.number, row.type, row.host, max(row.port, row.local))
        )
        try:
            await carrier.run(link, self._at.transparent_interval_ms, route, begin, prompt)
        finally:
            self.is_raw = False
            self.deliver_all()
            if row.link and not row.is_open and not row.parent:
                self._at.emit("socket_lost", row.number)


def create(at):
    """Build the service from those it stands on."""
    return Sockets(at)
