"""A WebSocket server without rules: a transcript says byte by byte what it sends.

It does the handshake, or spoils it as the path of the request says, and then nothing by itself:
no pong, no close frame. Acts on the latest connection (escapes as in `>>`):

    ws frame BYTE PAYLOAD      send a frame; BYTE is its first one, in hex: 81 a text, 01 its
                               first fragment, 80 its last, 82 binary, 88 close, 89 ping
    ws bytes BYTES             send bytes that may be no frame, or half of one
    ws flood COUNT BYTE BYTES  send the same frame COUNT times, as the module takes it
    ws heard BYTE PAYLOAD      expect that the next frame of the module is this; pings of the
                               module are passed over
    ws pinged                  expect a ping of the module
    ws idle MS                 expect no frame for so long
    ws gone                    expect the end of the connection
    ws drop, ws reset          end the connection without a word

Paths: /refuse/STATUS, /accept (a wrong one), /upgrade (none), /protocol (not offered),
/extension, /smtp, /silent, /half (half a head, then nothing), /cut (half a head, then the end),
/first/HEX (these bytes together with the head).
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
import time

from tools.peers.escapes import unescape
from tools.peers.servers import Endpoint

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LIMIT_S = 10.0
_OVERTAKES_S = 0.2  # a reset overtakes what was sent
_RESET = b"\1\0\0\0\0\0\0\0"
_PING = 0x89
_SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"


def frame(first: int, payload: bytes) -> bytes:
    """Return a frame as a server sends it, whatever its first byte means."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 65536:
        return struct.pack(">BBH", first, 126, size) + payload
    return struct.pack(">BBQ", first, 127, size) + payload


class RawServer(Endpoint):
    """The server; it serves one client at a time, the latest."""

    def __init__(self, host: str = "127.0.0.1", buffer: int = 0) -> None:
        """Start listening on a free port; `buffer` bounds what is taken before an act reads it."""
        self._arrived = threading.Condition()
        self._client: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self._flooding: threading.Thread | None = None
        listener = socket.create_server((host, 0))
        if buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        super().__init__(listener)

    def _take_next(self) -> None:
        client, _ = self.socket.accept()
        client.settimeout(_LIMIT_S)
        self._clients.append(client)
        threading.Thread(target=self._greet, args=(client,), daemon=True).start()

    def _greet(self, client: socket.socket) -> None:
        head = b""
        try:
            while not head.endswith(b"\r\n\r\n") and (byte := client.recv(1)):
                head += byte
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            word, *rest = head.split(b" ")[1].decode().split("/")[1:]
            key = fields.get(b"Sec-WebSocket-Key", b"")
            with self._arrived:  # before it knows that it is connected
                self._client = client
                self._arrived.notify_all()
            client.sendall(self._answer(word, rest, key))
            if word == "cut":
                client.close()
        except (OSError, ValueError, IndexError):  # it went, or is no client of ours
            client.close()

    def _answer(self, word: str, rest: list[str], key: bytes) -> bytes:
        digest = hashlib.sha1(key + (b"x" if word == "accept" else b"") + _GUID).digest()
        accept = f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
        good = f"{_SWITCH}Upgrade: websocket\r\n{accept}"
        answers = {
            "refuse": f"HTTP/1.1 {rest[0] if rest else 0} No\r\nContent-Length: 0\r\n\r\n",
            "upgrade": f"{_SWITCH}{accept}\r\n",
            "protocol": f"{good}Sec-WebSocket-Protocol: other\r\n\r\n",
            "extension": f"{good}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            "smtp": "220 mail.test ESMTP\r\n",
            "silent": "",
            "half": _SWITCH,
            "cut": _SWITCH,
        }
        text = answers.get(word, good + "\r\n").encode()
        return text + bytes.fromhex(rest[0]) if word == "first" else text

    @property
    def _latest(self) -> socket.socket:
        with self._arrived:
            if not self._arrived.wait_for(lambda: self._client, _LIMIT_S):
                raise AssertionError("no client has come")
            assert self._client
            return self._client

    def act(self, text: str) -> None:
        """Do one act; AssertionError if it shows that something is wrong."""
        word, _, rest = text.partition(" ")
        getattr(self, "_" + word)(rest)

    def send(self, data: bytes) -> None:
        """Send bytes to the latest client; AssertionError if it does not take them."""
        if self._flooding:  # what two send at once lies in each other
            self._flooding.join(_LIMIT_S)
        try:
            self._latest.sendall(data)
        except OSError as error:
            raise AssertionError(f"the module does not take it: {error}") from None

    def _frame(self, rest: str) -> None:
        first, _, data = rest.partition(" ")
        self.send(frame(int(first, 16), unescape(data)))

    def _bytes(self, rest: str) -> None:
        self.send(unescape(rest))

    def _flood(self, rest: str) -> None:
        count, first, data = rest.split(" ", 2)
        block = frame(int(first, 16), unescape(data)) * int(count)
        self._flooding = threading.Thread(target=self._latest.sendall, args=(block,), daemon=True)
        self._flooding.start()

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                piece = self._latest.recv(count - len(data))
            except TimeoutError:
                raise AssertionError(f"the module sent nothing behind {data!r}") from None
            except OSError:
                piece = b""
            if not piece:
                raise EOFError
            data += piece
        return data

    def _next(self) -> tuple[int, bytes]:
        """Return first byte and payload of the module's next frame; it has to be masked."""
        first, second = self._take(2)
        assert second & 0x80, "the module's frame is not masked"
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        key = self._take(4)
        return first, bytes(byte ^ key[i % 4] for i, byte in enumerate(self._take(size)))

    def _heard(self, rest: str) -> None:
        text, _, data = rest.partition(" ")
        want = int(text, 16), unescape(data)
        try:
            while (got := self._next())[0] == _PING != want[0]:
                pass
        except EOFError:
            raise AssertionError(f"the connection ended before {want}") from None
        if got != want:
            raise AssertionError(f"heard {got}, not {want}")

    def _pinged(self, _: str) -> None:
        self._heard(f"{_PING:x}")

    def _idle(self, rest: str) -> None:
        client = self._latest
        client.settimeout(int(rest) / 1000)
        try:
            data = client.recv(1)
        except TimeoutError:
            return
        finally:
            client.settimeout(_LIMIT_S)
        raise AssertionError(f"heard {data!r} instead of nothing")

    def _gone(self, _: str) -> None:
        try:
            got = self._next()
        except EOFError:
            self._end(b"")
            return
        raise AssertionError(f"heard {got} instead of the end")

    def _end(self, linger: bytes) -> None:
        with self._arrived:
            client, self._client = self._client, None
        assert client
        if linger:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        client.close()

    def _drop(self, _: str) -> None:
        assert self._latest
        self._end(b"")

    def _reset(self, _: str) -> None:
        assert self._latest
        time.sleep(_OVERTAKES_S)
        self._end(_RESET)

    def forget(self) -> None:
        """Cut what the last transcript left."""
        with self._arrived:
            self._client = None
        for client in self._clients:
            client.close()
        self._clients.clear()

    def close(self) -> None:
        """End it."""
        super().close()
        self.forget()
