"""The standard `socket` interface on the links of `atnet`.

As MicroPython's esp32 port has it, and more: options, addresses, IPv6 and both ends of a
connection. Addresses (_addresses.py) are (host, port); names are resolved by the function that the
name service gives to set_resolver(). Blocking calls wait in atlink.wait(), which keeps serving the
AT port.
"""

import errno
import gc
import io
import struct
from time import ticks_add, ticks_diff, ticks_ms

from _addresses import (
    NONAME,
    group_v4,
    group_v6,
    lookup,
    numeric,
    set_resolver,  # noqa: F401 - for who knows names
)
from micropython import const

import atlink
import atnet

AF_INET = 2
AF_INET6 = 10
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOCK_RAW = 3
IPPROTO_IP = 0
IPPROTO_ICMP = 1
IPPROTO_TCP = 6
IPPROTO_UDP = 17
IPPROTO_IPV6 = 41
IPPROTO_ICMPV6 = 58
SOL_SOCKET = 0xFFF
SO_REUSEADDR = 0x04
SO_KEEPALIVE = 0x08
SO_BROADCAST = 0x20
SO_LINGER = 0x80
SO_SNDTIMEO = 0x1005
TCP_NODELAY = 1
TCP_KEEPIDLE = 3
TCP_KEEPINTVL = 4
TCP_KEEPCNT = 5
IP_ADD_MEMBERSHIP = 3
IP_DROP_MEMBERSHIP = 4
IP_MULTICAST_TTL = 5
IP_MULTICAST_LOOP = 7
IP_TTL = 2
IPV6_JOIN_GROUP = 12
IPV6_LEAVE_GROUP = 13
IPV6_UNICAST_HOPS = 16
IPV6_MULTICAST_HOPS = 18
IPV6_MULTICAST_LOOP = 19
IPV6_V6ONLY = 27
SHUT_WR = 1
SHUT_RDWR = 2

error = OSError

_POLL = const(3)  # requests of the stream protocol (py/stream.h)
_CLOSE = const(4)
_READABLE = const(1)  # its poll flags; twice atnet.WRITE means writable
_INVALID = const(32)


# (level << 16 | option) of setsockopt(), option of atnet.
_OPTIONS = (
    (0xFFF0004, 8),
    (0xFFF0008, 4),
    (0xFFF0020, 9),
    (0x0060001, 1),
    (0x0060003, 5),
    (0x0060004, 6),
    (0x0060005, 7),
    (0x0000002, 11),
    (0x0000005, 12),
    (0x0000007, 13),
    (0x0290010, 11),
    (0x0290012, 12),
    (0x0290013, 13),
    (0x029001B, 10),
)


def _option(level, name):
    for key, option in _OPTIONS:
        if key == level << 16 | name:
            return option
    raise OSError(errno.EINVAL, "option not supported")


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    """Return a list of (family, type, proto, "", (address, port)). OSError if there is none."""
    family = 4 if af == AF_INET else 6 if af == AF_INET6 else 0
    found = [
        (AF_INET if got == 4 else AF_INET6, type or SOCK_STREAM, proto, "", (text, port))
        for got, text in lookup(host, family)
        if family in (0, got)
    ]
    if not found:
        raise OSError(NONAME, "no address of this family")
    return found


def _open(kind, family):
    try:
        return atnet.open(kind, family)
    except OSError:
        gc.collect()  # closes sockets that were forgotten
        return atnet.open(kind, family)


