"""What the fuzzed module can open links to: a TCP echo and a UDP echo on loopback."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _TCPEcho(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Send back what comes until the other end closes or stops reading."""
        self.request.settimeout(20)
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class _UDPEcho(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Send one datagram back."""
        data, sock = self.request
        with contextlib.suppress(OSError):
            sock.sendto(data, self.client_address)


class _TCPServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a fuzzed peer may do as it likes."""


@contextmanager
def echo_servers() -> Iterator[tuple[int, int]]:
    """Run both servers and give their ports (TCP, UDP)."""
    with (
        _TCPServer(("127.0.0.1", 0), _TCPEcho) as tcp,
        socketserver.UDPServer(("127.0.0.1", 0), _UDPEcho) as udp,
    ):
        assert udp.address_family == socket.AF_INET
        for server in (tcp, udp):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield tcp.server_address[1], udp.server_address[1]
        finally:
            tcp.shutdown()
            udp.shutdown()
