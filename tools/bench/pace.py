"""How far a run of benchmarks is: percentage and time left, on a terminal and in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_SAY_S = 10.0  # between lines when the output is no terminal


class Pace:
    """The share of `total` pieces of work that is done; a context manager."""

    def __init__(
        self, console: Console, total: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._total = total
        self._clock = clock
        self._begun = self._said = clock()
        self._pieces = -1
        self._text = ""
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        self._bar = Progress(
            *columns,
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Pace:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, text: str) -> None:
        """Have one piece more done, and say what the next one is."""
        self._pieces += 1
        self._text = text
        self.tell(0.0)

    def tell(self, share: float) -> None:
        """Say which share of the piece that runs is done, 0 to 1."""
        done = self._pieces + share
        self._bar.update(self._task, completed=done, description=self._text)
        now = self._clock()
        if not self._console.is_terminal and now - self._said >= _SAY_S and done:
            self._said = now
            left_s = (now - self._begun) * (self._total - done) / done
            self._console.print(
                f"{self._text}: {100 * done / self._total:.0f} %, {span(left_s)} left",
                highlight=False,
            )


def span(seconds: float) -> str:
    """Write a time as minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
