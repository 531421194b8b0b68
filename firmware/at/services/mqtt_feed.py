"""A payload on its way from the host to the broker, through a few kilobytes of memory.

Owns the elastic between the two: a host without flow control goes on sending while the network
waits for a lost segment.
"""

import asyncio

from at.loop import cancel

_MAX_HELD = 4096  # bytes taken from the host that the network has not taken yet


async def feed(source, size, sink):
    """Take `size` bytes from `await source()` and hand them to `await sink(piece)` in order.

    Ends when the sink has them all. What source() raises comes through; sink() must not raise.
    """
    elastic = _Elastic()
    drain = asyncio.create_task(elastic.drain(sink))
    try:
        while size:
            piece = await source()
            size -= len(piece)
            elastic.put(piece)
            await elastic.shrink(_MAX_HELD)
        await elastic.shrink(0)
    finally:
        cancel(drain)


class _Elastic:
    def __init__(self):
        self._pieces = []
        self._held = 0
        self._changed = asyncio.Event()

    def put(self, piece):
        self._pieces.append(piece)
        self._held += len(piece)
        self._changed.set()

    async def shrink(self, size):
        """Wait until at most `size` bytes are held."""
        while self._held > size:
            self._changed.clear()
            await self._changed.wait()

    async def drain(self, sink):
        """Hand on what is put in, until cancelled."""
        while True:
            while not self._pieces:
                self._changed.clear()
                await self._changed.wait()
            piece = self._pieces.pop(0)
            await sink(piece)
            self._held -= len(piece)
            self._changed.set()
