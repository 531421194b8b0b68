"""passive_reads_64: reads of 64 bytes in passive mode a second, a host library in a loop.

The peer has sent more than the window holds; the host asks for 64 bytes at each notice. 32-bit
build, as on the chip. Peer: the build before, if BEFORE names it; both take turns in slices of one
run, so that a busy PC slows both. No module can beat the round trip of a pty, which is the peer of
at_roundtrip.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from tools.bench import before, passive_rx, scenes
from tools.bench.result import Bench, Result, median
from tools.host.simprocess import ROOT

KEY = "passive_reads_64"
_SLICES = 9
_READS = 300  # in each slice


def run(bench: Bench) -> Result:
    """Measure ours and the build before in turns."""
    peer = before.checkout()
    checkouts = [ROOT, *([peer] if peer else [])]
    rates: list[list[float]] = [[] for _ in checkouts]
    with ExitStack() as stack:
        hosts = [_passive_host(bench, checkout, stack) for checkout in checkouts]
        for _ in range(_SLICES):
            for host, rate in zip(hosts, rates, strict=True):
                rate.append(_slice(host))
    theirs = median(rates[1]) if peer else None
    note = f"{_SLICES} x {_READS} x 64 bytes, {min(rates[0]):.0f} to {max(rates[0]):.0f}"
    return Result(median(rates[0]), "1/s", theirs, note)


def _passive_host(bench: Bench, checkout: Path, stack: ExitStack) -> scenes.Host:
    simulator = bench.simulator(bits=32, checkout=checkout).start(erase=True)
    stack.enter_context(simulator)
    module = stack.enter_context(simulator.module())
    host = stack.enter_context(scenes.host_of(module))
    scenes.SCENES["recvdata_64"].prepare(host)
    _slice(host)  # warm up
    return host


def _slice(host: scenes.Host) -> float:
    """Return how many reads a second it took to read all that was sent."""
    left = _READS * len(scenes.BLOCK)
    reads = 0
    host.peer.sendall(scenes.BLOCK * _READS)
    reader = passive_rx.Reader(host.port, b"AT+CIPRECVDATA=%d\r\n" % len(scenes.BLOCK))
    start = time.perf_counter()
    while left:
        left -= len(reader.ask())
        reads += 1
    return reads / (time.perf_counter() - start)
