"""An HTTP server for a module to talk to: good answers in every framing, and bad ones.

The path of a request says what happens, so that a transcript needs nothing else. Bodies are the
digits 0123456789 over and over. What the module makes of the answers is checked elsewhere.

    /bytes/N                N bytes with their length; /close/N: without it, then the end;
                            /old/N: by HTTP/1.0; /range/N: the part that Range asks for
    /chunked/N/SIZE         N bytes in chunks of SIZE, with extensions and trailers
    /noise/N, /noise/N/SIZE what noise(N) returns, with its length or in chunks
    /drip/N/SIZE/MS         N bytes, SIZE of them at once, every MS milliseconds
    /status/CODE            that status and a short body; 3xx lead to /bytes/5
    /head, /digest          the request's head as it came; length and SHA-256 of its body
    /silent                 nothing; /stall/N, /cut/N, /drop/N: N bytes of more, then nothing, the
                            end, a reset
    /early/CODE             the answer before the body of the request is read
    /odd/NAME               see _ODD: what is not HTTP, or hardly
    /get, /post, ...        what was sent, as JSON, in the way of httpbin.org
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import ssl
import threading
import time
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tools.peers.secure import wrap

_DATE = "Sun, 26 Sep 2021 06:59:13 GMT"
_TRACE = "Root=1-61503a3f-4b16b71918855b97614c5dfb"
_ORIGIN = "20.187.154.207"
_STATUSES = [status.value for status in HTTPStatus]
_METHODS = ("get", "post", "put", "delete")
_RESET = b"\1\0\0\0\0\0\0\0"
_LONG = 65536
_ODD: dict[str, bytes] = {
    "smtp": b"220 mail.test ESMTP\r\n" * 3,
    "binary": bytes(range(256)),
    "nothing": b"",
    "half-head": b"HTTP/1.1 200 OK\r\nContent-Len",
    "bad-status": b"HTTP/1.1 99 Low\r\n\r\n",
    "bad-length": b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n0123456789",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n012345",
    "more": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789 and more",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n0123\r\n0\r\n\r\n",
    "long-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n012345\r\n0\r\n\r\n",
    "no-last-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "bare-fields": b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    "long-field": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000 + b"\r\n\r\n",
    "endless-head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
    "line-feeds": b"HTTP/1.1 200 OK\nContent-Length: 3\n\n012",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n012",
    "no-content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "traps": b"HTTP/1.1 200 OK\r\nContent-Length: 37\r\n\r\n"
    b"+HTTPCGET:3,\0\r\nOK\r\n+HTTPCGET:4,abc\r\n\0",
    "no-reason": b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n012",
}


def digits(count: int, start: int = 0) -> bytes:
    """Return `count` bytes of the pattern, from place `start` on."""
    text = b"0123456789" * (count // 10 + 2)
    return text[start % 10 :][:count]


@lru_cache(4)
def noise(count: int) -> bytes:
    """Return `count` bytes that are always the same, and in which nothing repeats."""
    return random.Random(count).randbytes(count)


class Handler(BaseHTTPRequestHandler):
    """Does what the path says."""

    protocol_version = "HTTP/1.1"
    server: WebServer

    def handle_one_request(self) -> None:
        """Remember the request, then answer it."""
        self.body = b""
        super().handle_one_request()

    def do_GET(self) -> None:
        """Answer; the method is in `command`."""
        parts = urlsplit(self.path).path.split("/")
        name, words = parts[1], parts[2:]
        if name != "early":
            self.body = self._read_body()
        self.server.requests.append((self.command, self.path, self.headers, self.body))
        if name in _METHODS:
            self._echo()
        else:
            getattr(self, "answer_" + name, self.answer_status)(*words)

    do_HEAD = do_GET  # noqa: N815 - names of the base class
    do_POST = do_GET  # noqa: N815
    do_PUT = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def _read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _reply(self, status: int, body: bytes = b"", *fields: str, version: str = "1.1") -> None:
        """Send a head and, but for HEAD, a body, in one piece."""
        reason = HTTPStatus(status).phrase if status in _STATUSES else "Odd"
        head = "\r\n".join([f"HTTP/{version} {status} {reason}", *fields, "", ""]).encode()
        self.wfile.write(head + (b"" if self.command == "HEAD" else body))

    def _sized(self, body: bytes, status: int = 200, *fields: str) -> None:
        self._reply(status, body, *fields, f"Content-Length: {len(body)}")

    def answer_bytes(self, count: str) -> None:
        """Send many bytes without making them all at once."""
        self._reply(200, b"", f"Content-Length: {count}")
        if self.command != "HEAD":
            for start in range(0, int(count), _LONG):
                self.wfile.write(digits(min(_LONG, int(count) - start), start))

    def answer_close(self, count: str) -> None:
        """Let the end of the connection be the body's end."""
        self._reply(200, digits(int(count)), "Connection: close")
        self.close_connection = True

    def answer_old(self, count: str) -> None:
        """Speak HTTP/1.0."""
        self._reply(200, digits(int(count)), version="1.0")
        self.close_connection = True

    def answer_range(self, count: str) -> None:
        """Send the part that Range asks for."""
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        end = int(last) + 1 if last else int(count)
        body = digits(end - int(first), int(first))
        self._sized(body, 206, f"Content-Range: bytes {first}-{end - 1}/{count}")

    def answer_chunked(self, count: str, size: str) -> None:
        """Send chunks in as many different ways as a client must understand."""
        self._reply(200, b"", "Transfer-Encoding: chunked", "Trailer: X-Check")
        for start in range(0, int(count), int(size)):
            body = digits(min(int(size), int(count) - start), start)
            self.wfile.write(b'%X;name="a;b"\r\n%s\r\n' % (len(body), body))
        self.wfile.write(b"000\r\nX-Check: good\r\nX-More: 1\r\n\r\n")

    def answer_noise(self, count: str, size: str = "0") -> None:
        """Send bytes that show when some are lost or change places."""
        body = noise(int(count))
        if size == "0":
            self._sized(body)
            return
        self._reply(200, b"", "Transfer-Encoding: chunked")
        for start in range(0, len(body), int(size)):
            piece = body[start : start + int(size)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def answer_drip(self, count: str, size: str, pause_ms: str) -> None:
        """Send slowly."""
        self._reply(200, b"", f"Content-Length: {count}")
        for start in range(0, int(count), int(size)):
            self.wfile.write(digits(min(int(size), int(count) - start), start))
            time.sleep(int(pause_ms) / 1000)

    def answer_status(self, code: str = "404", *_: str) -> None:
        """Send a status; an unknown path is 404."""
        fields = ["Location: /bytes/5"] if code.startswith("3") else []
        self._sized(f"status {code}".encode(), int(code), *fields)

    def answer_head(self) -> None:
        """Send back what was asked, in the order in which it came."""
        text = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        self._sized(f"{self.requestline}\r\n{text}".encode())

    def answer_digest(self) -> None:
        """Send length and SHA-256 of the body."""
        self._sized(f"{len(self.body)} {hashlib.sha256(self.body).hexdigest()}".encode())

    def answer_silent(self) -> None:
        """Say nothing."""
        self.server.closing.wait()
        self.close_connection = True

    def answer_stall(self, count: str) -> None:
        """Send a part and no more."""
        self._reply(200, digits(int(count)), f"Content-Length: {int(count) + 100}")
        self.answer_silent()

    def answer_cut(self, count: str) -> None:
        """Send a part and close."""
        self._reply(200, digits(int(count)), f"Content-Length: {int(count) + 100}")
        self.close_connection = True

    def answer_drop(self, count: str) -> None:
        """Send a part and reset the connection."""
        self._reply(200, digits(int(count)), f"Content-Length: {int(count) + 100}")
        time.sleep(0.2)  # a reset overtakes what was sent
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        os.close(self.connection.detach())
        self.close_connection = True

    def answer_early(self, code: str) -> None:
        """Answer without reading the body, which is read afterwards."""
        self._sized(f"status {code}".encode(), int(code))
        self.body = self._read_body()

    def answer_odd(self, name: str) -> None:
        """Send what the table has under that name."""
        self.wfile.write(_ODD[name])
        self.close_connection = True

    def _echo(self) -> None:
        """Tell what was sent as httpbin.org does, head and layout to the byte."""
        names = sorted(name.title() for name in self.headers if name.lower() != "connection")
        fields = {name: self.headers[name] for name in names} | {"X-Amzn-Trace-Id": _TRACE}
        text = self.body.decode()
        kind = self.headers.get("Content-Type", "")
        told: dict[str, Any] = {"args": dict(parse_qsl(urlsplit(self.path).query))}
        if self.command not in ("GET", "HEAD"):
            is_form = kind.startswith("application/x-www-form-urlencoded")
            told |= {"data": "" if is_form else text, "files": {}}
            told |= {"form": dict(parse_qsl(text)) if is_form else {}}
        told["headers"] = fields
        if self.command not in ("GET", "HEAD"):
            told["json"] = json.loads(text) if "json" in kind and text else None
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        told |= {"origin": _ORIGIN, "url": f"{scheme}://{self.headers['Host']}{self.path}"}
        body = json.dumps(told, indent=2, separators=(", ", ": ")).encode() + b"\n"
        self._reply(
            200,
            body,
            f"Date: {_DATE}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: keep-alive",
            "Server: gunicorn/19.9.0",
            "Access-Control-Allow-Origin: *",
            "Access-Control-Allow-Credentials: true",
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
        """Keep quiet."""


class WebServer(ThreadingHTTPServer):
    """The server; `requests` has (method, path, headers, body) of all that came."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        """Start serving on a free port; with a context clients must speak TLS."""
        self.requests: list[tuple[str, str, Any, bytes]] = []
        self.closing = threading.Event()
        if ":" in host:
            self.address_family = socket.AF_INET6
        self._context = context
        super().__init__((host, 0), Handler)
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a client; the handshake belongs into the thread of the connection."""
        client, address = self.socket.accept()
        if self._context:
            client = wrap(self._context, client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes is no error of ours."""

    def close(self) -> None:
        """End it."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def __enter__(self) -> WebServer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
