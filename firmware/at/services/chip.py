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
_event = None  # of which not all owners know yet
_next = 0  # the first of those who do not


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
    global _event, _next  # noqa: PLW0603 - of one queue there is one delivery
    while True:
        if _event is None:
            _event = atchip.event()
            _next = 0
            if _event is None:
                return
        while _next < len(owners):
            handler = getattr(owners[_next], "on_" + _event[0], None)
            details = _event[1:]
            _next += 1
            if handler:
                _call(handler, _event[0], details)
        _event = None


def _call(handler, kind, details):
    try:
        handler(*details)
    except Exception as error:  # noqa: BLE001 - one bad event must not end the loop
        log("chip: event", kind, "failed unexpectedly:")
        sys.print_exception(error)
