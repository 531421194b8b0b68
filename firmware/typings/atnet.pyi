"""Links: TCP, UDP, ICMP and TLS on the module's network stack, written in C, never blocking.

A *link* is a number made by open() or accept(). A link that is closed leaves its number behind
for good: later calls with it raise OSError(EBADF) even when its place is taken again. There are
16 places. Addresses are numeric text: IPv4, or IPv6 with an optional numeric zone ("fe80::1%2").

Errors are OSError(code, reason): code is a positive errno or a negative Mbed TLS code, reason a
few stable words ("connection refused", "certificate expired", "wrong name", "unknown CA",
"psk mismatch", "alpn mismatch", "closed without close_notify"...). A call that cannot go on now
returns None (or False): arm() the link and wait with atlink.wait() for bit 1 << (8 + (link & 15)).
"""

from typing import Final, Protocol

# Kinds of links.
TCP: Final[int]
UDP: Final[int]
ICMP: Final[int]

# What a link is armed for, or ready for.
READ: Final[int]
WRITE: Final[int]

# Options of setopt() and getopt().
NODELAY: Final[int]  # 0, 1
LINGER: Final[int]  # s; -1 off, 0 reset at close, else time to deliver what is unsent
SEND_TIMEOUT: Final[int]  # ms without progress until sending fails; 0 never
KEEPALIVE: Final[int]  # 0, 1
KEEP_IDLE: Final[int]  # s
KEEP_INTERVAL: Final[int]  # s
KEEP_COUNT: Final[int]
REUSE_ADDRESS: Final[int]  # 0, 1; bind() of TCP links sets it
BROADCAST: Final[int]  # 0, 1
V6ONLY: Final[int]  # 0: a server on "::" takes IPv4 clients, too; before bind()
HOPS: Final[int]
MULTICAST_HOPS: Final[int]
MULTICAST_LOOP: Final[int]  # 0, 1

class _Buffer(Protocol):
    """bytes, bytearray, memoryview, array."""

def open(kind: int, family: int) -> int:
    """Make a link of a kind (TCP, UDP, ICMP) and a family (4, 6). ValueError, OSError."""

def close(link: int, reset: bool = False) -> None:
    """Close a link; harmless if it is closed. Returns at once.

    What is unsent is delivered in the background: with LINGER for so many seconds (then the
    connection is reset), else as the stack does. With reset it is dropped and the peer told so.
    """

def bind(link: int, host: str, port: int) -> None:
    """Set the local address ("" any) and port (0 any). OSError."""

def connect(link: int, host: str, port: int) -> bool:
    """Start a connection; True if it stands already, else ask connected(). OSError.

    A datagram link hears its peer alone from then on.
    """

def connected(link: int) -> bool:
    """Tell whether the connection stands; WRITE tells when. OSError if it failed."""

def listen(link: int, backlog: int) -> None:
    """Take clients from now on. OSError."""

def accept(link: int) -> tuple[int, str, int] | None:
    """Return the next client: link, address, port. OSError (EMFILE: the client is closed)."""

def send(link: int, data: _Buffer | str, start: int = 0) -> int | None:
    """Send bytes from `start` on; return how many were taken, None if none can be now. OSError.

    A datagram link sends to its peer. OSError(ETIMEDOUT, "send timed out") after SEND_TIMEOUT.
    """

def recv(link: int, size: int) -> bytes | None:
    """Return at most `size` bytes, b"" at the end of the stream, None if none are there. OSError.

    The end of a TLS stream without close_notify is an error, once.
    """

def readinto(link: int, buf: _Buffer, start: int = 0) -> int | None:
    """Receive into a buffer from `start` on, like recv(); return the number of bytes."""

def sendto(link: int, data: _Buffer | str, host: str, port: int) -> int | None:
    """Send a datagram. OSError."""

def recvfrom(link: int, size: int) -> tuple[bytes, str, int] | None:
    """Return a datagram (cut to `size`), its sender's address and port. OSError.

    ICMP links give messages without IP header, with their checksum; they give all that arrives.
    """

def shutdown(link: int) -> bool:
    """End our direction of a stream (TLS: close_notify first); False: call again. OSError."""

def available(link: int, of_next: bool = False, /) -> int:
    """Return how many bytes can be read: decrypted ones, else what waits at the socket. OSError.

    Of TLS the latter is encrypted; of datagram links it is all datagrams, or what is left of the
    next one alone. When there is nothing,
    the end of the stream is noticed: see ended(); recv() still tells its reason once.
    """

