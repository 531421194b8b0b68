"""How long nobody has been reached: what TCP makes of that."""

from __future__ import annotations

from collections.abc import Callable

from tools.simulator.loop import Loop, Timer

HEARD, SILENT, GIVEN_UP = range(3)


class Silence:
    """Counts from the moment in which no access point hears the module any more."""

    def __init__(self, loop: Loop, limit_s: float, changed: Callable[[], None]) -> None:
        """`changed` is called when TCP has repeated what is not answered for limit_s."""
        self._loop = loop
        self._limit_s = limit_s
        self._changed = changed
        self._timer: Timer | None = None
        self._state = HEARD

    def look(self, is_away: bool) -> int:
        """Take notice of how it is now; return HEARD, SILENT or GIVEN_UP."""
        if not is_away:
            self._state = HEARD
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._state == HEARD:
            self._state = SILENT
            self._timer = self._loop.after(self._limit_s, self._give_up)
        return self._state

    def _give_up(self) -> None:
        self._timer = None
        self._state = GIVEN_UP
        self._changed()
