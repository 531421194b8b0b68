"""UDP sockets of the world's servers, on unprivileged ports of the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Callable

from tools.simulator.loop import READ, Loop


class Datagrams:
    """Owns the sockets of a server, and when they are read."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._sockets: list[socket.socket] = []

    def open(self, family: int, receive: Callable[[socket.socket], None]) -> int | None:
        """Open one more and return its port; None without IPv6 on this PC.

        `receive` is called with the socket when there is something to read.
        """
        sock = open_socket(family)
        if sock is None:
            return None
        self._sockets.append(sock)
        self._loop.watch(sock.fileno(), READ, lambda _: receive(sock))
        port: int = sock.getsockname()[1]
        return port

    def close(self) -> None:
        """Close them."""
        for sock in self._sockets:
            self._loop.watch(sock.fileno(), 0, lambda _: None)
            sock.close()
        self._sockets.clear()


def open_socket(family: int) -> socket.socket | None:
    """Return a UDP socket on a free port of the loopback interface; None without IPv6."""
    sock = None
    try:
        sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("::1" if family == 6 else "127.0.0.1", 0))
    except OSError:
        if sock is not None:
            sock.close()
        return None
    sock.setblocking(False)
    return sock
