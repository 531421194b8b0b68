"""A connected socket for a reader and a writer that wait at the same time.

Owns waiting for the socket and its receive buffer. How a connection is made, and what its bytes
mean, is the business of those who use it.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

import atnet
from at.loop import on, within

_BUFFER = 1024  # bytes received at once
_STALL_MS = 10000  # for the stack to take a step
_STEP = 1024  # bytes


class Stream:
    """A connected socket that a reader and a writer wait for at the same time."""

    is_web = False
    is_between = True  # whether nothing of its own has begun and not ended

    def __init__(self, link):
        self.on_urgent = None  # function: tend() has something to send
        # Function of (buffer, count) that may take what read() waits for; it returns how much it
        # took, or -n: it wants more behind n bytes, which are at the beginning of the buffer now.
        self.taker = None
        self._link = link
        self._event = asyncio.Event()
        self._wanted = 0
        self._kept = 0  # bytes at the beginning of the buffer that the taker wants more behind
        self._first = 0  # what was received and not taken: _buffer[_first : _first + _count]
        self._count = None
        self._problem = None  # the error that was met then
        self._buffer = memoryview(bytearray(_BUFFER))
        on(link.bit, self._news)

    @property
    def is_open(self):
        """Whether close() has not been called."""
        return self._link is not None

    @property
    def local_ip(self):
        """This end's address."""
        return self._link.local_ip

    async def read(self):
        """Wait for bytes and return a view of them, good until the next call; empty at the end.

        OSError if the connection breaks.
        """
        first, last = await self._fill()
        return self._buffer[first:last]

    def new_key(self):
        """Return what masks the next message that is sent; None: it goes out as it is."""

    async def write(self, data):
        """Send bytes. OSError if the connection breaks, or 1024 bytes are not taken in 10 s."""
        await self._send(data)

    def write_now(self, data, lock):
        """Send bytes; return False, and nothing is sent, if that cannot begin at once.

        `lock` is the asyncio.Lock of who sends; if the stack takes a part only, it is held until
        the rest is sent. OSError if the connection breaks.
        """
        if lock.state:  # taken, or promised to a task
            return False
        if not self._link:
            raise OSError(-1, "closed")
        count = atnet.send(self._link.handle, data, 0)
        if count is None:
            return False
        if count < len(data):
            lock.state = 1  # as acquire() does
            try:
                asyncio.create_task(self._finish(data[count:], lock))
            except MemoryError:  # what follows could not be told from the rest
                self.close()
                raise
        return True

    async def _finish(self, data, lock):
        try:
            await self._send(data)
        except OSError:
            self.close()  # who reads is told
        finally:
            lock.release()

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
        if self.taker and self._wanted == atnet.READ and self._take():
            return
        atnet.arm(self._link.handle, 0)
        self._wanted = 0
        self._event.set()

    def _take(self):
        """Let the taker have what has come; return whether read() still waits."""
        kept = self._kept
        first = 0
        try:
            count = atnet.readinto(self._link.handle, self._buffer, kept)
            if count is None:
                return True
            if count:
                first = self.taker(self._buffer, kept + count)
        except OSError as error:
            self.taker = None
            self._problem = error
            return False
        if first < 0:
            self._kept = -first
            return True
        if kept:
            self._kept = 0
        if count and first == kept + count:
            return True
        self.taker = None  # read() has something to do first
        self._first = first
        self._count = kept + count - first
        return False

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
        """Wait for bytes; return where they begin in the buffer, and the place behind them."""
        has_waited = False
        while True:
            if self._problem:
                raise self._problem
            if self._count is not None:
                count = self._count
                self._count = None
                return self._first, self._first + count
            if self._kept:
                count = self._kept
                self._kept = 0
                return 0, count
            count = atnet.readinto(self._handle(), self._buffer)
            if count is not None:
                if not has_waited:  # a peer that talks without pause leaves time to others
                    await asyncio.sleep_ms(0)
                return 0, count
            await self._want(atnet.READ)
            has_waited = True

    async def _send(self, data, end=None):
        """Send bytes. OSError if the connection breaks or they are not taken in time.

        `end` is in ticks; None gives 10 s for each 1024 bytes.
        """
        done = 0
        step = 0  # where the time began
        limit = ticks_add(ticks_ms(), _STALL_MS) if end is None else end
        while done < len(data):
            count = atnet.send(self._handle(), data, done)
            if count is None:
                left_ms = max(ticks_diff(limit, ticks_ms()), 0)
                try:
                    await within(self._want(atnet.WRITE), left_ms)
                except asyncio.TimeoutError:
                    raise OSError(-1, "the peer takes no more data")
                except MemoryError:
                    if done:  # what follows could not be told from the rest
                        raise OSError(-1, "out of memory")
                    raise
                continue
            done += count
            if end is None and done - step >= _STEP:
                step = done
                limit = ticks_add(ticks_ms(), _STALL_MS)
