"""A user's file that makes the module's patience a tenth: nobody waits 20 s for a test."""

HASTE = """\
from asyncio import core

sleep_ms = core.sleep_ms  # what at/loop.py ends a wait with; pauses are asyncio.sleep_ms


def hasty(ms):
    return sleep_ms(ms // 10 if ms >= 3000 else ms)


core.sleep_ms = hasty
"""
