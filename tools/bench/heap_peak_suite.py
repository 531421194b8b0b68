"""heap_peak_suite: the smallest GC heap with which the whole conformance suite passes, 32 bit.

What is in use at a moment cannot be told from what waits to be collected, so the heap itself is
made smaller, in steps of 8 KB down from the chip's 88, until a test fails.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.bench.result import Bench, Result

KEY = "heap_peak_suite"
_ROOT = Path(__file__).resolve().parents[2]
_SIZES_KB = range(88, 56, -8)


def run(_bench: Bench) -> Result:
    """Run the suite with ever smaller heaps."""
    passed = None
    for size in _SIZES_KB:
        if not _passes(size):
            break
        passed = size
    if passed is None:
        raise RuntimeError("the suite fails with the chip's own heap")
    return Result(passed * 1024, "bytes", note=f"every test passes with {passed} KB")


def _passes(size_kb: int) -> bool:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests_device", "-n", "4", "--dist", "worksteal"),
            *("--bits", "32", "--heap", f"{size_kb}k", "-x"),
        ],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    return done.returncode == 0
