"""The log on UART0: one line an event, milliseconds since start in front."""

import time

_start_ms = time.ticks_ms()


def log(*words):
    """Print a line on the log port; it never reaches the AT port (wire-format.md R9)."""
    print("(%d)" % time.ticks_diff(time.ticks_ms(), _start_ms), *words)
