"""A user's file that makes the module's patience a tenth: nobody waits 20 s for a test."""

HASTE = """\
import asyncio

wait_for_ms = asyncio.wait_for_ms


def hasty(awaitable, ms):
    return wait_for_ms(awaitable, ms // 10 if ms >= 3000 else ms)


asyncio.wait_for_ms = hasty
"""
