"""The firmware's start: build the application, run it; if that fails, start again."""

import micropython

import atrom
from at.services.guard import give_up

# For the text of an error that comes when the heap is full. Without a buffer that is large enough,
# MicroPython (1.25, py/objexcept.c) unpacks the text to an address near 0.
micropython.alloc_emergency_exception_buf(200)
try:
    from at.app import App

    atrom.prepare()

    App().run()
except Exception as error:  # noqa: BLE001 - nobody is there to see it but the log
    give_up(error)
