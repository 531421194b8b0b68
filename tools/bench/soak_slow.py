"""soak_slow: MB/s of 64 MiB each way at once, host and peer stop and go; 32-bit build.

Both writers and both readers pause at random, so that each queue on the way is full and empty
again many times. What arrives is compared by SHA-256. SOAK_SLOW_BYTES sets how many bytes.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from tools.bench import flow, heaps
from tools.bench.result import Bench, Result
from tools.host.atclient import Module

KEY = "soak_slow"
BYTES = int(os.environ.get("SOAK_SLOW_BYTES", str(64 << 20)))
_PIECE = 65536
_GOES = 1 << 20  # most bytes between two stops
_STOPS_S = (0.0, 0.01, 0.05, 0.3, 1.0)
_LINKS = 10  # one after the other
_LIMIT_S = 3600.0


def content(seed: int, count: int) -> Iterator[bytes]:
    """Yield so many bytes, for each seed the same, without a plus: those would end the mode."""
    luck = random.Random(seed)
    while count:
        piece = luck.randbytes(min(count, _PIECE)).replace(b"+", b"-")
        yield piece
        count -= len(piece)


class Pace:
    """Somebody who stops now and then."""

    def __init__(self, seed: int) -> None:
        self._luck = random.Random(seed)
        self._left = 0

    def went(self, count: int) -> None:
        """So many bytes were moved; stop if it is time to."""
        self._left -= count
        if self._left <= 0:
            time.sleep(self._luck.choice(_STOPS_S))
            self._left = self._luck.randint(1, _GOES)


def write(send: Callable[[memoryview], None], seed: int, count: int) -> None:
    """Send the content of a seed, at a pace."""
    pace = Pace(seed)
    for piece in content(seed, count):
        send(memoryview(piece))
        pace.went(len(piece))


def read(receive: Callable[[int], bytes], seed: int, count: int) -> str:
    """Read so many bytes at a pace; return their SHA-256."""
    pace, digest = Pace(seed), hashlib.sha256()
    while count and (piece := receive(min(count, _PIECE))):
        digest.update(piece)
        count -= len(piece)
        pace.went(len(piece))
    return digest.hexdigest()


def digest_of(seed: int, count: int) -> str:
    """Return the SHA-256 of the content of a seed."""
    digest = hashlib.sha256()
    for piece in content(seed, count):
        digest.update(piece)
    return digest.hexdigest()


def run(bench: Bench, count: int = BYTES) -> Result:
    """Move the bytes over some links in turn; RuntimeError if others arrive or a heap grows."""
    simulator = bench.simulator(bits=32)
    simulator.put_user_file("heap.py", heaps.USER_FILE)
    with simulator.start(erase=True), simulator.module() as module:
        module.echo_off()
        flow.join(module)
        start = time.perf_counter()
        measured = heaps.repeat(
            simulator,
            module,
            lambda number: transfer(module, number, count // _LINKS),
            _LINKS,
            bench.tell,
        )
        taken = time.perf_counter() - start
    flat = heaps.judge(measured, f"{count} bytes each way in {taken:.0f} s, SHA-256 equal")
    return Result(round(2 * count / taken / 1e6, 2), "MB/s", note=flat.note)


def transfer(module: Module, number: int, count: int) -> None:
    """Open a link, move so many bytes each way in passthrough, close it."""
    outward, inward = 2 * number, 2 * number + 1
    digests: dict[int, str] = {}
    with flow.listener() as accept, flow.raw_port(module) as port:
        peer = flow.accepted(accept, lambda at: module.ok(f'AT+CIPSTART="TCP","127.0.0.1",{at}'))
        flow.enter_passthrough(module)

        def run(act: Callable[[], None]) -> None:
            with suppress(OSError):  # the module was ended; else a digest is missing
                act()

        def note(receive: Callable[[int], bytes], seed: int) -> None:
            digests[seed] = read(receive, seed, count)

        acts = (
            lambda: write(flow.port_writer(port), outward, count),
            lambda: write(peer.sendall, inward, count),
            lambda: note(peer.recv, outward),
            lambda: note(lambda size: os.read(port, size), inward),
        )
        threads = [threading.Thread(target=run, args=(act,), daemon=True) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_LIMIT_S)
        module.leave_passthrough()
        module.resync()
        module.ok("AT+CIPMODE=0")
        module.ok("AT+CIPCLOSE")
        peer.close()
    if digests != {seed: digest_of(seed, count) for seed in (outward, inward)}:
        raise RuntimeError(f"other bytes arrived than were sent: {digests}")
