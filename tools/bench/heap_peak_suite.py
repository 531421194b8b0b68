"""heap_peak_suite: the smallest GC heap with which the whole conformance suite passes, 32 bit.

What is in use at a moment cannot be told from what waits to be collected, so the heap itself is
made smaller, in steps of 4 KB down from the chip's 40, until the suite fails twice in a row.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.bench.result import Bench, Result

KEY = "heap_peak_suite"
_ROOT = Path(__file__).resolve().parents[2]
_SIZES_KB = range(40, 20, -4)


def run(_bench: Bench | None) -> Result:
    """Run the suite with ever smaller heaps."""
    passed = None
    note = ""
    for size in _SIZES_KB:
        failure = first_failure(size) and first_failure(size)
        if failure:
            note = f", not {failure} with {size}"
            break
        passed = size
    if passed is None:
        raise RuntimeError(f"the suite fails with the chip's own heap{note}")
    return Result(passed * 1024, "bytes", note=f"every test passes with {passed} KB{note}")


def first_failure(size_kb: int) -> str | None:
    """Return the name of a test that fails with so much heap, or None."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests_device", "-n", "4", "--dist", "worksteal"),
            *("--bits", "32", "--heap", f"{size_kb}k", "-x"),
        ],
        cwd=_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) \S*::(\S+)", done.stdout, re.MULTILINE)
    return found[1] if found else f"pytest (exit status {done.returncode})"
