"""WebSocket servers for a module to talk to: good ones, made with the library `websockets`.

The path of the request says what happens, so that a transcript needs nothing else. Texts are the
digits 0123456789 over and over. Servers that break the rules are websocketraw.py's.

    /                       what comes goes back, as text or binary as it came
    /text/N, /binary/N      a message of N bytes, then as /
    /many/COUNT/N           COUNT messages of N bytes, each beginning with its number, then as /
    /fragments/N/SIZE       a text of N bytes in frames of SIZE, then as /
    /head                   the request's target and fields, sorted, as one line
    /protocol               the subprotocol that was chosen
    /report                 answers each message with its kind and the bytes of its fragments
    /digest                 answers each message with its length and SHA-256
    /ping/TEXT              sends a ping; says so when its pong has come
    /close/CODE/REASON      closes at once
    /secret                 needs user and password, "user" and "secret", in the Basic scheme
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Sequence
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tools.peers.webpeer import digits

PROTOCOLS = [Subprotocol("chat"), Subprotocol("v2.chat")]
_BASIC = "Basic dXNlcjpzZWNyZXQ="
_PONG_S = 10.0


def _number(index: int, count: int) -> str:
    return f"{index} {digits(count).decode()}"[:count]


def _choose(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Take the first that is known; clients may do without."""
    return next((name for name in offered if name in PROTOCOLS), None)


class WebSocketServer:
    """A server on a free port; each client is served by a thread of its own."""

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        """Start serving; with a context clients must speak TLS."""
        self.connections = 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = serve(
            self._run,
            sock=socket.create_server((host, 0), family=family),
            ssl=context,
            subprotocols=PROTOCOLS,
            select_subprotocol=_choose,
            process_request=self._judge,
            ping_interval=None,
            max_size=None,
        )
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse those who lack the password, and unknown paths."""
        word = request.path.split("?")[0].split("/")[1]
        if word == "secret" and request.headers.get("Authorization") != _BASIC:
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no entry\n")
        if word == "moved":
            return Response(301, "Moved", Headers({"Location": "/", "Content-Length": "0"}))
        if word not in ("", "secret") and not hasattr(self, "_serve_" + word):
            return connection.respond(HTTPStatus.NOT_FOUND, "no such path\n")
        return None

    def _run(self, connection: ServerConnection) -> None:
        self.connections += 1
        assert connection.request
        word, *words = connection.request.path.split("?")[0].split("/")[1:]
        try:
            getattr(self, "_serve_" + word, self._serve_)(connection, *words)
        except ConnectionClosed:
            return

    def _serve_(self, connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    def _serve_text(self, connection: ServerConnection, count: str) -> None:
        connection.send(digits(int(count)).decode())
        self._serve_(connection)

    def _serve_binary(self, connection: ServerConnection, count: str) -> None:
        connection.send(digits(int(count)))
        self._serve_(connection)

    def _serve_many(self, connection: ServerConnection, count: str, size: str) -> None:
        for index in range(int(count)):
            connection.send(_number(index, int(size)))
        self._serve_(connection)

    def _serve_fragments(self, connection: ServerConnection, count: str, size: str) -> None:
        text = digits(int(count)).decode()
        connection.send(text[i : i + int(size)] for i in range(0, len(text), int(size)))
        self._serve_(connection)

    def _serve_head(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request
        fields = sorted(f"{name}: {value}" for name, value in request.headers.raw_items())
        shown = [line for line in fields if not line.startswith("Sec-WebSocket-Key")]
        connection.send(" | ".join((request.path, *shown)))
        self._serve_(connection)

    def _serve_protocol(self, connection: ServerConnection) -> None:
        connection.send(f"protocol {connection.subprotocol}")
        self._serve_(connection)

    def _serve_report(self, connection: ServerConnection) -> None:
        while True:
            parts = list(connection.recv_streaming())
            kind = "binary" if isinstance(parts[0], bytes) else "text"
            connection.send(f"{kind} {'+'.join(str(len(part)) for part in parts)}")

    def _serve_digest(self, connection: ServerConnection) -> None:
        for message in connection:
            data = message if isinstance(message, bytes) else message.encode()
            connection.send(f"{len(data)} {hashlib.sha256(data).hexdigest()}")

    def _serve_ping(self, connection: ServerConnection, text: str) -> None:
        has_come = connection.ping(text).wait(_PONG_S)
        connection.send("pong" if has_come else "no pong")
        self._serve_(connection)

    def _serve_close(self, connection: ServerConnection, code: str, reason: str = "") -> None:
        connection.close(int(code), reason)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
