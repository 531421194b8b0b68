"""heap_size: bytes of the fixed GC heap that the simulated module of 32 bits boots with.

It is the chip's (a test holds it against the board's configuration). Peer: the build before, if
BEFORE names it.
"""

from __future__ import annotations

import re
from pathlib import Path

from tools.bench import before
from tools.bench.result import Bench, Result
from tools.host.simprocess import ROOT

KEY = "heap_size"
_OPTION = re.compile(rb"heapsize=(\d+)k\0")


def run(bench: Bench) -> Result:
    """Look at the command line of a booted module's process."""
    peer = before.checkout()
    theirs = heap_of(bench, peer) if peer else None
    return Result(heap_of(bench, ROOT), "bytes", theirs)


def heap_of(bench: Bench, checkout: Path) -> int:
    """Return the heap that a checkout's module gets without --heap."""
    with bench.simulator(bits=32, checkout=checkout).start() as simulator:
        command = Path("/proc", str(simulator.act("status")["pid"]), "cmdline").read_bytes()
    found = _OPTION.search(command)
    if not found:
        raise RuntimeError(f"no heap size in {command!r}")
    return int(found[1]) * 1024
