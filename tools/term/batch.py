"""Lines from a pipe: each is sent when the result of the one before has come.

After a `>` the next lines are data. A line that begins with a colon is for the terminal. What the
module says is written to stdout as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from tools.term import colon
from tools.term.dialogue import BUSY, FINAL, READY, RESTARTING, Event
from tools.term.link import Link, TerminalError

_PROMPT_S = 0.03  # a prompt follows its OK at once
_DATA_S = 0.3  # silence after which more data may follow
_RESULT_S = 180.0
_LEAVE_S = 1.0  # the manual wants a second before the next command


class Batch:
    """A conversation from a pipe; `is_bad` is called at each `ready` and says whether to stop."""

    def __init__(
        self, link: Link, *, has_results: bool, stops: bool, is_bad: Callable[[], bool]
    ) -> None:
        self._link = link
        self._has_results = has_results
        self._stops = stops
        self._is_bad = is_bad
        self._glue = b""  # goes between two lines of data

    def run(self, lines: Iterable[bytes]) -> int:
        """Send all lines; return the exit status."""
        for line in lines:
            refused = self._line(line.rstrip(b"\r\n"))
            if self._link.is_over:
                break
            if refused and self._stops:
                print("terminal: stopped at the first error", file=sys.stderr)
                return 1
        self._link.settle(_PROMPT_S if self._has_results else _DATA_S)
        return 1 if self._link.problem else 0

    def _line(self, line: bytes) -> bool:
        """Do a line; tell whether it was refused."""
        try:
            if line.startswith(b":") and not self._link.dialogue.in_data:
                colon.run(self._link, line.decode("utf-8", "replace"))
                self._link.settle(_DATA_S)
            elif not self._has_results:
                self._link.send_line(line.decode("utf-8", "surrogateescape"))
                self._link.settle(_DATA_S)
            elif self._link.dialogue.in_data:
                return self._data(line)
            else:
                return self._command(line.decode("utf-8", "surrogateescape"))
        except TerminalError as error:
            colon.complain(error)
            return True
        return False

    def _command(self, line: str) -> bool:
        self._link.forget()
        self._link.send_line(line)
        self._glue = b""
        result = self._wait((*FINAL, BUSY), _RESULT_S)
        if result is None:
            if not self._link.is_over:
                print(f"terminal: no final result for {_RESULT_S:.0f} s", file=sys.stderr)
            return True
        if result.text == "OK" and line.upper().partition("=")[0] in RESTARTING:
            self._wait((READY,), None)
        elif result.text == "OK":
            self._wait((">",), _PROMPT_S)
        return result.is_refusal

    def _data(self, line: bytes) -> bool:
        if line == b"+++":
            self._link.send_data(line)
            self._link.settle(_LEAVE_S)
            return False
        self._link.send_data(self._glue + line)
        self._glue = b"\r\n"
        seconds = _DATA_S if self._link.dialogue.in_data else _RESULT_S
        result = self._wait((*FINAL, BUSY), seconds)
        if result is not None:
            self._link.settle(_PROMPT_S)
        return result is not None and result.is_refusal

    def _wait(self, wanted: tuple[str, ...], seconds: float | None) -> Event | None:
        def is_wanted(event: Event) -> bool:
            if event.text == READY and self._is_bad():
                self._link.problem = "the firmware crashed"
                self._link.end()
            return event.text in wanted

        return self._link.wait(is_wanted, seconds)
