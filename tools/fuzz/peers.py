"""The peers of a fuzzed module, on loopback: honest servers, hostile ones, and clients.

Owns threads and sockets. What hostile peers say is made by tools/fuzz/wild.py and set by acts:

    {"peer": "script", "steps": [...]}       what <script> and <script_tls> do with each client
    {"peer": "datagrams", "packets": [...]}  what <script_udp> answers to each datagram
    {"peer": "mangle", "edits": [...]}       accidents in the ways to <bad_NAME>, the server NAME
             "records": [...]                the same by TLS records, see tools/fuzz/tlswild.py
    {"peer": "dial", "port": P, "tls": false, "steps": [...]}   a client of the module's server
    {"peer": "cut"}                          every connection ends

Steps are lists: say HEX, hear, pause MS, accept (a WebSocket client), flood N, end, reset; after
the last one the peer swallows what comes. Edits are [way (0 from the module, 1 to it), offset,
what, more]: xor BYTE, insert HEX, drop N, end, reset, stall.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from tools.fuzz import tlswild
from tools.fuzz.burst import Act
from tools.fuzz.wild import Steps
from tools.peers import mqttbroker
from tools.peers.peers import Peers as HonestPeers
from tools.peers.secure import wrap
from tools.peers.servers import Server, UdpServer, client_context, server_context

_LIMIT_S = 20.0  # a peer that nobody cuts goes by itself
_HEAR_S = 0.5
_NEVER = 1 << 30  # flash writes
_LINGER = b"\1\0\0\0\0\0\0\0"
_KEY = re.compile(rb"Sec-WebSocket-Key: *([^\r]*)", re.IGNORECASE)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HONEST = ("echo", "source", "web", "tls", "web_tls", "ws", "tls_mutual", "udp_echo", "update")
_BROKEN = ("echo", "source", "web", "tls", "web_tls", "ws")  # behind a relay, too
_BROKERS = ("mqtt", "mqtts", "mqtt_ws", "mqtt_wss")


class Peers:
    """All peers; `ports` maps the names that bursts write as <name> to numbers."""

    def __init__(self, simulator: Any) -> None:
        """Start them; the simulator tells the module's address and has servers of its own."""
        self._simulator = simulator
        self._steps: Steps = []
        self._packets: list[bytes] = []
        self._edits: list[tuple[int, int, str, Any]] = []
        self._records: list[tuple[int, int, str, int]] = []
        self._changed = False
        self._dialled: set[socket.socket] = set()
        self._honest = HonestPeers()
        self.ports = {
            name: int(port) for name, port in self._honest.variables.items() if name in _HONEST
        }
        self._broker = mqttbroker.Broker() if mqttbroker.program("mosquitto") else None
        if self._broker:
            self.ports |= {name: self._broker.ports[name] for name in _BROKERS}
        self._servers = {"script": Server(self._play)}
        with contextlib.suppress(OSError):  # no certificates have been made
            self._servers["script_tls"] = Server(self._play, context=server_context())
        for name in (*_BROKEN, *_BROKERS):
            if name in self.ports:
                self._servers["bad_" + name] = Server(self._relay(self.ports[name]))
        self._datagrams = UdpServer(lambda _: self._packets)
        self.ports |= {name: server.port for name, server in self._servers.items()}
        self.ports["script_udp"] = self._datagrams.port

    def fill(self, data: bytes) -> bytes:
        """Put the numbers of ports in for their names."""
        return re.sub(rb"<(\w+)>", self._number, data)

    def _number(self, found: re.Match[bytes]) -> bytes:
        port = self.ports.get(found[1].decode("latin-1"))
        return found[0] if port is None else str(port).encode()

    def act(self, act: Act) -> None:
        """Do an act of a burst."""
        self._changed = True
        match act.get("peer"):
            case None:
                with contextlib.suppress(OSError, RuntimeError):  # it may restart just now
                    self._simulator.act(act)
            case "script":
                self._steps = act["steps"]
            case "datagrams":
                self._packets = [bytes.fromhex(each) for each in act["packets"]]
            case "mangle":
                self._edits = [tuple(edit) for edit in act["edits"]]
                self._records = [tuple(edit) for edit in act.get("records", ())]
            case "dial":
                threading.Thread(target=self._dial, args=(act,), daemon=True).start()
            case _:
                self._cut()

    def hush(self) -> None:
        """Cut the hostile peers and bring the world back to normal."""
        if not self._changed:
            return
        self._changed = False
        self._steps, self._packets, self._edits, self._records = [], [], [], []
        self._cut()
        for act in (
            {"do": "fault"},
            {"do": "dns_servers", "replies": []},
            {"do": "time_servers", "replies": []},
            {"do": "ap_up", "ssid": "espressif"},
            {"do": "ap_rssi", "ssid": "espressif", "rssi": -42},
            {"do": "power_cut_after_flash_writes", "n": _NEVER},
        ):
            with contextlib.suppress(OSError, RuntimeError):
                self._simulator.act(act)

    def close(self) -> None:
        """End all of them."""
        self._cut()
        for server in self._servers.values():
            server.close()
        self._datagrams.close()
        self._honest.close()
        if self._broker:
            self._broker.close()

    def __enter__(self) -> Peers:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _cut(self) -> None:
        for server in self._servers.values():
            server.drop()
        for sock in list(self._dialled):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    # Hostile peers

    def _play(self, sock: socket.socket) -> None:
        play(sock, self._steps)

    def _dial(self, act: Act) -> None:
        with contextlib.suppress(OSError, ValueError):
            address = self._simulator.act({"do": "status"})["world"]["address"]
            sock = socket.create_connection((address, act["port"]), _HEAR_S)
            self._dialled.add(sock)
            try:
                if act.get("tls"):
                    sock.settimeout(_LIMIT_S)
                    context = client_context()
                    context.verify_mode = ssl.CERT_NONE
                    with wrap(context, sock) as secure:
                        play(secure, act["steps"])
                else:
                    play(sock, act["steps"])
            finally:
                self._dialled.discard(sock)
                sock.close()

    def _relay(self, port: int) -> Callable[[socket.socket], None]:
        def serve(client: socket.socket) -> None:
            with socket.create_connection(("127.0.0.1", port), _LIMIT_S) as server:
                client.settimeout(_LIMIT_S)
                way: Callable[..., None] = _pass_records if self._records else _pass
                edits: list[Any] = self._records or self._edits
                back = threading.Thread(
                    target=way, args=(server, client, [e for e in edits if e[0]]), daemon=True
                )
                back.start()
                way(client, server, [edit for edit in edits if not edit[0]])
                back.join(_LIMIT_S)

        return serve


