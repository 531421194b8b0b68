"""soak: bytes by which the heaps grow over SOAK_CYCLES (100,000) links, 32-bit build.

A cycle is AT+CIPSTART, AT+CIPSEND of a block, AT+CIPCLOSE; every tenth link is a TLS one. The
peer checks each block and resets its end, so that no link waits in TIME_WAIT. `make soak` runs it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress

from tools.bench import flow, heaps
from tools.bench.cipsend_tx import expect
from tools.bench.result import Bench, Result
from tools.peers import servers
from tools.peers.secure import wrap

KEY = "soak"
CYCLES = int(os.environ.get("SOAK_CYCLES", "100000"))
_TLS_EVERY = 10
_LIMIT_S = 10.0  # for the last block to arrive
_RESET = b"\1\0\0\0\0\0\0\0"


class Peer:
    """Two listeners, plain and TLS, and the blocks that came."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._context = servers.server_context()
        self._servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.ports = [server.getsockname()[1] for server in self._servers]
        for server, is_tls in zip(self._servers, (False, True), strict=True):
            threading.Thread(target=self._serve, args=(server, is_tls), daemon=True).start()

    def check(self, count: int) -> None:
        """Listen no longer; RuntimeError if other blocks came than the cycles sent."""
        until = time.monotonic() + _LIMIT_S
        while len(self._blocks) < count and time.monotonic() < until:
            time.sleep(0.01)
        for server in self._servers:
            server.close()
        if sorted(self._blocks) != sorted(block_of(number) for number in range(count)):
            raise RuntimeError(f"of {count} blocks {len(self._blocks)} arrived, or other ones")

    def _serve(self, server: socket.socket, is_tls: bool) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:  # closed
                return
            with suppress(OSError):  # the module was ended; else check() misses the block
                self._blocks.append(self._take(client, is_tls))

    def _take(self, client: socket.socket, is_tls: bool) -> bytes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with wrap(self._context, client, server_side=True) if is_tls else client as sock:
            block = b""
            while piece := sock.recv(4096):
                block += piece
            return block


def run(bench: Bench, cycles: int = CYCLES) -> Result:
    """Run all cycles; RuntimeError if a block was lost or a heap is not flat."""
    simulator = bench.simulator(bits=32)
    simulator.put_user_file("heap.py", heaps.USER_FILE)
    peer = Peer()
    with simulator.start(erase=True), simulator.module() as module:
        module.echo_off()
        flow.join(module)
        with flow.raw_port(module) as port:
            measured = heaps.repeat(
                simulator, module, lambda number: cycle(port, peer, number), cycles, bench.tell
            )
    peer.check(cycles)
    return heaps.judge(measured, f"{cycles} links, {cycles // _TLS_EVERY} of them TLS")


def cycle(port: int, peer: Peer, number: int) -> None:
    """Open, send, close; return when the peer has noticed."""
    is_tls = number % _TLS_EVERY == _TLS_EVERY - 1
    block = block_of(number)
    kind = "SSL" if is_tls else "TCP"
    os.write(port, b'AT+CIPSTART="%s","127.0.0.1",%d\r\n' % (kind.encode(), peer.ports[is_tls]))
    expect(port, b"CONNECT\r\n\r\nOK\r\n")
    os.write(port, b"AT+CIPSEND=%d\r\n" % len(block))
    expect(port, b"\r\nOK\r\n\r\n>")
    os.write(port, block)
    expect(port, b"\r\nRecv %d bytes\r\n\r\nSEND OK\r\n" % len(block))
    os.write(port, b"AT+CIPCLOSE\r\n")
    expect(port, b"CLOSED\r\n\r\nOK\r\n")


def block_of(number: int) -> bytes:
    """Return what the cycle sends."""
    return b"block %d " % number * (1 + number % 7)
