"""heap_after_boot: bytes of the GC heap in use once the module is ready, 32-bit build.

A user file (user/*.py in the module's file system, imported at the end of the boot) collects
garbage and prints gc.mem_alloc() to the log port; its own few objects are counted with the rest.
"""

from __future__ import annotations

import re

from tools.bench.result import Bench, Result

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
    simulator = bench.simulator(bits=32)
    simulator.put_user_file("heap.py", _SCRIPT)
    with simulator.start():
        found = _LINE.search(simulator.wait_log("heap after boot:"))
    if not found:
        raise RuntimeError("the user file was not run: " + simulator.log_text()[-500:])
    used, free = int(found[1]), int(found[2])
    return Result(used, "bytes", note=f"{free} free of {used + free}")
