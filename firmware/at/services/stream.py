"""A connected socket for a reader and a writer that wait at the same time.

Owns waiting for the socket and its receive buffer. How a connection is made, and what its bytes
mean, is the business of those who use it.
"""

import asyncio

import atnet
from at.loop import on

_BUFFER = 1024  # bytes received at once
_STALL_MS = 10000  # without a byte taken by the stack


class Stream:
    """A connected socket that a reader and a writer wait for at the same time."""

    def __init__(self, link):
        self.on_urgent = None  # function: tend() has something to send
        self._link = link
        self._event = asyncio.Event()
        self._wanted = 0
        self._buffer = memoryview(bytearray(_BUFFER))
        on(link.bit, self._news)

    @property
    def is_open(self):
        """Whether close() has not been called."""
        return self._link is not None

    @property
    def local_ip(self):
        """This end's IPv4 address, None for IPv6."""
        return self._link.local_ip if self._link.family == 4 else None

    async def read(self):
        """Wait for bytes and return a view of them, good until the next call; empty at the end.

        OSError if the connection breaks.
        """
        return self._buffer[: await self._fill()]

    async def write(self, data):
        """Send bytes. OSError if the connection breaks or its peer takes none for 10 s."""
        await self._send(data)

    async def tend(self):
        """Send what the stream itself has to say meanwhile."""

    async def finish(self):
        """Send what the stream itself has to say at the end."""

    def close(self):
        """Give the socket back; who waits for it gets an OSError. Harmless the second time."""
        if self._link:
            self._link.close()
            self._link = None
            self._event.set()

    def _news(self):
        atnet.arm(self._link.handle, 0)
        self._wanted = 0
        self._event.set()

    def _handle(self):
        if not self._link:
            raise OSError(-1, "closed")
        return self._link.handle

    def _want(self, events):
        """Return what to await until the socket may be ready."""
        self._wanted |= events
        atnet.arm(self._link.handle, self._wanted)
        self._event.clear()
        return self._event.wait()

    async def _fill(self):
        while True:
            count = atnet.readinto(self._handle(), self._buffer)
            if count is not None:
                return count
            await self._want(atnet.READ)

    async def _send(self, data, limit_ms=0):
        """Send bytes. OSError if the connection breaks or takes none for `limit_ms`, 0: 10 s."""
        done = 0
        while done < len(data):
            count = atnet.send(self._handle(), data, done)
            if count is None:
                try:
                    await asyncio.wait_for_ms(self._want(atnet.WRITE), limit_ms or _STALL_MS)
                except asyncio.TimeoutError:
                    raise OSError(-1, "the peer takes no more data")
            else:
                done += count
