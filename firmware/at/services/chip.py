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
        event = atchip.event()
        if event is None:
            return
        for owner in owners:
            _call(owner, event)


def _call(owner, event):
    try:
        handler = getattr(owner, "on_" + event[0], None)
        if handler:
            handler(*event[1:])
    except Exception as error:  # noqa: BLE001 - one bad event must not end the loop
        log("chip: event", event[0], "failed unexpectedly:")
        sys.print_exception(error)
