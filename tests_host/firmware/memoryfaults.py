"""Conversations in which an allocation fails, and what must be so afterwards.

A scenario is a function of a Talk. It is played strictly, when everything has to work, and with
the n-th allocation failing, when anything may be refused; then the module must answer, and give
back what it took: links, numbers, descriptors, blocks of both heaps.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.bench import heaps
from tools.host.atclient import ATMismatch, Module
from tools.host.simprocess import Simulator

MOST_GC = 768  # bytes by which the collected heap may differ from before
MOST = 30000  # allocations of a scenario; none comes near
_LIMIT_S = 20.0  # no answer may take longer
_TRACE = re.compile(r"Traceback.*\n(?: .*\n)+.*")
_REPORT = re.compile(r"Sanitizer|runtime error:")
_SETTLE_S = 15.0  # for what goes on in the background, such as a close that lingers
_RESULT = re.compile(
    rb"(?:^|\n)(OK|ERROR|SEND OK|SEND FAIL|FAIL|SEND CANCELLED|\+MQTTPUB:(?:OK|FAIL))\r\n"
)
_PROMPT = re.compile(rb"\r\n(>|ERROR\r\n)")
# What takes back all that a scenario may have left; refused is fine.
CLEANING = (
    *("AT+CIPMODE=0", "AT+CIPSERVER=0,1", "AT+CIPCLOSE=5", "AT+CIPCLOSE", "AT+CIPRECVTYPE=0"),
    *("AT+CIPMUX=0", "AT+MQTTCLEAN=0", "AT+WEBSERVER=0", "AT+WSCLOSE=0", "AT+HTTPCHEAD=0"),
    *("AT+CIPSNTPCFG=0", "AT+SYSMSG=0"),
    *(f"AT+SOCKETDEL={number}" for number in range(1, 6)),
)


class Talk:
    """A host that goes on whatever it is told, unless it is strict."""

    def __init__(self, module: Module, ports: dict[str, str]) -> None:
        self.module = module
        self.ports = ports
        self.is_strict = True

    def say(self, line: str, payload: bytes = b"") -> bool:
        """Send a command, and its payload if it asks for one; return whether it did well."""
        self.module.send(line)
        result = b""
        if payload:
            result = self._await(_PROMPT)
            if result == b">":
                self.module.write(payload)
        if result != b"ERROR":
            result = self._await(_RESULT)
        good = result in (b"OK", b"SEND OK", b"+MQTTPUB:OK")
        if self.is_strict and not good:
            raise ATMismatch(f"{line}: {result.decode()}", self.module.log)
        return good

    def enters(self) -> bool:
        """Enter passthrough; return whether the module does."""
        self.module.send("AT+CIPSEND")
        return self._await(_PROMPT) == b">"

    def leaves(self) -> None:
        """Leave passthrough; while a link is opened again +++ may be one with what waits."""
        for _ in range(1 if self.is_strict else 20):
            self.module.write(b"+++")
            time.sleep(0.3)  # nothing else may come with it
            self.module.write(b"AT\r\n")
            with suppress(ATMismatch):
                self.module.read_until(b"\r\nOK\r\n", _LIMIT_S if self.is_strict else 0.3)
                return
        raise AssertionError("passthrough does not end")

    def hear(self, mark: bytes) -> None:
        """Wait for something; when not strict, not for long."""
        if self.is_strict:
            self.module.read_until(mark, _LIMIT_S)
        else:
            with suppress(ATMismatch):
                self.module.read_until(mark, 0.05)

    def visit(self, place: tuple[str, int], act: Callable[[socket.socket], None]) -> None:
        """Come to the module as a client; when not strict it may refuse, cut or be silent."""
        try:
            with socket.create_connection(place, 1.0) as sock:
                sock.settimeout(_LIMIT_S if self.is_strict else 0.3)
                act(sock)
        except OSError:
            if self.is_strict:
                raise

    def _await(self, mark: re.Pattern[bytes]) -> bytes:
        """Read to the mark and return which it was."""
        found = mark.search(self.module.read_until(mark, _LIMIT_S))
        assert found
        return found[1].rstrip()


Scenario = Callable[[Talk], None]


class Bench:
    """A module with a fault to come, and what it held before."""

    def __init__(self, simulator: Simulator, module: Module, ports: dict[str, str]) -> None:
        self.simulator = simulator
        self.module = module
        self.talk = Talk(module, ports)
        self._seen = 0  # bytes of the log

    def clean(self) -> None:
        """Take everything back that a scenario may have left."""
        self.module.quiet(30)
        for line in CLEANING:
            self.module.command(line)
        self.module.quiet(5)

    def held(self) -> tuple[int, int, int]:
        """Return bytes of Python's heap, blocks of the system's, descriptors."""
        used = int(self.module.ok("AT+HEAPUSED?")[0].partition(":")[2])
        status = self.simulator.act("status")
        files = len(os.listdir(Path("/proc", str(status["pid"]), "fd")))
        return used, status["heap"]["c_blocks"], files

    def play(self, scenario: Scenario, prepare: Scenario) -> tuple[int, int, int]:
        """Play a scenario in which all works; return what is held then."""
        self.talk.is_strict = True
        prepare(self.talk)
        scenario(self.talk)
        self.clean()
        return self.held()

    def fail(
        self, scenario: Scenario, prepare: Scenario, heap: str, skip: int, times: int
    ) -> bool:
        """Play it with failing allocations; return whether the first of them was met."""
        self.talk.is_strict = True
        prepare(self.talk)
        self.talk.is_strict = False
        self.module.log.clear()
        order = {"call": heap, "error": "MemoryError", "skip": skip, "times": times}
        self.simulator.act({"do": "fault", **order})
        scenario(self.talk)
        met = self.simulator.act({"do": "fault"})
        assert self.module.command("AT", _LIMIT_S).result == "OK"
        self.clean()
        return met["hits"] > 0

    def nothing_is_held(self, before: tuple[int, int, int]) -> None:
        """Check that all is as it was, as soon as what lingers is gone."""
        until = time.monotonic() + _SETTLE_S
        while True:
            assert self.module.ok("AT+CIPSTATE?") == []
            gc_used, c_blocks, files = self.held()
            if gc_used <= before[0] + MOST_GC and c_blocks <= before[1] and files <= before[2]:
                return
            if time.monotonic() > until:
                raise AssertionError(f"held: {(gc_used, c_blocks, files)}, before: {before}")
            time.sleep(0.05)

    def nobody_wonders(self) -> None:
        """Check that the log has no exception but that there was no memory, and no report."""
        log = self.simulator.log_text(self._seen)
        self._seen += len(log.encode(errors="surrogateescape"))
        report = _REPORT.search(log)
        assert report is None, log[report.start() :][:3000]
        for trace in _TRACE.findall(log):
            assert trace.splitlines()[-1].startswith("MemoryError"), trace

    def walk(
        self,
        scenario: Scenario,
        heap: str,
        times: int,
        step: int,
        prepare: Scenario = lambda _: None,
    ) -> int:
        """Let each allocation fail in turn; return how many there were.

        `step` widens the way from one to the next: 1 / step of how many lie behind. `prepare` is
        what comes before the scenario each time, with all the memory there is.
        """
        self.play(scenario, prepare)  # what is made once and kept is made
        before = self.play(scenario, prepare)
        starts = self.simulator.act("status")["restarts"]
        for skip in _numbers(step):
            try:
                is_met = self.fail(scenario, prepare, heap, skip, times)
                self.nothing_is_held(before)
                assert self.simulator.act("status")["restarts"] == starts, "restarted"
                self.nobody_wonders()
                self.play(scenario, prepare)
            except Exception as error:
                raise AssertionError(f"allocation {skip} of {heap}: {error}") from error
            if not is_met:
                return skip
        raise AssertionError("the scenario does not come to its end")


def _numbers(step: int) -> Iterator[int]:
    number = 0
    while number < MOST:
        yield number
        number += 1 + number // step


@contextmanager
def bench(folder: Path, ports: dict[str, str], sanitize: bool = False) -> Iterator[Bench]:
    """Give a module that has joined, and its peers."""
    simulator = Simulator(folder, bits=64 if sanitize else 32, sanitize=sanitize)
    simulator.put_user_file("heap.py", heaps.USER_FILE)
    with simulator.start(erase=True), simulator.module(timeout_s=30) as module:
        module.echo_off()
        for line in ("AT+SYSLOG=2", "AT+CWMODE=1", 'AT+CWJAP="espressif","1234567890"'):
            module.ok(line)
        address = module.ok("AT+CIPSTA?")[0].split('"')[1]
        yield Bench(simulator, module, {**ports, "module": address})