class socket(io.IOBase):
    """A socket. Methods raise OSError; EAGAIN without and ETIMEDOUT with a time-out."""

    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0, fileno=None):
        """Make a socket, or take over a link of `atnet` (fileno)."""
        kind = {SOCK_STREAM: atnet.TCP, SOCK_DGRAM: atnet.UDP, SOCK_RAW: atnet.ICMP}[type]
        family = 6 if af == AF_INET6 else 4
        if fileno is None:
            fileno = _open(kind, family)
        self._set(fileno, family, atnet.Guard(fileno))

    def _set(self, link, family, guard):
        self._link = link
        self._family = family
        self._guard = guard  # closes the link when the last object that uses it is collected
        self._timeout_ms = -1  # -1: wait for ever, 0: never

    # Waiting.

    def _wait(self, events, deadline):
        """Wait until the link is ready; OSError when the time is over."""
        left = -1
        if self._timeout_ms >= 0:
            left = ticks_diff(deadline, ticks_ms())
            if self._timeout_ms == 0:
                raise OSError(errno.EAGAIN)
            if left <= 0:
                raise OSError(errno.ETIMEDOUT, "timed out")
        atnet.arm(self._link, events)
        atlink.wait(left, self.bit)
        atnet.arm(self._link, 0)

    def _deadline(self):
        return ticks_add(ticks_ms(), max(self._timeout_ms, 0))

    def _repeat(self, events, function, args):
        """Call until it gives something, waiting for the link in between."""
        deadline = self._deadline()
        while True:
            got = function(self._link, *args)
            if got is not None:
                return got
            self._wait(events, deadline)

    def _reading(self, function, *args):
        return self._repeat(atnet.READ, function, args)

    def _writing(self, function, *args):
        return self._repeat(atnet.WRITE, function, args)

    @property
    def bit(self):
        """The link's bit in the mask of atlink.wait()."""
        return 1 << (8 + (self._link & 15))

    def fileno(self):
        """Return the number of the link in `atnet`, -1 if closed."""
        return self._link

    def settimeout(self, seconds):
        """Set how long calls may wait: None for ever, 0 not at all, else seconds."""
        self._timeout_ms = -1 if seconds is None else int(seconds * 1000)
        if seconds and self._timeout_ms == 0:
            self._timeout_ms = 1

    def gettimeout(self):
        return None if self._timeout_ms < 0 else self._timeout_ms / 1000

    def setblocking(self, flag):
        self._timeout_ms = -1 if flag else 0

    # Connections.

    def bind(self, address):
        atnet.bind(self._link, *numeric(address, self._family))

    def connect(self, address):
        """Connect, and wait for it as the time-out says; EINPROGRESS if not at all."""
        if atnet.connect(self._link, *numeric(address, self._family)):
            return
        if self._timeout_ms == 0:
            raise OSError(errno.EINPROGRESS)
        deadline = self._deadline()
        while not atnet.connected(self._link):
            self._wait(atnet.WRITE, deadline)

    def listen(self, backlog=2):
        atnet.listen(self._link, backlog)

    def accept(self):
        """Return (socket, (address, port)) of the next client."""
        link, host, port = self._reading(atnet.accept)
        family = AF_INET6 if self._family == 6 else AF_INET
        return socket(family, SOCK_STREAM, 0, link), (host, port)

    def close(self):
        """Close at once; harmless the second time."""
        atnet.close(self._link)
        self._link = -1

    def shutdown(self, how):
        """End our direction of the stream (SHUT_WR, SHUT_RDWR)."""
        deadline = self._deadline()
        while not atnet.shutdown(self._link):
            self._wait(atnet.WRITE, deadline)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def getsockname(self):
        return atnet.local(self._link)

    def getpeername(self):
        name = atnet.peer(self._link)
        if name is None:
            atnet.send(self._link, b"")  # says why: not connected
        return name

    # Options.

    def setsockopt(self, level, option, value):
        """Set an option: an integer, or bytes as struct.pack() makes them for C."""
        if level == IPPROTO_IP and option in (IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP):
            change = atnet.join if option == IP_ADD_MEMBERSHIP else atnet.leave
            change(self._link, *group_v4(value))
        elif level == IPPROTO_IPV6 and option in (IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP):
            change = atnet.join if option == IPV6_JOIN_GROUP else atnet.leave
            change(self._link, group_v6(value))
        elif level == SOL_SOCKET and option == SO_LINGER:
            on, seconds = struct.unpack("ii", value)
            atnet.setopt(self._link, atnet.LINGER, seconds if on else -1)
        elif level == SOL_SOCKET and option == SO_SNDTIMEO:
            atnet.setopt(self._link, atnet.SEND_TIMEOUT, value)  # ms, as lwIP
        else:
            atnet.setopt(self._link, _option(level, option), int(value))

    def getsockopt(self, level, option):
        if level == SOL_SOCKET and option == SO_LINGER:
            seconds = atnet.getopt(self._link, atnet.LINGER)
            return struct.pack("ii", seconds >= 0, max(seconds, 0))
        if level == SOL_SOCKET and option == SO_SNDTIMEO:
            return atnet.getopt(self._link, atnet.SEND_TIMEOUT)
        return atnet.getopt(self._link, _option(level, option))

    # Bytes as sockets give them.

    def send(self, data):
        """Send; return how many bytes were taken."""
        return self._writing(atnet.send, data)

    def sendall(self, data):
        done = 0
        while done < len(data):
            done += self._writing(atnet.send, data, done)

    def sendto(self, data, address):
        return self._writing(atnet.sendto, data, *numeric(address, self._family))

    def recv(self, size):
        """Return what has arrived, at most `size` bytes; b"" at the end of the stream."""
        return self._reading(atnet.recv, size)

    def recv_into(self, buf, size=0):
        return self._reading(atnet.readinto, memoryview(buf)[:size] if size else buf)

    def recvfrom(self, size):
        """Return (bytes, (address, port)) of a datagram."""
        data, host, port = self._reading(atnet.recvfrom, size)
        return data, (host, port)

    # Bytes as MicroPython's streams give them: None for "nothing now" of a non-blocking socket.

    def makefile(self, mode="rb", buffering=0):
        return self

    def readinto(self, buf, size=-1):
        try:
            return self._reading(atnet.readinto, memoryview(buf)[:size] if size >= 0 else buf)
        except OSError as e:
            if e.errno == errno.EAGAIN:
                return None
            raise

    def read(self, size=-1):
        """Read `size` bytes, or all there are until the end of the stream."""
        parts = []
        left = size
        while left != 0:
            try:
                part = self._reading(atnet.recv, left if left > 0 else 1024)
            except OSError as e:
                if e.errno != errno.EAGAIN:
                    raise
                if not parts:
                    return None
                break
            if not part:
                break
            parts.append(part)
            if left > 0:
                left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, size=-1):
        """Read up to a line feed, at most `size` bytes."""
        line = bytearray()
        while size < 0 or len(line) < size:
            byte = self.read(1)
            if byte is None and not line:
                return None
            if not byte:
                break
            line.extend(byte)
            if byte == b"\n":
                break
        return bytes(line)

    def write(self, buf, off=None, size=None):
        """Write all (non-blocking: what is taken); write(buf, size), write(buf, off, size) too."""
        if size is not None:
            buf = memoryview(buf)[off : off + size]
        elif off is not None:
            buf = memoryview(buf)[:off]
        done = 0
        while done < len(buf):
            try:
                done += self._writing(atnet.send, buf, done)
            except OSError as e:
                if e.errno != errno.EAGAIN:
                    raise
                return done or None
        return done

    def ioctl(self, request, arg):
        """Serve select.poll() and close() of the stream protocol."""
        if request == _POLL:
            return self._poll(arg)
        if request == _CLOSE:
            self.close()
            return 0
        return -errno.EINVAL

    def _poll(self, wanted):
        try:
            ready = atnet.poll(self._link)
        except OSError:
            return _INVALID
        flags = (_READABLE if ready & atnet.READ else 0) | (ready & atnet.WRITE) << 1
        return flags & wanted
