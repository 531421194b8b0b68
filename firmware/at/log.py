"""The log on UART0: one line an event, milliseconds since start in front."""

import time

_start_ms = [0]


def begin():
    """Count from now on; the module starts with it."""
    _start_ms[0] = time.ticks_ms()


def log(*words):
    """Print a line on the log port; it never reaches the AT port (wire-format.md R9)."""
    print("(%d)" % time.ticks_diff(time.ticks_ms(), _start_ms[0]), *words)
