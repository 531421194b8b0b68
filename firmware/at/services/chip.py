"""News of the chip: takes events from atchip's queue and hands each to the service that owns it.

An event is a tuple whose first element is its kind. A service that wants ("sta_got_ip", ip, mask,
gateway) has a method on_sta_got_ip(ip, mask, gateway) and is among the `owners`.
"""

import sys

import atchip

import atlink
from at.errors import CHIP_ERRORS, refused
from at.log import log
from at.loop import on

owners = []
# The event of which not all owners know yet, and the first of those who do not: a list takes less
# memory than globals that change.
_left = [None, 0]


def driver(function, *args):
    """Call the Wi-Fi driver; what it refuses is a StateError."""
    try:
        return function(*args)
    except CHIP_ERRORS as error:
        raise refused("the Wi-Fi driver refused", error)


def start():
    """Begin to deliver events."""
    on(atlink.EVENT, deliver)


def deliver():
    """Deliver the events there are. MemoryError leaves the rest for the next time."""
    while True:
        if _left[0] is None:
            _left[0] = atchip.event()
            _left[1] = 0
        event, at = _left
        if event is None:
            return
        while at < len(owners):
            handler = getattr(owners[at], "on_" + event[0], None)
            details = event[1:]
            at += 1
            _left[1] = at
            if handler:
                _call(handler, event[0], details)
        _left[0] = None


def _call(handler, kind, details):
    try:
        handler(*details)
    except Exception as error:  # noqa: BLE001 - one bad event must not end the loop
        log("chip: event", kind, "failed unexpectedly:")
        sys.print_exception(error)
