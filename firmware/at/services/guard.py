"""Watches over the firmware: why it started, how often it crashed in a row, whether it hangs.

A crash is an end that nobody asked for: the processor's exception, a watchdog, or an error that
came out of the main program (main.py calls give_up()). After three in a row the start is a safe
one: nothing happens by itself, so that a host can find and undo what makes the module crash.
"""

import sys
import time

import atchip
import machine

from at.errors import FAILURES
from at.log import log

_REASONS = {
    1: "power-on",
    2: "reset pin",
    3: "restart",
    4: "crash",
    5: "a hanging interrupt",
    6: "a hanging program",
    7: "a watchdog",
    8: "end of deep sleep",
    9: "brown-out, the supply voltage fell too low",
}
_CRASHES = (4, 5, 6, 7)
_TOO_MANY = 3
LOOK_MS = 60000  # from one look to the next
_HANG_MS = 2 * LOOK_MS  # leaves a minute at least for what takes longest: erasing flash
_FEEDS = 3  # attempts at each look: the next one may be just too late
_STEADY = 2  # at so many looks, about a minute after the start, a crash is a first one
_LAST_MS = 1000


class Guard:
    """`is_safe`: the module crashed too often, and only does what it is told."""

    def __init__(self, settings):
        self._settings = settings
        reason = atchip.reset_reason()
        log("start:", _REASONS.get(reason, "reason %d" % reason))
        crashes = settings.get("crashes") + 1 if reason in _CRASHES else 0
        self.is_safe = crashes >= _TOO_MANY
        self._count(crashes)
        if self.is_safe:
            log("start: %d crashes in a row, so this start is a safe one: no files of" % crashes)
            log("start: user/, nothing joined or connected by itself. AT+RST starts as usual.")
        self._unsteady = _STEADY
        self._watchdog = machine.WDT(timeout=_HANG_MS)

    def look(self):
        """Feed the watchdog, and forget crashes that are past; the event loop calls it."""
        for _ in range(_FEEDS):
            try:
                self._watchdog.feed()
                break
            except FAILURES as error:  # if it stays so, the watchdog restarts the module
                log("the watchdog is not fed:", error)
        if self._unsteady:
            self._unsteady -= 1
            if not self._unsteady and self._settings.get("crashes"):
                self._count(0)

    def _count(self, crashes):
        try:
            self._settings.put("crashes", crashes)
        except OSError as error:
            log("start: the number of crashes cannot be kept:", error)


def give_up(error):
    """Log an error that the main program did not survive, and let the watchdog restart it."""
    sys.print_exception(error)
    machine.WDT(timeout=_LAST_MS)
    while True:
        time.sleep_ms(_LAST_MS)
