"""A relay whose client gets all that comes in two segments, as through a network it may.

The client has read the first half before the second one comes.
"""

from __future__ import annotations

import socket
import threading
import time

_PAUSE_S = 0.02


class Cutter:
    """Relays one connection to a port of this PC; `port` is where it listens."""

    def __init__(self, target: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._target = target
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self) -> Cutter:
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()
        for each in self._sockets:
            each.close()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        self._sockets += [client, server]
        for each in self._sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._relay, args=(client, server, False), daemon=True).start()
        self._relay(server, client, True)

    def _relay(self, source: socket.socket, target: socket.socket, cuts: bool) -> None:
        try:
            while data := source.recv(65536):
                half = len(data) // 2 if cuts else 0
                if half:
                    target.sendall(data[:half])
                    time.sleep(_PAUSE_S)
                target.sendall(data[half:])
        except OSError:  # closed
            return
