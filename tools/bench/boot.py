"""boot: milliseconds from the start of the firmware's process to `ready` on UART1.

Measured at a power cycle of a running simulator, with the flash of an earlier start: from the
moment the old process is told to go, so the number is a little larger than the plain start.
"""

from __future__ import annotations

import time

from tools.bench.result import Bench, Result, median

KEY = "boot"
_STARTS = 9


def run(bench: Bench) -> Result:
    """Measure some power cycles."""
    times = []
    with bench.simulator().start(erase=True) as simulator, simulator.module() as module:
        for _ in range(_STARTS):
            module.quiet(50)
            start = time.perf_counter()
            simulator.act("power_cycle")
            module.wait_ready()
            times.append((time.perf_counter() - start) * 1000)
    note = f"{_STARTS} power cycles, {min(times):.0f} to {max(times):.0f}"
    return Result(median(times, 1), "ms", note=note)
