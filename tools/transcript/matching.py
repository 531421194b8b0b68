"""Compare what a module says with what a transcript expects.

Owns the meaning of "the next line": in a plain file blank lines do not count and a line may lack
its CR LF (the prompt ``>``, payload at the end of a reply); in an exact file every byte counts.
"""

from __future__ import annotations

import re
import time

from tools.atclient import Module

_SETTLE_S = 0.08  # an unterminated line is taken as whole when nothing follows for so long


class Mismatch(Exception):
    """What came is not what was expected; the message says how."""


class Matcher:
    """Take expected lines from the front of a module's buffer."""

    def __init__(self, module: Module, *, exact: bool, timeout_s: float) -> None:
        self._module = module
        self._exact = exact
        self._timeout_s = timeout_s

    def line(self, patterns: list[re.Pattern[bytes]]) -> tuple[int, re.Match[bytes]]:
        """Take the next line, which must match one of the patterns.

        Return which pattern it was and its match.
        """
        until = time.monotonic() + self._timeout_s
        while True:
            candidate, size = self._candidate(patterns, until)
            for index, pattern in enumerate(patterns):
                found = pattern.fullmatch(candidate)
                if found:
                    self._module.take(size)
                    return index, found
            raise Mismatch("another line came")

    def bytes(self, data: bytes) -> None:
        """Take exactly these bytes."""
        until = time.monotonic() + self._timeout_s
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
        if not self._exact:
            self._skip_blank()
        if self._module.buffer:
            raise Mismatch("expected silence")

    def _candidate(self, patterns: list[re.Pattern[bytes]], until: float) -> tuple[bytes, int]:
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

    def _wait(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0 or not self._module.pump(left):
            raise Mismatch("nothing more came in time")
