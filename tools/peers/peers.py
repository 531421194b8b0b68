"""Peers on this machine for a module to talk to: TCP, TLS and UDP servers, a client.

Owns threads and sockets on loopback addresses, one listening port each. `Peers` starts the set
that transcripts name in braces; tests that need more control use the classes. What the module
makes of the peers is checked elsewhere.
"""

from __future__ import annotations

import hashlib
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Protocol

from tools.peers import hostcerts
from tools.peers.updatepeer import UpdatePeer
from tools.peers.webpeer import WebServer
from tools.peers.websocketraw import RawServer

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


class Server:
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
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._serve, self._host, self._context = serve, host, context
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self.errors: list[str] = []
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._listener.bind((host, port))
        self._listener.listen(16)
        self._listener.settimeout(_POLL_S)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:  # nobody came, or we are closing
                continue
            client.settimeout(None)
            threading.Thread(target=self._run, args=(client,), daemon=True).start()

    def _run(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.add(client)
        try:
            if self._context:
                with self._context.wrap_socket(client, server_side=True) as secure:
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
        self._closing.set()
        self._thread.join()
        self._listener.close()
        self.drop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class UdpServer:
    """A UDP socket on a free port that answers each datagram, as `answer` says, and counts."""

    def __init__(
        self,
        answer: Callable[[bytes], list[bytes]] = lambda data: [data],
        host: str = "127.0.0.1",
    ) -> None:
        """Start answering; the default sends each datagram back."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._answer = answer
        self.received: list[tuple[bytes, tuple[str, int]]] = []
        self._closing = threading.Event()
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(_POLL_S)
        self.port: int = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                data, sender = self.socket.recvfrom(_CHUNK)
            except OSError:  # nothing came, or the last answer could not be delivered
                continue
            self.received.append((data, sender[:2]))
            for reply in self._answer(data):
                self.socket.sendto(reply, sender)

    def close(self) -> None:
        """Stop answering."""
        self._closing.set()
        self._thread.join()
        self.socket.close()

    def __enter__(self) -> UdpServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


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


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 on which nobody listens."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class OpensslServer:
    """`openssl s_server`, for what Python's ssl cannot do; it sends lines back reversed."""

    def __init__(self, options: str, host: str) -> None:
        """Start it on a free port and wait until it listens."""
        self.port = free_port()
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


class Peer(Protocol):
    """What all peers have."""

    port: int

    def close(self) -> None:
        """End it."""


class Peers:
    """The peers that transcripts know by name: `variables` maps names in braces to ports."""

    def __init__(self, host: str = "127.0.0.1", host6: str | None = "::1") -> None:
        """Start the plain ones; those with certificates start if build/certs is there.

        host6 is an IPv6 address of this machine, None if there is none for the module.
        """
        self._host = host
        from tools.peers.websocketpeer import WebSocketServer  # its library is the tests' alone

        self.servers: dict[str, Peer] = {
            "echo": Server(echo, host),
            "sink": Server(sink, host),
            "source": Server(source, host),
            "puppet": Server(commanded, host),
            "greeter": Server(greet, host),
            "hangup": Server(hang_up, host),
            "deaf": Server(ignore, host, buffer=2048),
            "udp_echo": UdpServer(host=host),
            "udp_other": UdpServer(host=host),
            "update": UpdatePeer(host),
            "web": WebServer(host),
            "ws": WebSocketServer(host),
            "ws_raw": RawServer(host),
        }
        if host6:
            self._try("echo6", lambda: Server(echo, host6))
            self._try("udp_echo6", lambda: UdpServer(host=host6))
            self._try("web6", lambda: WebServer(host6))
            self._try("ws6", lambda: WebSocketServer(host6))
        self._programs: dict[str, OpensslServer] = {}
        self._deaf = socket.socket()  # bound, so that the port stays free of listeners
        self._deaf.bind((self._host, 0))
        if hostcerts.folder().is_dir():
            self._start_tls(WebSocketServer)

    def _start_tls(self, web_socket: Callable[[str, ssl.SSLContext], Peer]) -> None:
        """Start the TLS peers: good ones and each kind that a client must refuse."""
        contexts = {
            "tls": server_context(),
            "tls_other_ca": server_context("other_peer"),
            "tls_expired": server_context("expired_peer"),
            "tls_future": server_context("future_peer"),
            "tls_stranger": server_context("stranger_peer"),
            "tls_mutual": server_context(client_ca="client_ca_00.crt"),
        }
        for name, context in contexts.items():
            self.servers[name] = Server(echo, self._host, context)
            self.servers[name.replace("tls", "web_tls")] = WebServer(self._host, context)
            self.servers[name.replace("tls", "wss")] = web_socket(self._host, context)
        self.servers["tls_puppet"] = Server(commanded, self._host, server_context())
        if shutil.which("openssl"):
            pair = f"-cert {hostcerts.folder()}/peer.crt -key {hostcerts.folder()}/peer.key"
            programs = {
                "tls_psk": "-nocert -psk 70736b -psk_identity myhint",
                "tls_alpn": f"{pair} -alpn http/1.1,mqtt",
                "tls_gcm128": f"{pair} -cipher ECDHE-ECDSA-AES128-GCM-SHA256",
                "tls_gcm256": f"{pair} -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
                "tls_sha1": f"{pair} -cipher ECDHE-ECDSA-AES256-SHA",
            }
            for name, options in programs.items():
                self._programs[name] = OpensslServer(options, self._host)

    def _try(self, name: str, start: Callable[[], Peer]) -> None:
        try:
            self.servers[name] = start()
        except OSError:  # no IPv6 on this machine: transcripts that need it are skipped
            return

    @property
    def variables(self) -> dict[str, str]:
        """Return name -> port, and `closed`, a port where nobody listens."""
        ports = {name: str(server.port) for name, server in self.servers.items()}
        ports |= {name: str(program.port) for name, program in self._programs.items()}
        return ports | {"closed": str(self._deaf.getsockname()[1])}

    def close(self) -> None:
        """End all of them."""
        self._deaf.close()
        for server in self.servers.values():
            server.close()
        for program in self._programs.values():
            program.close()
