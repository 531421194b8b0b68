"""A broker whose every packet a test decides: for what mosquitto never does.

Owns a listening socket, one connection at a time, and the packets on it, read by code of its own.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import struct
from dataclasses import dataclass

from tools.peers.secure import wrap

LIMIT_S = 30.0
CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 3, 4, 5, 6, 7
SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 8, 10, 12, 14


@dataclass(frozen=True)
class Packet:
    """A packet of the module: type, flags of the first byte, the rest."""

    kind: int
    flags: int
    body: bytes

    @property
    def pid(self) -> int:
        """The packet identifier of an answer or a (un)subscription."""
        return int(struct.unpack_from(">H", self.body)[0])


@dataclass(frozen=True)
class Message:
    """A PUBLISH of the module."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    pid: int


@dataclass(frozen=True)
class Hello:
    """A CONNECT of the module; fields that are not there are None."""

    client_id: bytes
    keepalive_s: int
    clean: bool
    will: tuple[bytes, bytes, int, bool] | None
    user: bytes | None
    password: bytes | None


def text(data: bytes) -> bytes:
    """Write a string of MQTT."""
    return struct.pack(">H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    """Write a packet."""
    length, size = b"", len(body)
    while True:
        size, byte = divmod(size, 128)
        length += bytes([byte | (0x80 if size else 0)])
        if not size:
            return bytes([first]) + length + body


def publish(topic: bytes, payload: bytes, qos: int = 0, pid: int = 0, dup: bool = False) -> bytes:
    """Write a PUBLISH."""
    number = struct.pack(">H", pid) if qos else b""
    return packet(0x30 | dup << 3 | qos << 1, text(topic) + number + payload)


class Fields:
    """Take the fields off a packet's body, from the front."""

    def __init__(self, body: bytes) -> None:
        self.rest = body

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        head, self.rest = self.rest[:count], self.rest[count:]
        assert len(head) == count
        return head

    def number(self) -> int:
        """Return the next 16-bit number."""
        return int.from_bytes(self.take(2), "big")

    def text(self) -> bytes:
        """Return the next string."""
        return self.take(self.number())


class Peer:
    """The broker's side; the methods wait for what the module does."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._listener = socket.create_server((host, 0))
        self._listener.settimeout(LIMIT_S)
        self.port: int = self._listener.getsockname()[1]
        self.sock: socket.socket | None = None

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.drop()
        self._listener.close()

    def accept(self, receive_buffer: int = 0) -> None:
        """Take the module's next connection."""
        self.drop()
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock = self._listener.accept()[0]
        self.sock.settimeout(LIMIT_S)

    def drop(self) -> None:
        """End the connection."""
        if self.sock:
            self.sock.close()
            self.sock = None

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.sock
        self.sock.sendall(data)

    def receive(self, count: int) -> bytes:
        """Return exactly so many bytes."""
        assert self.sock
        data = b""
        while len(data) < count:
            piece = self.sock.recv(count - len(data))
            assert piece, "the module closed the connection"
            data += piece
        return data

    def is_gone(self) -> bool:
        """Wait for the module to end the connection; False if bytes come instead."""
        assert self.sock
        try:
            return self.sock.recv(1) == b""
        except ConnectionError:
            return True

    # Packets.

    def next(self) -> Packet:
        """Return the next packet; pings are answered and passed over."""
        while (found := self.next_raw()).kind == PINGREQ:
            self.send(b"\xd0\x00")
        return found

    def next_raw(self) -> Packet:
        """Return the next packet, whatever it is."""
        first = self.receive(1)[0]
        size = shift = 0
        while True:
            byte = self.receive(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return Packet(first >> 4, first & 15, self.receive(size))

    def expect(self, kind: int) -> Packet:
        """Return the next packet, which must be of a kind."""
        found = self.next()
        assert found.kind == kind, found
        return found

    def hello(self) -> Hello:
        """Return the CONNECT that has to come."""
        fields = Fields(self.expect(CONNECT).body)
        assert fields.text() == b"MQTT"
        version, flags = fields.take(2)
        assert version == 4
        assert not flags & 1
        keepalive_s, client_id = fields.number(), fields.text()
        will = None
        if flags & 4:
            will = (fields.text(), fields.text(), flags >> 3 & 3, bool(flags & 0x20))
        user = fields.text() if flags & 0x80 else None
        password = fields.text() if flags & 0x40 else None
        assert not fields.rest
        return Hello(client_id, keepalive_s, bool(flags & 2), will, user, password)

    def welcome(self, code: int = 0, present: bool = False) -> Hello:
        """Take a connection, read CONNECT and answer it."""
        self.accept()
        hello = self.hello()
        self.send(bytes((0x20, 2, present, code)))
        return hello

    def message(self) -> Message:
        """Return the PUBLISH that has to come."""
        found = self.expect(PUBLISH)
        fields = Fields(found.body)
        topic, qos = fields.text().decode(), found.flags >> 1 & 3
        pid = fields.number() if qos else 0
        retain, dup = bool(found.flags & 1), bool(found.flags & 8)
        return Message(topic, fields.rest, qos, retain, dup, pid)

    def answer(self, first: int, pid: int, *rest: int) -> None:
        """Send a packet that is a type, a packet identifier and a few bytes."""
        self.send(packet(first, struct.pack(">H", pid) + bytes(rest)))

    def subscription(self, code: int | None = None) -> tuple[str, int]:
        """Take a SUBSCRIBE and grant it, or answer with a code; return topic and QoS."""
        fields = Fields(self.expect(SUBSCRIBE).body)
        pid, topic = fields.number(), fields.text().decode()
        qos = fields.take(1)[0]
        self.answer(0x90, pid, qos if code is None else code)
        return topic, qos


class WebPeer(Peer):
    """The same behind a WebSocket: `receive` reads the payload of the module's frames."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self._payload = b""
        self.controls: list[tuple[int, bytes]] = []
        self.request = b""

    def accept(self, receive_buffer: int = 0) -> None:
        """Take the connection and its handshake."""
        super().accept(receive_buffer)
        self._payload = b""
        self.request = b""
        while not self.request.endswith(b"\r\n\r\n"):
            self.request += super().receive(1)
        key = self.field(b"Sec-WebSocket-Key")
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        super().send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: mqtt\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )

    def field(self, name: bytes) -> bytes:
        """Return a field of the request."""
        for line in self.request.split(b"\r\n"):
            key, _, value = line.partition(b": ")
            if key.lower() == name.lower():
                return value
        raise AssertionError(f"no {name!r} in {self.request!r}")

    def send(self, data: bytes) -> None:
        """Send bytes as one binary message."""
        self.frame(2, data)

    def frame(self, opcode: int, data: bytes, last: bool = True) -> None:
        """Send one frame."""
        super().send(self.framed(opcode, data, last))

    @staticmethod
    def framed(opcode: int, data: bytes, last: bool = True) -> bytes:
        """Return one frame as it is sent."""
        size = len(data)
        length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
        return bytes([opcode | (0x80 if last else 0)]) + length + data

    def receive(self, count: int) -> bytes:
        """Return exactly so many bytes of the messages; control frames go to `controls`."""
        while len(self._payload) < count:
            self.take_frame()
        data, self._payload = self._payload[:count], self._payload[count:]
        return data

    def take_frame(self) -> None:
        """Read one frame of the module, which has to be masked."""
        first, second = super().receive(2)
        assert second & 0x80
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(super().receive(2), "big")
        key = super().receive(4)
        masked = super().receive(size)
        data = bytes(byte ^ key[i & 3] for i, byte in enumerate(masked))
        if first & 8:
            self.controls.append((first & 15, data))
        else:
            assert first == 0x82
            self._payload += data


class TlsPeer(Peer):
    """The same behind TLS; `sni` and `alpn` are what the module's last ClientHello led to."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(host)
        self._context = context
        self._context.sni_callback = self._take_name
        self.sni: str | None = None
        self.alpn: str | None = None

    def _take_name(self, _: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        self.sni = name

    def accept(self, receive_buffer: int = 0) -> None:
        """Take the connection and do the handshake."""
        super().accept(receive_buffer)
        assert self.sock
        self.sni = None
        secure = wrap(self._context, self.sock, server_side=True)
        self.sock, self.alpn = secure, secure.selected_alpn_protocol()
