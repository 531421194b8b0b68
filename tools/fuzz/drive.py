"""Send bursts to a module and judge what it does.

Owns the verdict: after each burst the module must come back to commands and answer AT with OK,
must not restart unless the burst asked for it, and its log must be free of sanitizer reports,
crashes and unexpected exceptions.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from pathlib import Path

from tools.atclient import ATMismatch, Module, show
from tools.fuzz.bursts import Burst
from tools.simprocess import Simulator

_RESTARTS = re.compile(rb"AT\+(RST|RESTORE|GSLP=|SYSROLLBACK)")
_READY = b"\r\nready\r\n"
_BAD_LOG = re.compile(
    r"AddressSanitizer|UndefinedBehavior|LeakSanitizer|runtime error:|crashed|failed unexpectedly"
)
_EXPECTED_LOG = re.compile(r"MemoryError")  # 88 KB of heap may run out; the answer is ERROR
_KEPT = 20  # bursts that are saved with a failing one, since state can build up
_ATTEMPTS = 40


class FuzzFailure(Exception):
    """The module did something it must not; the message says what."""


class Driver:
    """Fuzz one simulated module."""

    def __init__(self, simulator: Simulator, module: Module) -> None:
        self._simulator = simulator
        self._module = module
        self._recent: deque[Burst] = deque(maxlen=_KEPT)
        self._log_seen = 0
        self.bursts = 0
        self.restarts = 0
        self.sent_bytes = 0

    def run(self, burst: Burst) -> None:
        """Send a burst and check that the module survived it; raise FuzzFailure otherwise."""
        self._recent.append(burst)
        self.bursts += 1
        self._module.log.clear()
        try:
            for pause_ms, data in burst.chunks:
                if pause_ms:
                    time.sleep(pause_ms / 1000)
                self._module.write(data)
                self.sent_bytes += len(data)
            self._come_back(burst)
        except (ATMismatch, OSError) as problem:
            self.check_log()
            raise FuzzFailure(f"after burst {burst.number} ({burst.kind}): {problem}") from None
        self.check_log()

    def check_log(self) -> None:
        """Raise FuzzFailure if the log port shows that something is broken."""
        text = self._simulator.log_text()
        new, self._log_seen = text[self._log_seen :], len(text)
        for found in _BAD_LOG.finditer(new):
            before = 1500 if found[0] == "crashed" else 100  # the traceback comes first
            report = new[max(0, found.start() - before) : found.start() + 2500]
            if found[0] == "crashed" or not _EXPECTED_LOG.search(report[:1000]):
                raise FuzzFailure(f"in the log:\n{report}")
        if not self._simulator.running:
            raise FuzzFailure("the simulator itself ended")

    def alive(self) -> bool:
        """Tell whether the module can go on after a failure."""
        try:
            self._module.resync()
        except (ATMismatch, OSError):
            return False
        return self._simulator.running

    def save(self, folder: Path, seed: int) -> Path:
        """Write the last bursts as JSON lines, for --replay."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"failure-{seed}-{self._recent[-1].number}.jsonl"
        with path.open("w") as out:
            for burst in self._recent:
                chunks = [[pause, data.hex()] for pause, data in burst.chunks]
                entry = {"number": burst.number, "kind": burst.kind, "chunks": chunks}
                out.write(json.dumps(entry) + "\n")
        return path

    def _come_back(self, burst: Burst) -> None:
        """End whatever the burst left open, then prove that AT is answered by OK.

        What was left open can be half a line, a data phase of unknown length, passthrough or a
        message filter that swallows OK.
        """
        module, may_restart = self._module, bool(_RESTARTS.search(burst.data))
        heard = bytearray()
        for attempt in range(_ATTEMPTS):
            heard += module.quiet(15)
            if attempt % 4 == 2:
                time.sleep(0.05)  # guard times of passthrough
                module.write(b"+++")
                heard += module.quiet(60)
            if attempt:
                module.write(b"AT\r\n" * min(8**attempt, 4096))
                heard += module.quiet(30 * attempt)
            module.write(b"\r\nAT+SYSMSGFILTER=0\r\n")
            heard += module.quiet(30)
            module.send("AT")
            try:
                heard += module.read_until(b"\r\nOK\r\n", 0.1 * (attempt + 1))
            except ATMismatch:
                heard += module.take(len(module.buffer))
                continue
            rest = module.quiet(10)
            heard += rest
            if not rest:
                break
        else:
            raise FuzzFailure(f"AT is not answered after burst {burst.number} ({burst.kind})")
        self._count_restarts(bytes(heard), may_restart, burst)

    def _count_restarts(self, heard: bytes, may_restart: bool, burst: Burst) -> None:
        count = heard.count(_READY)
        if count and not may_restart:
            raise FuzzFailure(
                f"the module restarted after burst {burst.number} ({burst.kind}):\n"
                f"{show(heard[-1000:])}"
            )
        self.restarts += count


def load(path: Path) -> list[Burst]:
    """Read bursts saved by a failing run."""
    bursts = []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        chunks = [(pause, bytes.fromhex(data)) for pause, data in entry["chunks"]]
        bursts.append(Burst(entry["number"], entry["kind"], chunks))
    return bursts