def follow(link: int) -> None:
    """Let the peer follow the sender of the next datagram, as set_peer() says."""

def local(link: int) -> tuple[str, int]:
    """Return the local address and port. OSError."""

def peer(link: int) -> tuple[str, int] | None:
    """Return whom the link is connected to, or where a datagram link sends; None: nobody."""

def set_peer(link: int, host: str, port: int, mode: int = 0) -> None:
    """Set where a datagram link sends.

    mode 0: for good, 1: until the first datagram of another sender, which takes its place,
    2: each sender takes its place (AT+CIPSTART's UDP modes). OSError, ValueError.
    """

def setopt(link: int, option: int, value: int) -> None:
    """Set an option, see above. OSError."""

def getopt(link: int, option: int) -> int:
    """Return an option's value. OSError."""

def join(link: int, group: str, interface: str = "") -> None:
    """Join a multicast group and send through the same interface. OSError.

    interface: its IPv4 address; for IPv6 the zone of the group names it.
    """

def leave(link: int, group: str, interface: str = "") -> None:
    """Leave a multicast group. OSError."""

def arm(link: int, events: int) -> None:
    """Choose what atlink.wait() reports of the link: READ | WRITE, 0 nothing."""

def poll(link: int) -> int:
    """Return what the link is ready for now: READ | WRITE. Both when it failed."""

def error(link: int) -> tuple[int, str] | None:
    """Return code and reason of the link's last error."""

def ended(link: int) -> bool:
    """Tell whether nothing more will come: the end of the stream or an error was seen."""

def halt(link: int) -> None:
    """Give up a connection whose own address is gone: what has come can be read, then it ends."""

def counts(link: int) -> tuple[int, int, int]:
    """Return bytes received, bytes sent (modulo 2**32) and ms since the last of them."""

def closing() -> int:
    """Return how many closed connections still deliver in the background."""

def address(host: str) -> tuple[int, str] | None:
    """Return family (4, 6) and normal text of a numeric address; None if it is none."""

class Guard:
    """Owner of a link: closes it when garbage is collected."""

    def __init__(self, link: int) -> None: ...

# TLS.

class Profile:
    """What sessions trust and show: certificates, keys, PSK, ALPN, parsed once on the C heap.

    It cannot be changed while a session uses it (OSError EBUSY), and lives until the last of them
    is closed. Data is PEM or DER. Dates are compared with the module's clock; a server takes
    clients of any date while that was never set.
    """

    def __init__(self, server: bool = False) -> None:
        """Make a profile that takes any peer. OSError."""

    def close(self) -> None:
        """Free the profile, at the latest when it is collected."""

    def verify(self, mode: int) -> None:
        """Choose how the peer is checked: 0 not, 1 noted in tls_info() only, 2 required."""

    def own(self, cert: _Buffer | str, key: _Buffer | str) -> None:
        """Set our certificate (and those above it) and its key; once. OSError."""

    def ca(self, data: _Buffer | str) -> None:
        """Add certificates to trust. OSError, and then none of them is added."""

    def suites(self, numbers: tuple[int, ...]) -> None:
        """Offer these cipher suites alone, 1 to 16 IANA numbers; after psk(). ValueError."""

    def psk(self, key: _Buffer | str, identity: _Buffer | str) -> None:
        """Set a shared key and its identity; only PSK ciphers are used then; once. OSError."""

    def alpn(self, names: tuple[str, ...] | list[str]) -> None:
        """Set up to 5 protocols to offer or to choose from, best first. OSError."""

def tls_start(
    link: int, profile: Profile, sni: str | None = None, name: str | None = None
) -> None:
    """Begin TLS on a connected TCP link. OSError.

    sni: the name told to the server; name: the one that its certificate must carry.
    """

def handshake(link: int) -> int:
    """Do one step of the handshake. OSError says why it failed; the link is to be closed then.

    0: done; READ or WRITE: wait for that first; READ | WRITE: call again soon.
    """

def tls_info(link: int) -> tuple[str | None, str | None, str | None, int]:
    """Return version, cipher, ALPN protocol and X.509 findings (0: good). ValueError: no TLS."""

def peer_cert(link: int) -> bytes | None:
    """Return the peer's certificate as DER."""

# From links to the AT port without Python, run by atlink.wait().

