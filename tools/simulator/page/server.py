"""Serves the page of a simulated module, and answers what its script asks.

Owns a thread with an HTTP server, and nothing of the module: it is a client of the control socket
and of the pty as any program is, so the page can do what they can and no more. A page of another
site cannot: requests need our own Host, and those that change something a JSON body.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.simulator import worldcli
from tools.simulator.acts import ACTS
from tools.simulator.errors import SimulatorError
from tools.simulator.page.port import Port
from tools.simulator.page.sockets import sockets_of

_HERE = Path(__file__).resolve().parent
_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
_POLICY = "default-src 'self'; img-src data:; frame-ancestors 'none'"
_MOST_BODY = 65536
_MOST_LOG = 65536  # bytes of the log in one answer
_CHANGES = {name: act for name, act in ACTS.items() if name != "status"}


class Page:
    """A server at `address`; `url` is where the browser finds it."""

    def __init__(self, address: tuple[str, int], control: Path, log: Path, link: Path) -> None:
        self.control = control
        self.log = log
        self.port = Port(link)
        try:
            self._server = _Server(address, _Handler)
        except OSError as error:
            raise SimulatorError(f"--web {address[0]}:{address[1]}: {error}") from error
        self._server.page = self
        host, number = self._server.server_address[:2]
        self.names = {f"{name}:{number}" for name in (str(host), address[0], "localhost")}
        self.url = f"http://{address[0]}:{number}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End the server and let go of the pty."""
        self._server.shutdown()
        self._server.server_close()
        self.port.close()

    def state(self, log_at: int, port_at: int) -> dict[str, Any]:
        """Return all that the page shows; log and terminal from where it has them."""
        status = worldcli.ask(self.control, {"do": "status"})
        return {
            "status": status,
            "sockets": sockets_of(status["pid"]),
            "log": self._log_from(log_at),
            "port": self.port.since(port_at),
        }

    def _log_from(self, start: int) -> dict[str, Any]:
        """Return the log from an offset; a file that was begun anew is told from its start."""
        try:
            size = self.log.stat().st_size
            start = 0 if start > size else max(start, size - _MOST_LOG)
            with self.log.open("rb") as file:
                file.seek(start)
                data = file.read(_MOST_LOG)
        except OSError:
            return {"at": 0, "text": ""}
        return {"from": start, "at": start + len(data), "text": data.decode(errors="replace")}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page: Page


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        if not self._is_ours():
            return
        place = urlsplit(self.path)
        if place.path in _FILES:
            name, kind = _FILES[place.path]
            self._answer(200, kind, (_HERE / name).read_bytes())
        elif place.path == "/state":
            query = {key: values[0] for key, values in parse_qs(place.query).items()}
            numbers = [query.get(key, "0") for key in ("log", "port")]
            if not all(number.isdigit() for number in numbers):
                self._json({"error": "log and port are numbers"}, 400)
                return
            self._carry_out(lambda: self.server.page.state(*map(int, numbers)))
        elif place.path == "/acts":
            self._json({name: [text, parameters] for name, (text, parameters) in _CHANGES.items()})
        else:
            self._json({"error": "there is no such page"}, 404)

    def do_POST(self) -> None:
        if not self._is_ours():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MOST_BODY:
            self.close_connection = True
            self._json({"error": "a body of at most 64 KB is needed"}, 413)
            return
        body = self.rfile.read(int(length))
        if self.headers.get_content_type() != "application/json":
            self._json({"error": "the body has to be JSON"}, 415)
            return
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            self._json({"error": "the body has to be a JSON object"}, 400)
        elif self.path == "/act":
            self._carry_out(lambda: worldcli.ask(self.server.page.control, asked))
        elif self.path == "/send":
            self._carry_out(lambda: self.server.page.port.send(asked.get("text")))
        else:
            self._json({"error": "there is no such page"}, 404)

    def _is_ours(self) -> bool:
        """Refuse what was addressed to another name, as a page of another site would."""
        if self.headers.get("Host", "") in self.server.page.names:
            return True
        self._json({"error": "this server has another name"}, 403)
        return False

    def _carry_out(self, work: Any) -> None:
        try:
            self._json(work() or {})
        except (worldcli.WorldError, ValueError, OSError) as error:
            self._json({"error": str(error)}, 409)

    def _json(self, answer: dict[str, Any], status: int = 200) -> None:
        self._answer(status, "application/json", json.dumps(answer).encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(
            "Content-Security-Policy", "default-src 'self'; img-src data:; frame-ancestors 'none'"
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: stderr may be the module's log."""
