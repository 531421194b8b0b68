"""The task that keeps a connection alive: pings, and small answers that cannot wait."""

import asyncio

from at.loop import within


async def keep(urgent, idle_ms, tend, fail):
    """Await tend() whenever the event `urgent` is set, or nothing was for idle_ms().

    The connection is over when that fails: fail() is told why.
    """
    while True:
        try:
            try:
                await within(urgent.wait(), idle_ms())
            except asyncio.TimeoutError:
                pass
            urgent.clear()
            await tend()
        except OSError as error:
            fail(error.args[-1])
            return
        except MemoryError:
            fail("no memory for a ping")
            return
