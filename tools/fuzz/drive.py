"""Send bursts to a module and judge what it does.

Owns the verdict: after each burst the module must come back to commands and answer AT with OK,
must not restart unless the burst asked for it, and its log must be free of sanitizer reports,
crashes and unexpected exceptions.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter, deque
from pathlib import Path

from tools.build import partitions
from tools.fuzz.burst import Act, Burst, save
from tools.fuzz.peers import Peers
from tools.host.atclient import ATMismatch, Module
from tools.host.privacy import shown
from tools.host.simprocess import Simulator, SimulatorError

_RESTARTS = re.compile(rb"AT\+(RST|RESTORE|GSLP=|SYSROLLBACK)")
_POWER = frozenset(("power_cycle", "power_cut_after_flash_writes"))
_READY = b"\r\nready\r\n"
_BAD_LOG = re.compile(
    r"AddressSanitizer|UndefinedBehavior|LeakSanitizer|runtime error:|crashed|failed unexpectedly"
    r"|exception wasn't retrieved"
)
_NEVER = ("crashed", "exception wasn't retrieved")  # not for want of memory either
_EXPECTED_LOG = re.compile(r"MemoryError")  # 40 KB of heap may run out; the answer is ERROR
# What shows that the fuzzer gets further than to parameters; counted for whoever reads its report.
_NEWS = re.compile(
    rb"\r\n((?:\d,)?(?:CONNECT|CLOSED)|SEND OK|SEND FAIL|WRITE OK|busy p|OK|ERROR|WIFI GOT IP|"
    rb"\+[A-Z]+(?=[:,]))"
)
_ANSWER = re.compile(rb"\r\n(?:OK|ERROR|SEND OK|SEND FAIL|ready|busy p\.\.\.)\r\n|\r\n>")
_JOINED = re.compile(rb"\+CWSTATE:2|WIFI GOT IP")
_AFRESH = ("AT+RST", "AT+RESTORE", "AT+CWMODE=1")  # the first is obeyed by a busy module as well
_BUSY = b"\r\nbusy p...\r\n"
_KEPT = 20  # bursts that are saved with a failing one, since state can build up
_ATTEMPTS = 40
_PATIENCE = 15  # of them a command may run, some 15 s, until it is given up


class FuzzFailure(Exception):
    """The module did something it must not; the message says what."""


class Driver:
    """Fuzz one simulated module."""

    def __init__(self, simulator: Simulator, module: Module, peers: Peers | None = None) -> None:
        """Prepare; without peers, bursts have no acts."""
        self._simulator = simulator
        self._module = module
        self._peers = peers
        self._recent: deque[Burst] = deque(maxlen=_KEPT)
        self._log_seen = 0
        self._may_restart = False
        self._mark = 0  # where in the buffer the answer to the last line may begin
        self.bursts = 0
        self.restarts = 0
        self.sent_bytes = 0
        self.heard: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()  # spent on each kind of burst

    def run(self, burst: Burst) -> None:
        """Send a burst and check that the module survived it; raise FuzzFailure otherwise."""
        self._recent.append(burst)
        self.bursts += 1
        self._module.log.clear()
        self._may_restart = bool(_RESTARTS.search(burst.data)) or any(
            act.get("do") in _POWER for act in burst.acts
        )
        start = time.monotonic()
        try:
            for pause_ms, what in burst.chunks:
                self._pause(pause_ms / 1000)
                self._do(what)
            self._come_back(burst)
        except (ATMismatch, OSError, SimulatorError) as problem:
            self.check_log()
            what = f"{problem}\n{self._simulator.how_it_ended() or 'the simulator runs on'}"
            raise FuzzFailure(f"after burst {burst.number} ({burst.kind}): {what}") from None
        self.check_log()
        self.seconds[burst.kind] += time.monotonic() - start

    def _pause(self, seconds: float) -> None:
        """Let time pass; what the module says meanwhile is read."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._module.pump(left)

    def _do(self, what: bytes | Act) -> None:
        if isinstance(what, bytes):
            data = self._peers.fill(what) if self._peers else what
            self._mark = len(self._module.buffer)
            self._module.write(data)
            self.sent_bytes += len(data)
        elif what.get("host") == "join":
            self._join(what["line"])
        elif what.get("host") == "deaf":
            time.sleep(what["ms"] / 1000)
        elif what.get("host") == "flips":
            self._flip(what["part"], random.Random(what["seed"]))
        elif what.get("host"):
            self._await_answer(what["ms"] / 1000)
        elif self._peers:
            self._peers.act(what)

    def _flip(self, name: str, luck: random.Random) -> None:
        """Change some bits of a partition, as age and bad luck do."""
        part = next(part for part in partitions.load() if part.name == name)
        with (self._simulator.folder / "flash" / "flash.img").open("r+b") as image:
            for _ in range(luck.choice((1, 3, 30, 300))):
                place = part.offset + luck.randrange(part.size)
                image.seek(place)
                byte = image.read(1)[0]
                image.seek(place)
                image.write(bytes((byte ^ 1 << luck.randrange(8),)))

    def _join(self, line: str) -> None:
        """Have the module on the network; factory settings help if earlier bursts left it deaf."""
        for preparation in (("AT+CWSTATE?",), ("AT+CWMODE=1", line), (*_AFRESH, line)):
            for each in preparation:
                self._do(each.encode() + b"\r\n")
                self._await_answer(3.0)
                if (
                    each in _AFRESH[:2]
                ):  # what was said before "ready" is no answer to what follows
                    self._may_restart = True
                    self._pause(0.3)
            if _JOINED.search(self._module.buffer, self._mark):
                return

    def _await_answer(self, limit_s: float) -> None:
        until = time.monotonic() + limit_s
        while not _ANSWER.search(self._module.buffer, self._mark):
            left = until - time.monotonic()
            if left <= 0:
                return
            self._module.pump(left)

    def check_log(self) -> None:
        """Raise FuzzFailure if the log port shows that something is broken."""
        new = self._simulator.log_text(self._log_seen)
        self._log_seen += len(new.encode(errors="surrogateescape"))
        for found in _BAD_LOG.finditer(new):
            before = 1500 if found[0] == "crashed" else 100  # the traceback comes first
            report = new[max(0, found.start() - before) : found.start() + 2500]
            if found[0] in _NEVER or not _EXPECTED_LOG.search(report[:1000]):
                raise FuzzFailure(f"in the log:\n{report}")
        if not self._simulator.running:
            raise FuzzFailure(self._simulator.how_it_ended())

    def alive(self) -> bool:
        """Tell whether the module can go on after a failure."""
        try:
            self._module.resync()
        except (ATMismatch, OSError):
            return False
        return self._simulator.running

    def save(self, folder: Path, seed: int) -> Path:
        """Write the last bursts as JSON lines, for --replay."""
        path = folder / f"failure-{seed}-{self._recent[-1].number}.jsonl"
        save(path, self._recent)
        return path

    def _come_back(self, burst: Burst) -> None:
        """End whatever the burst left open, then prove that AT is answered by OK.

        What was left open can be half a line, a data phase of unknown length, passthrough or a
        message filter that swallows OK.
        """
        module = self._module
        heard = bytearray(module.quiet(15))
        is_busy = False
        if self._peers:
            self._peers.hush()
        for attempt in range(_ATTEMPTS):
            heard += module.quiet(15)
            if attempt % 4 == 2:
                time.sleep(0.05)  # guard times of passthrough
                module.write(b"+++")
                heard += module.quiet(60)
            if is_busy and attempt > _PATIENCE:  # some commands take minutes
                module.write(b"AT+ABORT\r\n")
            elif attempt and not is_busy:
                module.write(b"AT\r\n" * min(8**attempt, 4096))
                heard += module.quiet(30 * attempt)
            module.write(b"\r\nAT+SYSMSGFILTER=0\r\n")
            heard += module.quiet(30)
            module.send("AT")
            try:
                heard += module.read_until(b"\r\nOK\r\n", 0.1 * (attempt + 1))
            except ATMismatch:
                is_busy = _BUSY in module.buffer  # a command runs: wait, there is nothing to end
                heard += module.take(len(module.buffer))
                continue
            rest = module.quiet(10)
            heard += rest
            if not rest:
                break
        else:
            raise FuzzFailure(f"AT is not answered after burst {burst.number} ({burst.kind})")
        self.heard.update(found.decode() for found in _NEWS.findall(heard))
        self._count_restarts(bytes(heard), burst)

    def _count_restarts(self, heard: bytes, burst: Burst) -> None:
        count = heard.count(_READY)
        if count and not self._may_restart:
            raise FuzzFailure(
                f"the module restarted after burst {burst.number} ({burst.kind}):\n"
                f"{shown(heard[-1000:])}"
            )
        self.restarts += count
