"""Compare what a module says with what a transcript expects.

Owns the meaning of "the next line": in a plain file blank lines do not count and a line may lack
its CR LF (the prompt ``>``, payload at the end of a reply); in an exact file every byte counts.
"""

from __future__ import annotations

import re
import time

from tools.host.atclient import Deadline, Module

_SETTLE_S = 0.08  # an unterminated line is taken as whole when nothing follows for so long


class Mismatch(Exception):
    """What came is not what was expected; the message says how."""


class Matcher:
    """Take expected lines from the front of a module's buffer."""

    def __init__(
        self,
        module: Module,
        *,
        exact: bool,
        timeout_s: float,
        may: re.Pattern[bytes] | None = None,
    ) -> None:
        """Prepare; lines that match `may` are passed over where they are not expected."""
        self._module = module
        self._exact = exact
        self._may = may
        self._timeout_s = timeout_s

    def line(self, patterns: list[re.Pattern[bytes]]) -> tuple[int, re.Match[bytes]]:
        """Take the next line, which must match one of the patterns.

        Return which pattern it was and its match.
        """
        until = self._module.deadline(self._timeout_s)
        while True:
            candidate, size = self._candidate(patterns, until)
            for index, pattern in enumerate(patterns):
                found = pattern.fullmatch(candidate)
                if found:
                    self._module.take(size)
                    return index, found
            if not (self._may and self._may.fullmatch(candidate)):
                raise Mismatch("another line came")
            self._module.take(size)

    def bytes(self, data: bytes) -> None:
        """Take exactly these bytes."""
        until = self._module.deadline(self._timeout_s)
        buffer = self._module.buffer
        while True:
            if not self._exact and data[:1] not in (b"\r", b"\n"):
                self._skip_blank()
            if buffer.startswith(data):
                self._module.take(len(data))
                return
            if not data.startswith(bytes(buffer[: len(data)])):
                raise Mismatch("other bytes came")
            self._wait(until)

    def silence(self, milliseconds: int) -> None:
        """Check that nothing (in a plain file: nothing but blank lines) comes for so long."""
        until = time.monotonic() + milliseconds / 1000
        while (left := until - time.monotonic()) > 0:
            self._module.pump(left)
        self.pass_over()
        if self._module.buffer:
            raise Mismatch("expected silence")

    def pieces(self, head: bytes, tail: bytes, payload: bytes) -> None:
        """Take messages `head`, length, `tail`, data, until their data is the payload."""
        until = self._module.deadline(self._timeout_s)
        start = re.compile(re.escape(head) + rb"(\d+)" + re.escape(tail))
        while payload:
            self.pass_over()
            found = start.match(self._module.buffer)
            size = int(found[1]) if found else 0
            if found and 0 < size <= len(payload):
                while len(self._module.buffer) < found.end() + size:
                    self._wait(until)
                if self._module.take(found.end() + size)[found.end() :] != payload[:size]:
                    raise Mismatch("other data came")
                payload = payload[size:]
            elif found or b"\r\n" in self._module.buffer:
                raise Mismatch("another line came" if not found else "more data came")
            else:
                self._wait(until)

    def pass_over(self) -> None:
        """Drop what does not count at the front: blank lines but in exact files, what may come."""
        buffer = self._module.buffer
        while True:
            if not self._exact:
                self._skip_blank()
            line, end, _ = bytes(buffer).partition(b"\r\n")
            if not (self._may and end and self._may.fullmatch(line)):
                return
            self._module.take(len(line) + 2)

    def _candidate(self, patterns: list[re.Pattern[bytes]], until: Deadline) -> tuple[bytes, int]:
        """Return the next line and how many bytes it takes up with its end."""
        buffer = self._module.buffer
        while True:
            if not self._exact:
                self._skip_blank()
                if buffer[:1] == b">" and any(p.fullmatch(b">") for p in patterns):
                    return b">", 1
            end = buffer.find(b"\r\n")
            if end >= 0:
                return bytes(buffer[:end]), end + 2
            if not self._exact and buffer:
                if self._module.pump(_SETTLE_S):
                    continue
                whole = bytes(buffer)
                if any(p.fullmatch(whole) for p in patterns):
                    return whole, len(whole)
            if b"\r\n" not in buffer:
                self._wait(until)

    def _skip_blank(self) -> None:
        while self._module.buffer.startswith(b"\r\n"):
            self._module.take(2)

    def _wait(self, until: Deadline) -> None:
        left = until.left
        if left <= 0 or not self._module.pump(left):
            raise Mismatch("nothing more came in time")