DOWN_OFF: Final[int]  # Python reads
DOWN_IPD: Final[int]  # "+IPD" messages of at most 2920 bytes
DOWN_RAW: Final[int]  # the bytes alone
DOWN_NOTICE: Final[int]  # nowhere: "+IPD" says once how many there are

def down_gate(open: bool, tells: bool, /) -> int:
    """Let received data pass to the host, or not (at start): the AT port has one writer.

    `tells`: notices may pass as well. If they may not, atlink.wait() reports the link instead.
    Return how many pieces have passed so far; it begins at 0 again after some millions.
    """

def down(
    link: int, mode: int, number: int = -1, info: bool = False, single: bool = False, /
) -> None:
    """Choose where received data goes; number and sender (info) stand in "+IPD" heads.

    single: notices tell the size of the next datagram, not of all that wait.

    atlink.wait() reports the link when it has ended; then turn this off or close it.
    """

def down_count(link: int, size: int, info: bool = False) -> int | None:
    """Write "+CIPRECVDATA:" and at most `size` bytes that are there; return how many it will be.

    None if nothing is there or the transmit ring has too little room for a head. They go out in
    the background, through a closed gate, too; atlink.wait() reports the end. Of a datagram link
    it is one datagram or a part of it; the rest is for the next call. OSError.
    """

def down_now(link: int, size: int, /) -> bool:
    """Write "+CIPRECVDATA:" and at most `size` bytes at once, of a link that gives notice.

    False, and nothing happens: the gate is closed, the ring has too little room, there is nothing
    or more than 2920 bytes; then down_count() is the way. What is left is announced anew.
    """

def down_told(link: int, told: bool, /) -> None:
    """Say whether the host knows of what waits on a link that gives notice."""

def down_left(link: int) -> int:
    """Return how many bytes of down_count() have not gone out; 0 ends its reports."""

# From the AT port to a link without Python, one flow at a time, run by atlink.wait().
# The UART has to be in data mode; atlink.wait() reports news with bit UP.

UP: Final[int]
UP_IDLE: Final[int]
UP_RUNNING: Final[int]
UP_DONE: Final[int]  # all is collected (up_collect) or sent (up_send, up_stream)
UP_ENDED: Final[int]  # the host sent "+++", which is not payload
UP_FAILED: Final[int]  # the link failed, error() tells why: up_attach() or up_stop()
UP_SILENT: Final[int]  # the host owes payload and sent nothing for 20 s

def up_collect(size: int, escaped: bool = False) -> None:
    """Collect a payload of 1..8192 bytes; escaped: as AT+CIPSENDEX, up to a \\0.

    OSError(ENOMEM) if there is no memory for one of more than 4096 bytes; nothing has begun then.
    """

def up_send(link: int, host: str = ..., port: int = ...) -> None:
    """Send what was collected, of a datagram link to another address if given. OSError."""

def up_payload() -> bytes:
    """Return a copy of what was collected."""

def up_stream(
    link: int | None,
    chunk: int,
    interval_ms: int,
    total: int | None = None,
    report: int = 0,
    host: str = ...,
    port: int = ...,
) -> None:
    """Send what the host sends in chunks of 1..2920 bytes, less after 0..1000 ms.

    total: end after so many bytes (None: with "+++" only). report: give news every so many bytes.
    host, port: where datagrams go, if not to the link's peer.
    """

def up_attach(link: int | None, drop: bool = False) -> None:
    """Go on with another link, with none for now (bytes wait), or swallow what comes (drop)."""

def up_interval(interval_ms: int) -> None:
    """Change the interval of a stream."""

def up_stop() -> None:
    """End the flow; bytes that wait are lost."""

def up_state() -> int:
    """Return the state alone, which takes no memory; ends the news."""

def up_status() -> tuple[int, int, int, int]:
    """Return state, bytes received, sent, and behind an escaped payload's end; ends the news."""

# Proofs

def suite(index: int, /) -> int:
    """Return the IANA number of a cipher suite that profiles can offer; 0 behind the last."""

def verify(key: bytes, digest: bytes, signature: bytes, /) -> bool:
    """Tell whether `signature` (DER) is that of a SHA-256 by the owner of a public key (PEM, DER).

    ECDSA on the curve P-256. ValueError: the key is none of that kind.
    """

def stretch(password: bytes, salt: bytes, rounds: int, /) -> bytes:
    """Return the 32 bytes of PBKDF2 with HMAC-SHA256 (RFC 8018)."""
