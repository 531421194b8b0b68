"""heap_after_boot: bytes of the GC heap in use once the module is ready, 32-bit build.

A user file (user/*.py in the module's file system, imported at the end of the boot) collects
garbage and prints gc.mem_alloc() to the log port; its own few objects are counted with the rest.
Peer: the build before, if BEFORE names it.
"""

from __future__ import annotations

import re
from pathlib import Path

from tools.bench import before
from tools.bench.result import Bench, Result
from tools.host.simprocess import ROOT

KEY = "heap_after_boot"
_SCRIPT = """\
import asyncio
import gc


async def measure():
    await asyncio.sleep_ms(50)
    gc.collect()
    print("heap after boot:", gc.mem_alloc(), gc.mem_free())


asyncio.create_task(measure())
"""
_LINE = re.compile(r"heap after boot: (\d+) (\d+)\n")


def run(bench: Bench) -> Result:
    """Boot with the user file and read its line."""
    used, free = measure(bench, ROOT)
    peer = before.checkout()
    theirs = measure(bench, peer)[0] if peer else None
    return Result(used, "bytes", theirs, f"{free} free of {used + free}")


def measure(bench: Bench, checkout: Path) -> tuple[int, int]:
    """Return the bytes in use and free in a checkout's module."""
    simulator = bench.simulator(bits=32, checkout=checkout)
    simulator.put_user_file("heap.py", _SCRIPT)
    with simulator.start():
        found = _LINE.search(simulator.wait_log("heap after boot:"))
    if not found:
        raise RuntimeError("the user file was not run: " + simulator.log_text()[-500:])
    return int(found[1]), int(found[2])
