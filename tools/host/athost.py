"""A host program for tests: takes the AT port's stream apart while data of several links flows.

Owns the bytes read so far and what became of them: payload by link, messages in order, the final
result of the one command that runs. It follows the framing of docs/wire.md#six-forms to the byte:
what does not fit is an ATMismatch.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from tools.host.atclient import RESULTS, ATMismatch, Deadline, Module

_IPD = re.compile(rb'\r\n\+IPD,(\d),(\d+)(?:,"([^"]*)",(\d+))?(:|\r\n)')
_RECVDATA = re.compile(rb'\+CIPRECVDATA:(\d+),(?:"([^"]*)",(\d+),)?')
_PARTIAL = re.compile(rb"(\r|\r\n|\r\n\+[^:\r]{0,80}|\+CIPRECVDATA:[^\r]{0,60})\Z")


@dataclass
class Host:
    """The host's end of a module with AT+CIPMUX=1 and echo off."""

    module: Module
    data: dict[int, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    pieces: list[tuple[int, bytes]] = field(default_factory=list)  # one for each +IPD, in order
    waiting: dict[int, int] = field(default_factory=dict)  # announced bytes, passive mode
    messages: list[str] = field(default_factory=list)  # all other lines
    answer: bytes = b""  # payload of the last AT+CIPRECVDATA
    closed: list[int] = field(default_factory=list)
    _results: list[str] = field(default_factory=list)
    _prompt: bool = False

    def run(self, line: str, timeout_s: float = 30.0) -> str:
        """Send a command and return its final result."""
        self._results.clear()
        self.module.send(line)
        return self.result(line, timeout_s)

    def ok(self, line: str) -> None:
        """Send a command that must succeed."""
        result = self.run(line)
        if result != "OK":
            raise ATMismatch(f"{line}: {result}", self.module.log)

    def result(self, what: str, timeout_s: float = 30.0) -> str:
        """Wait for a final result other than `busy p...`."""
        until = self.module.deadline(timeout_s)
        while not self._results:
            self.pump(until, f"no result of {what}")
        return self._results.pop(0)

    def send(self, link: int, block: bytes, command: str = "AT+CIPSEND") -> str:
        """Send a block on a link; return SEND OK, SEND FAIL or ERROR."""
        self._results.clear()
        self._prompt = False
        self.module.send(f"{command}={link},{len(block)}")
        until = self.module.deadline(30.0)
        while not self._prompt:
            if self._results and self._results[-1] == "ERROR":
                return self._results.pop()
            self.pump(until, "no prompt")
        self._results.clear()
        self.module.write(block)
        # What is announced is taken to its end, be the link gone, at the rate of the line.
        return self.result(command, 30.0 + 2 * self.module.line_s(len(block)))

    def read(self, link: int, size: int) -> bytes:
        """Read passive data; b"" if there is none."""
        self.answer = b""
        self.waiting.pop(link, None)
        self.run(f"AT+CIPRECVDATA={link},{size}")
        self.data[link] += self.answer
        return self.answer

    def wait(self, condition, what: str, timeout_s: float = 30.0) -> None:  # type: ignore[no-untyped-def]
        """Take in the stream until the condition holds."""
        until = self.module.deadline(timeout_s)
        while not condition():
            self.pump(until, what)

    def pump(self, until: Deadline, what: str) -> None:
        """Take in what is there, or wait a little for it; ATMismatch when the time is over."""
        if self.parse() or self.module.pump(0.2):
            return
        if until.left < 0:
            raise ATMismatch(what, self.module.log)

    def settle(self, quiet_s: float = 0.15) -> None:
        """Take in everything until nothing comes any more."""
        while self.parse() or self.module.pump(quiet_s):
            continue

    def parse(self) -> bool:
        """Take one item from the front of the buffer; False if none is complete."""
        buffer = self.module.buffer
        found = _IPD.match(buffer)
        if found:
            return self._received(found)
        found = _RECVDATA.match(buffer)
        if found:
            return self._counted(found)
        if _PARTIAL.match(buffer):
            return False
        if buffer.startswith(b"\r\n"):
            self.module.take(2)
            return True
        if buffer.startswith(b">"):
            self.module.take(1)
            self._prompt = True
            return True
        end = buffer.find(b"\r\n")
        if end < 0:
            return False
        self._line(self.module.take(end + 2)[:-2].decode("latin-1"))
        return True

    def _received(self, found: re.Match[bytes]) -> bool:
        link, size = int(found[1]), int(found[2])
        if found[5] == b"\r\n":
            self.waiting[link] = size
            self.module.take(found.end())
            return True
        if len(self.module.buffer) < found.end() + size:
            return False
        payload = self.module.take(found.end() + size)[found.end() :]
        if link in self.closed:
            raise ATMismatch(f"data of link {link} after its CLOSED", self.module.log)
        self.data[link] += payload
        self.pieces.append((link, payload))
        return True

    def _counted(self, found: re.Match[bytes]) -> bool:
        size = int(found[1])
        if len(self.module.buffer) < found.end() + size:
            return False
        self.answer = self.module.take(found.end() + size)[found.end() :]
        return True

    def _line(self, text: str) -> None:
        if text in RESULTS:
            if text != "busy p...":
                self._results.append(text)
            return
        if re.fullmatch(r"\d,CLOSED", text):
            self.closed.append(int(text[0]))
        elif re.fullmatch(r"\d,CONNECT", text) and int(text[0]) in self.closed:
            self.closed.remove(int(text[0]))
        self.messages.append(text)
