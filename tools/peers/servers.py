"""TCP, TLS and UDP servers on this machine for a module to talk to, and what they serve.

Owns threads and sockets on loopback addresses, one listening port each. peers.py starts the set
that transcripts know by name. What the module makes of them is checked elsewhere.
"""

from __future__ import annotations

import hashlib
import select
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Self

from tools.peers import hostcerts
from tools.peers.secure import wrap

PATTERN = bytes(range(256)) * 16
_CHUNK = 65536
_START_S = 10.0  # longest time a program takes to listen
_POLL_S = 0.2  # how often a server looks whether it is to end

Serve = Callable[[socket.socket], None]


def echo(sock: socket.socket) -> None:
    """Send back what comes, until the peer ends its stream."""
    while data := sock.recv(_CHUNK):
        sock.sendall(data)


def sink(sock: socket.socket) -> None:
    """Swallow what comes."""
    while sock.recv(_CHUNK):
        pass


def digest(sock: socket.socket) -> None:
    """Swallow what comes; after the stream's end send its length and SHA-256 as one line."""
    total, sha = 0, hashlib.sha256()
    while data := sock.recv(_CHUNK):
        total += len(data)
        sha.update(data)
    sock.sendall(f"{total} {sha.hexdigest()}\n".encode())


def source(sock: socket.socket) -> None:
    """Read a line `COUNT [SIZE]`, send COUNT pattern bytes in writes of SIZE, and close."""
    words = read_line(sock).split()
    if not words:
        return
    left, size = int(words[0]), int(words[1]) if len(words) > 1 else len(PATTERN)
    while left:
        piece = PATTERN[: min(left, size, len(PATTERN))]
        sock.sendall(piece)
        left -= len(piece)


def commanded(sock: socket.socket) -> None:
    """Obey lines: `say TEXT`, `close`, `reset`; other bytes are swallowed.

    Lets a transcript decide when the peer speaks and how it goes.
    """
    while line := read_line(sock):
        word, _, rest = line.partition(b" ")
        if word == b"say":
            sock.sendall(rest)
        elif word == b"close":
            return
        elif word == b"reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return


def greet(sock: socket.socket) -> None:
    """Speak first, and not TLS; as a mail server would."""
    sock.sendall(b"220 mail.test ready\r\n")
    sink(sock)


def ignore(sock: socket.socket) -> None:
    """Take nothing, so that the peer cannot go on; but see its end."""
    poll = select.poll()
    poll.register(sock, select.POLLRDHUP)
    poll.poll()


def hang_up(sock: socket.socket) -> None:
    """Close as soon as the peer has said something."""
    sock.recv(_CHUNK)


def read_line(sock: socket.socket) -> bytes:
    """Return the next line without its LF; empty at the stream's end."""
    line = b""
    while (byte := sock.recv(1)) and byte != b"\n":
        line += byte
    return line.rstrip(b"\r")


class Endpoint:
    """A socket on a port of its own, read by a thread until close()"""

    def __init__(self, sock: socket.socket) -> None:
        """Begin to read: what a subclass needs for that has to be there."""
        sock.settimeout(_POLL_S)
        self.port: int = sock.getsockname()[1]
        self.socket = sock
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._closing.is_set():
            try:
                self._take_next()
            except OSError:  # nobody came, or whoever came has gone
                continue

    def _take_next(self) -> None:
        """Take the next client or datagram; OSError if there is none."""
        raise NotImplementedError

    def close(self) -> None:
        """Take nothing more."""
        self._closing.set()
        self._thread.join()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Server(Endpoint):
    """A TCP server on a free port; each client is served by a thread of its own."""

    def __init__(
        self,
        serve: Serve,
        host: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
        port: int = 0,
        buffer: int = 0,
    ) -> None:
        """Start serving; with a context each client must speak TLS.

        `buffer` is how many bytes this machine keeps in each direction, 0: as many as it likes.
        """
        self._serve, self._host, self._context = serve, host, context
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.errors: list[str] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        listener.bind((host, port))
        listener.listen(16)
        super().__init__(listener)

    def _take_next(self) -> None:
        client, _ = self.socket.accept()
        client.settimeout(None)
        threading.Thread(target=self._run, args=(client,), daemon=True).start()

    def _run(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.add(client)
        try:
            if self._context:
                with wrap(self._context, client, server_side=True) as secure:
                    with self._lock:
                        self._clients.add(secure)
                    try:
                        self._serve(secure)
                        secure.unwrap()
                    finally:
                        with self._lock:
                            self._clients.discard(secure)
            else:
                self._serve(client)
        except (OSError, ValueError) as error:
            self.errors.append(str(error))
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()

    def drop(self, reset: bool = False) -> int:
        """Cut every connection; return how many there were."""
        with self._lock:
            clients = list(self._clients)
        cut = 0
        for client in clients:
            try:
                if reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                socket.socket.shutdown(client, socket.SHUT_RDWR)
            except OSError:  # gone by itself
                continue
            cut += 1
        return cut

    @property
    def clients(self) -> int:
        """Return how many connections stand."""
        with self._lock:
            return len(self._clients)

    def again(self, port: int) -> Server:
        """Return a new server like this one, on a port."""
        return Server(self._serve, self._host, self._context, port)

    def close(self) -> None:
        """Stop listening and cut every connection."""
        super().close()
        self.drop()


class UdpServer(Endpoint):
    """A UDP socket on a free port that answers each datagram, as `answer` says, and counts."""

    def __init__(
        self,
        answer: Callable[[bytes], list[bytes]] = lambda data: [data],
        host: str = "127.0.0.1",
    ) -> None:
        """Start answering; the default sends each datagram back."""
        self._answer = answer
        self.received: list[tuple[bytes, tuple[str, int]]] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        super().__init__(sock)

    def _take_next(self) -> None:
        data, sender = self.socket.recvfrom(_CHUNK)
        self.received.append((data, sender[:2]))
        for reply in self._answer(data):
            self.socket.sendto(reply, sender)


def server_context(name: str = "peer", client_ca: str | None = None) -> ssl.SSLContext:
    """Return what a TLS server shows: NAME.crt of hostcerts; with client_ca it demands one."""
    folder = hostcerts.folder()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    if client_ca:
        context.load_verify_locations(folder / client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(ca: str = "server_ca.crt", pair: str | None = None) -> ssl.SSLContext:
    """Return what a TLS client of the module's server trusts, and shows: `client_*_00`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    folder = hostcerts.folder()
    context.load_verify_locations(folder / ca)
    if pair:
        context.load_cert_chain(
            folder / f"client_cert_{pair}.crt", folder / f"client_key_{pair}.key"
        )
    return context


class FreePort:
    """A TCP port for a program to listen on; nobody else is given it while this is open.

    The program has to set SO_REUSEADDR, as mosquitto and openssl do.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        """Choose one."""
        self._sock = socket.socket()
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.bind((host, 0))
        self.number: int = self._sock.getsockname()[1]

    def close(self) -> None:
        """Give it back."""
        self._sock.close()


class OpensslServer:
    """`openssl s_server`, for what Python's ssl cannot do; it sends lines back reversed."""

    def __init__(self, options: str, host: str) -> None:
        """Start it on a free port and wait until it listens."""
        self._place = FreePort(host)
        self.port = self._place.number
        command = f"openssl s_server -accept {host}:{self.port} -tls1_2 -quiet -rev {options}"
        self._process = subprocess.Popen(
            command.split(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            try:
                socket.create_connection((host, self.port)).close()
                return
            except OSError:
                time.sleep(0.05)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._place.close()
