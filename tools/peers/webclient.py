"""Ask the module's web server as its own page does, or as somebody who must be refused.

For tests and transcripts. A server on a low port that this PC keeps for its administrator listens
20000 higher in a simulated module (firmware/atlink/port_unix_route.c).
"""

from __future__ import annotations

import gzip
import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

SOFTAP = "192.168.4.1"
SHIFT = 20000
_LOW = 1024
JSON = "application/json"
OWN = {"X-Requested-With": "page"}


@dataclass(frozen=True)
class Answer:
    """One answer: status and its phrase, fields by name in lower case, body."""

    status: int
    phrase: str
    fields: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """Return the body as text, decompressed if need be."""
        packed = self.fields.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


def connect(place: tuple[str, int], timeout_s: float = 30.0) -> socket.socket:
    """Open a connection to a port of the module."""
    try:
        return socket.create_connection(place, timeout_s)
    except ConnectionRefusedError:
        if place[1] >= _LOW:
            raise
        return socket.create_connection((place[0], place[1] + SHIFT), timeout_s)


def read_answer(sock: socket.socket) -> Answer:
    """Read an answer up to the end of the connection; ConnectionError if there is none."""
    data = b""
    while True:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    if not data:
        raise ConnectionError("the connection ended without an answer")
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    if "content-length" in fields and len(body) != int(fields["content-length"]):
        raise ConnectionError(f"{len(body)} of {fields['content-length']} bytes came")
    _, status, phrase = lines[0].split(" ", 2)
    return Answer(int(status), phrase, fields, body)


class Page:
    """A visitor of the page, in the softAP unless `host` says otherwise."""

    def __init__(self, place: tuple[str, int], host: str = SOFTAP) -> None:
        self.place = place
        self.host = host

    def head(self, method: str, path: str, fields: dict[str, str], length: int | None) -> bytes:
        """Compose the head of a request; a field with an empty value is left out."""
        all_fields = {"Host": self.host, "User-Agent": "tests", "Accept": "*/*", **fields}
        if length is not None:
            all_fields.setdefault("Content-Length", str(length))
        lines = [f"{name}: {value}" for name, value in all_fields.items() if value]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()

    def ask(self, method: str, path: str, body: bytes | None = None, **fields: str) -> Answer:
        """Send a request and return the answer; underscores in names of fields are hyphens."""
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        head = self.head(method, path, {**OWN, **named}, None if body is None else len(body))
        with connect(self.place) as sock:
            with suppress(ConnectionError):  # refused half-way; the answer may be there
                sock.sendall(head + (body or b""))
            return read_answer(sock)

    def get(self, path: str, **fields: str) -> Answer:
        """Ask for a path."""
        return self.ask("GET", path, **fields)

    def post(self, path: str, value: Any, **fields: str) -> Answer:
        """Send a value as JSON."""
        data = json.dumps(value).encode()
        return self.ask("POST", path, data, **{"Content_Type": JSON, **fields})

    def upload(self, data: bytes, partition: str = "ota", **fields: str) -> Answer:
        """Send a file for a partition."""
        return self.ask("POST", "/setotadata", data, **{"Object": partition, **fields})

    def settled(self, limit_s: float = 90.0) -> dict[str, Any]:
        """Return how a join ended."""
        until = time.monotonic() + limit_s
        while True:
            news = self.get("/getstainfo").json
            if news["state"] or news["message"] != "connecting":
                return news
            if time.monotonic() > until:
                raise TimeoutError(f"the join does not end: {news}")
            time.sleep(0.05)
