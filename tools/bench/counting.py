"""Count what the 32-bit firmware's process executes: instructions, allocations, collections.

Callgrind runs under the whole life of the process; its counters are set to zero before a stretch
of work and dumped behind it, so a count holds no boot. It hardly depends on how busy the PC is.
What the C of the imitated chip executes (its NVS, its flash) is taken off: on the chip that is
ESP-IDF's own business. So is the arithmetic of AES-GCM, for which the chip has hardware.
The simulator puts what the environment variable ATSIM_WRAP says in front of the firmware's command
line.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.host.atclient import Module
from tools.host.simprocess import ROOT, Simulator

LIMIT_S = 120.0
_SETTLE_S = 0.2  # for the loop to come to rest; its idling costs next to nothing
_TOTAL = re.compile(r"^totals: (\d+)", re.MULTILINE)
_CALLED = re.compile(r"cfn=\((\d+)\)(?: (.*))?")
_NAMED = re.compile(r"c?fn=\((\d+)\) (.+)")
_FILE = re.compile(r"(c?f[lie])=\((\d+)\)(?: (.*))?")
# In the paths of files that stand for the chip.
_IMITATED = re.compile(r"/simchip/|/mbedtls/library/(aes|gcm)\.c$")
_ALLOCATE = "gc_alloc"  # of MicroPython's py/gc.c
_COLLECT = "gc_collect_start"


@dataclass(frozen=True)
class Counts:
    """What one stretch of work cost."""

    instructions: int
    allocations: int
    collections: int


class Counting:
    """A simulated module whose process counts."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator = simulator
        self._folder = folder
        self._pipes = _pipes(folder)
        self._pid = int(simulator.act("status")["pid"])

    def count(self, work: Callable[[], object]) -> Counts:
        """Do the work and return its cost, that of the loop's coming to rest included."""
        time.sleep(_SETTLE_S)
        self._tell("zero")
        work()
        time.sleep(_SETTLE_S)
        before = self._dumps()
        self._tell("dump")
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            for path in self._dumps() - before:
                if counts := read(path):
                    path.write_text("")
                    return counts
            time.sleep(0.02)
        raise RuntimeError("callgrind wrote no result")

    def _tell(self, what: str) -> None:
        command = ["vgdb", f"--vgdb-prefix={self._pipes}", f"--pid={self._pid}", what]
        # Both name their pipes after the user and the host, and the firmware is not told either.
        done = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        if done.returncode:
            raise RuntimeError(f"callgrind does not take {what}: {done.stderr}")

    def _dumps(self) -> set[Path]:
        return set(self._folder.iterdir())


def _pipes(folder: Path) -> Path:
    """Return where valgrind listens; by itself it would ask for the user's name and not get it."""
    return folder.parent / "vgdb-pipe"


@contextmanager
def counted(folder: Path, checkout: Path = ROOT, lived: bool = False) -> Iterator[Counting]:
    """Give a booted module with blank flash that counts; `lived`: it has made its file system."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise RuntimeError("valgrind is not installed")
    dumps = folder / "callgrind"
    dumps.mkdir()
    tool = f"--tool=callgrind --callgrind-out-file={dumps}/out.%p"
    wrap = f"{valgrind} -q --vgdb-prefix={_pipes(dumps)} {tool}"
    simulator = Simulator(
        folder / "module", bits=32, environment={"ATSIM_WRAP": wrap}, checkout=checkout
    )
    if lived:
        young = Simulator(folder / "module", bits=32, checkout=checkout)
        with young.start(erase=True) as running, running.module() as module:
            module.ok('AT+FS=0,4,"."')
    with simulator.start(erase=not lived, timeout_s=LIMIT_S):
        yield Counting(simulator, dumps)


def at_rest(module: Module) -> None:
    """Wait until the start is over: what it does behind `ready` is done by the second answer."""
    for _ in range(2):
        module.ok("AT")
    module.quiet(300)


def read(path: Path) -> Counts | None:
    """Return the counts of a dump; None if it is not complete."""
    text = path.read_text(errors="replace")
    total = _TOTAL.search(text)
    if not total:
        return None
    calls = calls_of(text)
    return Counts(int(total[1]) - imitated(text), calls[_ALLOCATE], calls[_COLLECT])


def calls_of(text: str) -> Counter[str]:
    """Return how often each function was called. A dump names a function once, by number later."""
    names = dict(_NAMED.findall(text))
    calls: Counter[str] = Counter()
    called = ""
    for line in text.splitlines():
        if found := _CALLED.match(line):
            called = names.get(found[1], "")
        elif line.startswith("calls="):
            calls[called] += int(line[6:].split()[0])
    return calls


def imitated(text: str) -> int:
    """Return the instructions of functions that stand for the chip, with all that is inlined.

    A dump names a file once, by number later.
    """
    files: dict[str, str] = {}
    total = 0
    is_ours = True
    is_call = False  # the next line is what a call cost
    for line in text.splitlines():
        if found := _FILE.match(line):
            name = files.setdefault(found[2], found[3] or "")
            if found[1] == "fl":
                is_ours = not _IMITATED.search(name)
        elif line.startswith("calls="):
            is_call = True
        elif line[:1] in tuple("+-*0123456789"):
            if not is_call and not is_ours:
                total += int(line.split()[1])
            is_call = False
    return total