def play(sock: socket.socket, steps: Steps) -> None:
    """Do the steps with a connection, then swallow what comes."""
    for word, *more in steps:
        match word:
            case "say":
                sock.sendall(bytes.fromhex(str(more[0])))
            case "hear":
                _hear(sock)
            case "pause":
                time.sleep(int(more[0]) / 1000)
            case "accept":
                _accept(sock)
            case "flood":
                sock.sendall(random.Random(int(more[0])).randbytes(int(more[0])))
            case "end":
                return
            case "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
                return
    sock.settimeout(_LIMIT_S)
    while sock.recv(65536):
        pass


def _hear(sock: socket.socket) -> bytes:
    sock.settimeout(_HEAR_S)
    try:
        return sock.recv(65536)
    except TimeoutError:
        return b""
    finally:
        sock.settimeout(_LIMIT_S)


def _accept(sock: socket.socket) -> None:
    key = _KEY.search(_hear(sock))
    digest = hashlib.sha1((key[1] if key else b"") + _GUID).digest()
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: mqtt\r\n"
        b"Sec-WebSocket-Accept: %s\r\n\r\n" % base64.b64encode(digest)
    )


def _pass(
    source: socket.socket, sink: socket.socket, edits: list[tuple[int, int, str, Any]]
) -> None:
    """Pass bytes on, with accidents at their offsets."""
    left = sorted(edits, key=lambda edit: edit[1])
    offset = 0
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            piece = bytearray(data)
            moved = 0
            while left and left[0][1] < offset + len(data):
                _, place, what, more = left.pop(0)
                if what in ("end", "reset", "stall"):
                    sink.sendall(piece[: place - offset + moved])
                    _break(what, source, sink)
                    return
                moved += edit_at(piece, max(0, place - offset + moved), what, more)
            offset += len(data)
            sink.sendall(piece)
    for sock in (source, sink):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _pass_records(
    source: socket.socket, sink: socket.socket, edits: list[tuple[int, int, str, int]]
) -> None:
    """Pass TLS records on, with accidents by their number."""
    orders = {number: (what, more) for _, number, what, more in edits}
    data, held, number = b"", [], 0
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            data += piece
            while len(data) >= (size := 5 + int.from_bytes(data[3:5], "big")):
                held.append(data[:size])
                data = data[size:]
                what, more = orders.pop(number, ("", 0))
                number += 1
                if what == "swap" and len(held) == 1:
                    orders[number] = (what, more)  # with the next one
                    continue
                records = tlswild.changed(held, number, what, more) if what else held
                sink.sendall(b"".join(records))
                held = []
                if what == "cut":
                    _break("end", source, sink)
                    return
    _break("end", source, sink)


def _break(what: str, source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        if what == "stall":
            while source.recv(65536):  # swallowed until somebody cuts
                pass
        elif what == "reset":
            sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    for sock in (source, sink):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def edit_at(piece: bytearray, at: int, what: str, more: Any) -> int:
    """Change a piece in place; return how much longer it is now."""
    if what == "xor" and at < len(piece):
        piece[at] ^= int(more)
    elif what == "insert":
        data = bytes.fromhex(more)
        piece[at:at] = data
        return len(data)
    elif what == "drop":
        before = len(piece)
        del piece[at : at + int(more)]
        return len(piece) - before
    return 0
