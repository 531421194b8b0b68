"""Acts of the host's end of the network, for transcripts: clients, datagrams, peers that go.

Owns the connections that a transcript opened to the module by name. The servers themselves are
tools/peers/peers.py's.

    connect NAME IP PORT [tls | tls:00]   open a connection (with a client certificate)
    tell NAME BYTES                       send; escapes as in `>>`
    hear NAME BYTES                       expect exactly these bytes
    gone NAME                             expect the end of the connection
    hang NAME, cut NAME                   close it; reset it
    refused NAME IP PORT [tls...]         expect that it is not taken, or ended at once
    datagram PEER IP PORT BYTES           send from a UDP peer
    heard PEER BYTES                      expect that a UDP peer got these bytes
    drop PEER, break PEER                 a server closes, or resets, its connections
    stop PEER, start PEER                 a server stops, listens again on its port
    announce INSTANCE SERVICE PROTO HOST PORT [KEY=VALUE ...]   publish a service by mDNS
    ws ACT                                tools/peers/websocketraw.py says what there is
    get IP PORT STATUS PATH               ask the module's web server; expect that status
    post IP PORT STATUS PATH JSON         send it a value
    settled IP PORT                       wait until a join that it was told of has ended
    upload IP PORT STATUS PARTITION KIND  send it a file: good, damaged (firmware) or data
"""

from __future__ import annotations

import json
import socket
import ssl
import time

from zeroconf import IPVersion, ServiceInfo, Zeroconf

from tools.peers import espimage, servers, webclient
from tools.peers.escapes import unescape
from tools.peers.peers import Peers
from tools.peers.secure import wrap
from tools.peers.websocketraw import RawServer

_OF_CLIENTS = ("connect", "tell", "hear", "gone", "hang", "cut", "refused")
_OF_PEERS = ("datagram", "heard", "drop", "break", "stop", "start", "ws")
_OF_NEIGHBOURS = ("announce",)
_OF_VISITORS = ("get", "post", "settled", "upload")
WORDS = frozenset((*_OF_NEIGHBOURS, *_OF_CLIENTS, *_OF_PEERS, *_OF_VISITORS))
LASTING = frozenset(("upload",))  # what leaves traces in the module's flash
_LIMIT_S = 10.0
_RESET = b"\1\0\0\0\0\0\0\0"


class ActFailed(AssertionError):
    """The network did not behave as the transcript says."""


