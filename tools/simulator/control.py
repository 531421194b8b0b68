"""The control socket: one JSON object a line in, one JSON object a line out.

Knows no command itself; a dictionary of functions says what there is. Whatever comes in is
answered, and nothing that comes in ends the simulator.
"""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.simulator.errors import CommandError, SimulatorError
from tools.simulator.loop import READ, WRITE, Loop
from tools.simulator.names import hold_path

_MAX_LINE = 65536
Command = dict[str, Any]
Handler = Callable[[Command], dict[str, Any]]


def field(command: Command, name: str, check: Callable[[Any], Any], default: Any = None) -> Any:
    """Return a checked field of a command; CommandError if it is missing or wrong.

    `check` returns the value as it is to be used, or raises ValueError.
    """
    if name not in command and default is not None:
        return default
    if name not in command:
        raise CommandError(f"{name}: is missing")
    try:
        return check(command[name])
    except ValueError as error:
        raise CommandError(f"{name}: {error}") from None


class Control:
    """Listens on a Unix socket; `handlers` maps the word of "do" to a function."""

    def __init__(self, loop: Loop, path: Path, handlers: dict[str, Handler]) -> None:
        self._loop = loop
        self._path = path
        self._handlers = handlers
        self._clients: dict[socket.socket, bytearray] = {}
        self._listener = self._listen()
        loop.watch(self._listener.fileno(), READ, self._accept)

    def _listen(self) -> socket.socket:
        if self._path.exists() and not self._path.is_socket():
            raise SimulatorError(f"{self._path} exists and is no socket; it is left alone")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._holder = hold_path(self._path, "--control")
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(os.fspath(self._path))
        except OSError as error:
            raise SimulatorError(f"--control {self._path}: {error}") from error
        listener.listen()
        listener.setblocking(False)
        return listener

    def close(self) -> None:
        """Remove the socket."""
        for client in list(self._clients):
            self._drop(client)
        self._loop.watch(self._listener.fileno(), 0, self._accept)
        self._listener.close()
        self._path.unlink(missing_ok=True)
        self._holder.close()

    def _accept(self, _: int) -> None:
        try:
            client, _address = self._listener.accept()
        except OSError:  # gone again
            return
        client.setblocking(False)
        self._clients[client] = bytearray()
        self._loop.watch(client.fileno(), READ, lambda _: self._receive(client))

    def _drop(self, client: socket.socket) -> None:
        self._loop.watch(client.fileno(), 0, self._accept)
        del self._clients[client]
        client.close()

    def _receive(self, client: socket.socket) -> None:
        try:
            data = client.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        pending = self._clients[client]
        pending += data
        answers = []
        while (end := pending.find(b"\n")) >= 0:
            line = bytes(pending[:end])
            del pending[: end + 1]
            if line.strip():
                answers.append(self.answer(line))
        if len(pending) > _MAX_LINE:
            answers.append(_refusal("line too long"))
            pending.clear()
        self._send(client, b"".join(answers))

    def _send(self, client: socket.socket, data: bytes) -> None:
        try:
            sent = client.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(client)
            return
        if sent < len(data):
            # Nothing more is read from a client that does not read.
            rest = data[sent:]
            self._loop.watch(client.fileno(), WRITE, lambda _: self._send(client, rest))
        else:
            self._loop.watch(client.fileno(), READ, lambda _: self._receive(client))

    def answer(self, line: bytes) -> bytes:
        """Carry out one command and return the line of the answer."""
        try:
            command = json.loads(line)
        except (ValueError, RecursionError) as error:
            return _refusal(f"no JSON: {error}")
        if not isinstance(command, dict) or not isinstance(command.get("do"), str):
            return _refusal('a command is an object with "do"')
        handler = self._handlers.get(command["do"])
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return _refusal(f"no command {command['do']!r}; there are {known}")
        try:
            result = handler(command)
        except CommandError as error:
            return _refusal(f"{command['do']}: {error}")
        return json.dumps({"ok": True, **result}).encode() + b"\n"


def _refusal(reason: str) -> bytes:
    return json.dumps({"ok": False, "error": reason}).encode() + b"\n"
