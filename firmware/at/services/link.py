"""One connection: a number that the host knows, a socket, a peer.

Owns a link's socket from its making to its end: addresses, options, connecting, the TLS
handshake. Which numbers are taken, and how data reaches the host, is links.py's business.
"""

import asyncio

import atnet
from at.errors import LinkError
from at.loop import on, ready, wake, within

CLIENT = 0
SERVER = 1
_FIRST_BIT = 8  # of atlink.wait(), for slot 0 of atnet
_SILENCE_MS = 10000  # for each packet of a TLS handshake (manual 3.3.6)
_HANDSHAKE_MS = 30000  # for all of it
_KEEP_INTERVAL_S = 1  # manual 3.3.39
_KEEP_COUNT = 3


class Link:
    """A connection. `kind` is TCP, UDP or SSL, with v6 behind it for IPv6; `number` 0..4."""

    def __init__(self, number, kind, role=CLIENT, route=None):
        self.number = number
        self.kind = kind
        self.role = role
        self.handle = None  # of atnet
        self.is_open = False  # the host has been told
        self.is_read = False  # the host is being given bytes that it asked for
        self.home = None  # the module's address at which a datagram link began
        self.is_over = None  # why: it reaches nobody any more, what it brought can be read
        self.route = route  # what Links.open() was told, to open it again

    @property
    def family(self):
        """4 or 6."""
        return 6 if self.kind.endswith("v6") else 4

    @property
    def is_udp(self):
        """Whether the link carries datagrams."""
        return self.kind.startswith("UDP")

    @property
    def bit(self):
        """The link's source of atlink.wait()."""
        return bit_of(self.handle)

    def peer(self):
        """Return (address, port) of the other end."""
        return atnet.peer(self.handle) or ("", 0)

    @property
    def local_ip(self):
        """This end's address; none ("") once the stack has given the connection up."""
        try:
            return atnet.local(self.handle)[0]
        except OSError:
            return ""

    @property
    def local_port(self):
        """This end's port."""
        return atnet.local(self.handle)[1]

    def apply(self, options):
        """Put [linger s, no delay, send time-out ms, keep-alive s] in force."""
        linger, nodelay, send_ms, keep_alive = options
        atnet.setopt(self.handle, atnet.SEND_TIMEOUT, send_ms)
        if self.is_udp:
            return
        atnet.setopt(self.handle, atnet.LINGER, linger)
        atnet.setopt(self.handle, atnet.NODELAY, nodelay)
        atnet.setopt(self.handle, atnet.KEEPALIVE, int(keep_alive > 0))
        if keep_alive:
            atnet.setopt(self.handle, atnet.KEEP_IDLE, keep_alive)
            atnet.setopt(self.handle, atnet.KEEP_INTERVAL, _KEEP_INTERVAL_S)
            atnet.setopt(self.handle, atnet.KEEP_COUNT, _KEEP_COUNT)

    def close(self, reset=False):
        """Give the socket back; what is unsent goes on as the linger time says.

        Nobody is called any more when the link has news; a task that waits for it gets an OSError.
        """
        if self.handle is not None:
            bit = self.bit
            on(bit, None)
            atnet.close(self.handle, reset)
            self.handle = None
            wake(bit)

    # Opening.

    def open_udp(self, address, port, mode, local_ip, local_port):
        """Make a datagram link to (address, port); mode 0..2 of AT+CIPSTART."""
        self.handle = atnet.open(atnet.UDP, self.family)
        atnet.setopt(self.handle, atnet.BROADCAST, 1)
        atnet.bind(self.handle, local_ip or "", local_port)
        atnet.set_peer(self.handle, address, port, mode)
        if is_group(address):
            atnet.join(self.handle, address, local_ip or "")

    async def connect(self, address, port, local_ip, options):
        """Open a stream to (address, port). LinkError if the peer cannot be had."""
        self.handle = atnet.open(atnet.TCP, self.family)
        try:
            self.apply(options)
            if local_ip:
                atnet.bind(self.handle, local_ip, 0)
            done = atnet.connect(self.handle, address, port)
            while not done:
                await self.until(atnet.WRITE)
                done = atnet.connected(self.handle)
        except OSError as error:
            raise LinkError("no connection to %s port %d: %s" % (address, port, error.args[-1]))

    async def secure(self, profile, sni=None, name=None):
        """Do the TLS handshake. LinkError with an extension of ERR CODE if it fails."""
        from at.services import tls  # plain connections do without

        try:
            self._need_handle()  # it may have been closed before the task began
            atnet.tls_start(self.handle, profile, sni, name)
            await within(self._shake(), _HANDSHAKE_MS)
        except OSError as error:
            raise tls.failure(error)
        except asyncio.TimeoutError:
            raise LinkError("TLS: the peer did not answer in time", tls.TIMEOUT)
        finally:
            profile.close()

    async def _shake(self):
        while True:
            self._need_handle()
            wanted = atnet.handshake(self.handle)
            if not wanted:
                return
            if wanted == atnet.READ | atnet.WRITE:  # a long computation lies behind us
                await asyncio.sleep_ms(0)
            else:
                await within(self.until(wanted), _SILENCE_MS)

    async def until(self, events):
        """Wait until the link may be ready for `events`. OSError if it is closed meanwhile."""
        atnet.arm(self.handle, events)
        await ready(self.bit)
        self._need_handle()
        atnet.arm(self.handle, 0)

    def _need_handle(self):
        if self.handle is None:
            raise OSError(-1, "closed")


def bit_of(handle):
    """Return the source of atlink.wait() for a handle of atnet."""
    return 1 << (_FIRST_BIT + (handle & 15))


def listen(family, port, backlog, on_client):
    """Return the handle of a listener; on_client() is called while clients wait.

    LinkError if the port is taken. Whatever fails, nothing is left open.
    """
    listener = atnet.open(atnet.TCP, family)
    try:
        if family == 6:
            atnet.setopt(listener, atnet.V6ONLY, 1)
        atnet.bind(listener, "", port)
        atnet.listen(listener, backlog)
        atnet.arm(listener, atnet.READ)
        on(bit_of(listener), on_client)
    except OSError as error:
        atnet.close(listener)
        raise LinkError("cannot listen on port %d: %s" % (port, error.args[-1]))
    except MemoryError:
        atnet.close(listener)
        raise
    return listener


def is_group(address):
    """Return whether an address is a multicast group."""
    if ":" in address:
        return address[:2].lower() == "ff"
    return 224 <= int(address.split(".")[0]) <= 239
