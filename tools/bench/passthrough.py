"""passthrough_rx, passthrough_tx, tls_passthrough_rx: MB/s between a peer and the host.

rx is from the peer through the module to the host, tx the other way. Peer: socat between a pty and
TCP, or OPENSSL, the same way. The module has the TLS of the chip: Mbed TLS with 1.2.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import SimpleNamespace

from tools.bench import flow
from tools.bench.result import Bench, Result

Push = Callable[[int, socket.socket, int], bytes]  # of (port, its peer, how many bytes)


def _receive(port: int, peer: socket.socket, count: int) -> bytes:
    return flow.push(peer.sendall, count, flow.port_reader(port))


def _send(port: int, peer: socket.socket, count: int) -> bytes:
    return flow.push(flow.port_writer(port), count, flow.collector(peer.recv))


def _benchmark(key: str, push: Push, secure: bool = False) -> SimpleNamespace:
    def run(bench: Bench) -> Result:
        with flow.rivals(bench, secure) as (module, ours, pty, theirs):
            flow.enter_passthrough(module)
            with flow.raw_port(module) as port:
                return flow.compare(lambda n: push(port, ours, n), lambda n: push(pty, theirs, n))

    return SimpleNamespace(KEY=key, run=run)


TX = _benchmark("passthrough_tx", _send)
RX = _benchmark("passthrough_rx", _receive)
TLS_RX = _benchmark("tls_passthrough_rx", _receive, secure=True)