class HostActs:
    """Do acts with peers that run already."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._clients: dict[str, socket.socket] = {}
        self._stopped: dict[str, int] = {}
        self._announcements: list[Zeroconf] = []

    def act(self, text: str) -> None:
        """Do one act; ActFailed if it shows that something is wrong."""
        word, _, rest = text.partition(" ")
        getattr(self, "_" + word)(rest)

    def reset(self) -> None:
        """Close what a transcript left open, start what it stopped."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        for name in list(self._stopped):
            self._start(name)
        self._raw.forget()
        for network in self._announcements:
            network.close()
        self._announcements.clear()

    def _open(self, ip: str, port: str, how: str) -> socket.socket:
        sock = webclient.connect((ip, int(port)), _LIMIT_S)
        if not how:
            return sock
        context = servers.client_context(pair=how.partition(":")[2] or None)
        context.check_hostname = False
        return wrap(context, sock)

    def _announce(self, rest: str) -> None:
        instance, service, proto, host, port, *items = rest.split()
        kind = f"{service}.{proto}.local."
        info = ServiceInfo(
            kind,
            f"{instance}.{kind}",
            port=int(port),
            properties=dict(item.split("=", 1) for item in items),
            server=f"{host}.local.",
            addresses=[socket.inet_aton("127.0.0.1")],
        )
        network = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        network.register_service(info, strict=False)
        self._announcements.append(network)

    def _connect(self, rest: str) -> None:
        name, ip, port, *how = rest.split()
        until = time.monotonic() + _LIMIT_S
        while True:
            try:
                self._clients[name] = self._open(ip, port, how[0] if how else "")
                return
            except OSError as error:
                if time.monotonic() > until:
                    raise ActFailed(f"connect {rest}: {error}") from error
                time.sleep(0.05)

    def _refused(self, rest: str) -> None:
        _, ip, port, *how = rest.split()
        try:
            with self._open(ip, port, how[0] if how else "") as sock:
                if sock.recv(1):
                    raise ActFailed(f"{rest}: the module sent data instead of closing")
        except OSError:  # refused or reset: what we want
            return

    def _tell(self, rest: str) -> None:
        name, _, data = rest.partition(" ")
        self._clients[name].sendall(unescape(data))

    def _hear(self, rest: str) -> None:
        name, _, text = rest.partition(" ")
        want, got = unescape(text), b""
        while len(got) < len(want):
            piece = self._receive(name, len(want) - len(got))
            if not piece:
                break
            got += piece
        if got != want:
            raise ActFailed(f"{name} heard {got!r}, not {want!r}")

    def _receive(self, name: str, count: int) -> bytes:
        try:
            return self._clients[name].recv(count)
        except ConnectionError:
            return b""
        except TimeoutError:
            raise ActFailed(f"{name} heard nothing") from None

    def _gone(self, name: str) -> None:
        data = self._receive(name, 4096)
        if data:
            raise ActFailed(f"{name} heard {data!r} instead of the end")
        self._clients.pop(name).close()

    def _hang(self, name: str) -> None:
        client = self._clients.pop(name)
        if isinstance(client, ssl.SSLSocket):
            try:
                client.unwrap().close()
            except OSError:  # the module need not answer a goodbye
                client.close()
        client.close()

    def _cut(self, name: str) -> None:
        client = self._clients.pop(name)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        client.close()

    def _datagram(self, rest: str) -> None:
        name, ip, port, data = rest.split(" ", 3)
        server = self._peers.servers[name]
        assert isinstance(server, servers.UdpServer)
        server.socket.sendto(unescape(data), (ip, int(port)))

    def _heard(self, rest: str) -> None:
        name, _, text = rest.partition(" ")
        server, want = self._peers.servers[name], unescape(text)
        assert isinstance(server, servers.UdpServer)
        until = time.monotonic() + _LIMIT_S
        while not any(data == want for data, _ in server.received):
            if time.monotonic() > until:
                raise ActFailed(f"{name} did not get {want!r} but {server.received[-5:]}")
            time.sleep(0.02)
        server.received.clear()

    @property
    def _raw(self) -> RawServer:
        server = self._peers.servers["ws_raw"]
        assert isinstance(server, RawServer)
        return server

    def _ws(self, rest: str) -> None:
        try:
            self._raw.act(rest)
        except AssertionError as problem:
            raise ActFailed(str(problem)) from None

    def _server(self, name: str) -> servers.Server:
        server = self._peers.servers[name]
        assert isinstance(server, servers.Server)
        return server

    def _drop(self, name: str, reset: bool = False) -> None:
        until = time.monotonic() + _LIMIT_S
        while not self._server(name).drop(reset):  # it may not have accepted it yet
            if time.monotonic() > until:
                raise ActFailed(f"{name} has no connection to cut")
            time.sleep(0.01)

    def _break(self, name: str) -> None:
        self._drop(name, True)

    def _stop(self, name: str) -> None:
        server = self._server(name)
        self._stopped[name] = server.port
        server.close()

    def _start(self, name: str) -> None:
        port = self._stopped.pop(name)
        self._peers.servers[name] = self._server(name).again(port)

    def _get(self, rest: str) -> None:
        ip, port, status, path = rest.split(" ", 3)
        _answered(status, webclient.Page((ip, int(port))).get(path))

    def _post(self, rest: str) -> None:
        ip, port, status, path, text = rest.split(" ", 4)
        _answered(status, webclient.Page((ip, int(port))).post(path, json.loads(text)))

    def _settled(self, rest: str) -> None:
        ip, port = rest.split()
        webclient.Page((ip, int(port))).settled()

    def _upload(self, rest: str) -> None:
        ip, port, status, partition, kind = rest.split()
        image = espimage.compose([espimage.describe("v9.9.9", filling=20_000)])
        if kind == "damaged":
            image = image[:1000] + b"?" + image[1001:]
        data = b"user data " * 500 if kind == "data" else image
        _answered(status, webclient.Page((ip, int(port))).upload(data, partition))


def _answered(status: str, answer: webclient.Answer) -> None:
    if answer.status != int(status):
        raise ActFailed(f"status {answer.status} and {answer.text!r}, not status {status}")
