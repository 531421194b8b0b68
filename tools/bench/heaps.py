"""Are the heaps of a module flat over a long run? What the soaks measure, and how they judge it.

The GC heap is what a user command tells after a collection, the C heap the anonymous memory of the
process; both are compared with what they were when a tenth was done.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.bench.result import Result
from tools.host.atclient import Module
from tools.host.simprocess import Simulator

_STEPS = 10  # measurements, the first is the reference
_MOST_GC = 512  # bytes that may differ: what a collection finds depends on the moment
_MOST_C = 32768  # pages that a fragmented heap touches
USER_FILE = """\
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
    for _ in range(10):  # tasks that were cancelled come to their end, one after the other
        await asyncio.sleep_ms(1)
    gc.collect()
    at.reply(gc.mem_alloc())
"""


@dataclass(frozen=True)
class Heaps:
    """Bytes in use, and open descriptors."""

    gc: int
    c: int
    files: int


def repeat(
    simulator: Simulator,
    module: Module,
    cycle: Callable[[int], None],
    cycles: int,
    tell: Callable[[float], None],
) -> list[Heaps]:
    """Run cycle(number) so many times; return what was measured at each tenth.

    `tell` is told the share that is done.
    """
    measured = []
    for done in range(cycles):
        cycle(done)
        tell((done + 1) / cycles)
        if (done + 1) % max(cycles // _STEPS, 1) == 0:
            measured.append(measure(simulator, module))
    return measured


def measure(simulator: Simulator, module: Module) -> Heaps:
    """Ask module (it needs USER_FILE) and system."""
    used = int(module.ok("AT+HEAPUSED?")[0].partition(":")[2])
    process = Path("/proc", str(simulator.act("status")["pid"]))
    anonymous = re.search(r"RssAnon:\s+(\d+) kB", (process / "status").read_text())
    assert anonymous, "the system does not tell"
    return Heaps(used, int(anonymous[1]) * 1024, len(os.listdir(process / "fd")))


def judge(measured: list[Heaps], what: str) -> Result:
    """Compare the last measurement with the first; RuntimeError if something grew."""
    first, last = measured[0], measured[-1]
    gc_more, c_more = last.gc - first.gc, last.c - first.c
    note = f"{what}: GC {first.gc} to {last.gc}, C {first.c} to {last.c} bytes"
    if gc_more > _MOST_GC or c_more > _MOST_C or last.files > first.files:
        raise RuntimeError(f"not flat: {note}; descriptors {first.files} to {last.files}")
    return Result(max(gc_more, 0) + max(c_more, 0), "bytes", note=note)
