"""at_roundtrip: median time from writing `AT` CR LF to the last byte of its answer, echo on.

Peer: the same four bytes through a pty whose other end is `cat`. Both take turns in slices of
the same run, so that a busy PC slows both.
"""

from __future__ import annotations

import os
import pty
import subprocess
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from tools.bench.result import Bench, Result, median

KEY = "at_roundtrip"
_SLICES = 9
_ROUNDS = 300  # in each slice
_LINE = b"AT\r\n"
_ANSWER = b"AT\r\n\r\nOK\r\n"


def run(bench: Bench) -> Result:
    """Measure module and peer in turns."""
    ours: list[float] = []
    peers: list[float] = []
    with bench.simulator().start(erase=True) as simulator, _cat() as peer:
        port = os.open(simulator.link, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(port)
        try:
            _slice(port, _ANSWER)  # warm up
            for _ in range(_SLICES):
                ours.append(median(_slice(port, _ANSWER)))
                peers.append(median(_slice(peer, _LINE)))
        finally:
            os.close(port)
    note = f"{_SLICES} x {_ROUNDS} round trips, slices {min(ours)} to {max(ours)}"
    return Result(median(ours), "us", median(peers), note)


def _slice(port: int, answer: bytes) -> list[float]:
    """Return the times of some round trips in microseconds."""
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter_ns()
        os.write(port, _LINE)
        got = os.read(port, 64)
        while len(got) < len(answer):
            got += os.read(port, 64)
        times.append((time.perf_counter_ns() - start) / 1000)
        if got != answer:
            raise RuntimeError(f"expected {answer!r}, got {got!r}")
    return times


@contextmanager
def _cat() -> Iterator[int]:
    """Run `cat` on one end of a pty and give the other end."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    with subprocess.Popen(["cat"], stdin=master, stdout=master) as process:
        try:
            yield slave
        finally:
            process.terminate()
            os.close(slave)
            os.close(master)
