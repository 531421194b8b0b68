"""soak: bytes by which the heaps grow over SOAK_CYCLES (100,000) links, 32-bit build.

A cycle is AT+CIPSTART, AT+CIPSEND of a block, AT+CIPCLOSE; every fiftieth link is a TLS one. The
peer checks each block and resets its end, so that no link waits in TIME_WAIT. The GC heap is what
a user command tells after a collection, the C heap the anonymous memory of the process; both are
compared with what they were when a tenth was done. `make soak` runs it.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tools.bench import flow
from tools.bench.cipsend_tx import expect
from tools.bench.result import Bench, Result
from tools.host.simprocess import Simulator
from tools.peers import servers

KEY = "soak"
CYCLES = int(os.environ.get("SOAK_CYCLES", "100000"))
_TLS_EVERY = 50
_STEPS = 10  # measurements, the first is the reference
_MOST_GC = 512  # bytes that may differ: what a collection finds depends on the moment
_MOST_C = 32768  # pages that a fragmented heap touches
_LIMIT_S = 10.0  # for the last block to arrive
_RESET = b"\1\0\0\0\0\0\0\0"
_HEAP = """\
import asyncio, gc
import atnet
from at.command import command

USED = command("+HEAPUSED", "Bytes of the GC heap in use")


@USED.query
async def used_query(at):
    for _ in range(500):
        if not atnet.closing():  # of the last link: in the background
            break
        await asyncio.sleep_ms(10)
    gc.collect()
    at.reply(gc.mem_alloc())
"""


@dataclass(frozen=True)
class Heaps:
    """Bytes in use, and open descriptors."""

    gc: int
    c: int
    files: int


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
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with self._context.wrap_socket(client, server_side=True) if is_tls else client as sock:
                block = b""
                while piece := sock.recv(4096):
                    block += piece
                self._blocks.append(block)


def run(bench: Bench, cycles: int = CYCLES) -> Result:
    """Run all cycles; RuntimeError if a block was lost or a heap is not flat."""
    simulator = bench.simulator(bits=32)
    simulator.put_user_file("heap.py", _HEAP)
    peer = Peer()
    measured = []
    with simulator.start(erase=True), simulator.module() as module:
        module.echo_off()
        flow.join(module)
        with flow.raw_port(module) as port:
            for done in range(cycles):
                cycle(port, peer, done)
                bench.tell((done + 1) / cycles)
                if (done + 1) % (cycles // _STEPS) == 0:
                    measured.append(measure(simulator, port))
    peer.check(cycles)
    return judge(measured, cycles)


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


def measure(simulator: Simulator, port: int) -> Heaps:
    """Ask module and system."""
    os.write(port, b"AT+HEAPUSED?\r\n")
    answer = b""
    while not answer.endswith(b"OK\r\n"):
        answer += os.read(port, 100)
    process = Path("/proc", str(simulator.act("status")["pid"]))
    anonymous = re.search(r"RssAnon:\s+(\d+) kB", (process / "status").read_text())
    assert anonymous, "the system does not tell"
    used = int(answer.partition(b":")[2].split()[0])
    return Heaps(used, int(anonymous[1]) * 1024, len(os.listdir(process / "fd")))


def judge(measured: list[Heaps], cycles: int) -> Result:
    """Compare the last measurement with the first."""
    first, last = measured[0], measured[-1]
    gc_more, c_more = last.gc - first.gc, last.c - first.c
    note = f"{cycles} links: GC {first.gc} to {last.gc}, C {first.c} to {last.c} bytes"
    if gc_more > _MOST_GC or c_more > _MOST_C or last.files > first.files:
        raise RuntimeError(f"not flat: {note}; descriptors {first.files} to {last.files}")
    return Result(max(gc_more, 0) + max(c_more, 0), "bytes", note=note)
