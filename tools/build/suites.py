"""Run all suites of `make test` one after the other, whatever fails, and sum up at the end.

`python -m tools.build.suites [--workers N] [-- WORDS for pytest]`; the exit status is 1 if a test
failed or a suite did not run to its end.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.build import interrupt

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "test-results"
LOOK_BACK = "tests_device/test_all_seen.py"


def conversations(bits: int) -> tuple[str, ...]:
    """Return pytest's words for all conversations; what ran is noted for the look back."""
    return ("tests_device", "--bits", str(bits), "--notes", str(_notes(bits)))


def look_back(bits: int) -> tuple[str, ...]:
    """Return pytest's words for the look at what the conversations have shown, by one process."""
    return (LOOK_BACK, "--bits", str(bits), "--notes", str(_notes(bits)), "-n", "0")


def _notes(bits: int) -> Path:
    return RESULTS / f"seen-{bits}.jsonl"


# Tests wait more than they compute: how many run at a time on each core.
_PER_CORE = {"tests_host": 3, "tests_device": 6}

# title, words for pytest
SUITES = (
    ("on this PC: tools, C core with sanitizers, protocol", ("tests_host",)),
    ("conversations with the simulated module, 64 bit", conversations(64)),
    ("was every command, form and error code among them? 64 bit", look_back(64)),
    ("conversations with the simulated module, 32 bit and the chip's heap", conversations(32)),
    ("was every command, form and error code among them? 32 bit", look_back(32)),
)
_NO_TESTS = 5  # pytest's exit status when nothing was selected


@dataclass
class Outcome:
    """What became of a suite."""

    title: str
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    broken: bool = False  # did not run to its end

    @property
    def good(self) -> bool:
        """Tell whether all that ran passed."""
        return not self.failed and not self.broken


def read(path: Path, outcome: Outcome) -> None:
    """Take counts and the names of failed tests from pytest's XML file."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in ET.parse(path).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            counts["failed"] += 1
            outcome.failed.append(f"{case.get('classname')}::{case.get('name')}")
        else:
            counts["skipped" if "skipped" in kinds else "passed"] += 1
    outcome.counts = counts


def run(
    number: int, title: str, words: tuple[str, ...], workers: int | None, more: list[str]
) -> Outcome:
    """Run one suite."""
    if workers is None:
        workers = _PER_CORE.get(words[0], 1) * (os.cpu_count() or 1)
    results = RESULTS / f"{number}.xml"
    results.unlink(missing_ok=True)
    print(f"[test] {title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "worksteal"]
    command += [f"--junitxml={results}", *words, *more]
    outcome = Outcome(title)
    start = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, env=_environment()).returncode
    outcome.seconds = time.monotonic() - start
    if results.exists():
        read(results, outcome)
    outcome.broken = status not in (0, 1, _NO_TESTS) or (status == 1 and not outcome.failed)
    return outcome


def _environment() -> dict[str, str]:
    """Return ours without what is make's: ARGS is for us, not for the targets that tests start."""
    makes = ("ARGS", "MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS")
    return {name: value for name, value in os.environ.items() if name not in makes}


def show(outcomes: list[Outcome]) -> None:
    """Print the sum of all, and the names of what failed."""
    table = Table("suite", "passed", "failed", "skipped", "time")
    for outcome in outcomes:
        counts = [str(outcome.counts.get(kind, "-")) for kind in ("passed", "failed", "skipped")]
        minutes, seconds = divmod(round(outcome.seconds), 60)
        table.add_row(outcome.title, *counts, f"{minutes} min {seconds:02} s")
    console = Console(highlight=False)
    console.print(table)
    for outcome in outcomes:
        for name in outcome.failed:
            console.print(f"[test] failed: {name}", markup=False, soft_wrap=True)
        if outcome.broken:
            console.print(f"[test] did not run to its end: {outcome.title}", markup=False)
    good = all(outcome.good for outcome in outcomes)
    console.print(
        f"[test] {'all that ran passed' if good else 'there are failures'}", markup=False
    )


def main(arguments: list[str] | None = None) -> int:
    """Run all suites; 1 if something failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.build.suites", description=__doc__)
    parser.add_argument("--workers", type=int, help="tests at a time (default: 3 to 6 a core)")
    parser.add_argument("more", nargs="*", help="words for pytest, behind --")
    given = parser.parse_args(arguments)
    # Background jobs of a script ignore Ctrl-C, and so would the tools whose tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for old in RESULTS.glob("seen-*.jsonl"):
        old.unlink()
    outcomes: list[Outcome] = []
    try:
        for number, (title, words) in enumerate(SUITES):
            outcomes.append(run(number, title, words, given.workers, given.more))
    except KeyboardInterrupt:
        print("\n[test] ended by Ctrl-C", file=sys.stderr)
        show(outcomes)
        return 130
    show(outcomes)
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
