"""One client of the web server: what microdot takes for its reader and its writer.

Owns the connection, and its limits: a head of bounded size of which only the fields that matter
are kept, a body that is read in pieces, a deadline for each step. What requests mean is
web_pages.py's business.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

import atnet
from at.loop import cancel, ready
from at.services.link import bit_of

_BUFFER = const(512)
_MAX_LINE = const(300)  # of a field that is kept, and of the request line
_MAX_HEAD = const(8192)  # what a browser may send of fields that nobody here reads
_GATHERED = const(1024)  # bytes of an answer that leave together
_PATIENCE_MS = const(1000)  # who says nothing for so long gives way to others
_STEP = const(4096)  # of a body: so much has to come within the time limit
_MAX_DRAINED = const(0x400000)  # of a refused body

_KEPT = (
    b"host",
    b"origin",
    b"content-type",
    b"content-length",
    b"x-requested-with",
    b"object",
    b"authorization",
)
_HEAD_TOO_LARGE = const(431)
_REFUSAL = b"HTTP/1.0 %d Refused\r\nConnection: close\r\n\r\n"


class Refused(OSError):
    """The head of a request is not acceptable; `errno` is the status to answer."""


class Peer:
    """A connection that carries one request and its answer."""

    def __init__(self, link, address, limit_s):
        self.link = link
        self.address = address  # of the client: (host, port)
        self.own_address = atnet.local(link)[0]  # by which it reached us
        self.is_early = True  # the head is not complete
        self.left = 0  # bytes of the body that have not been read
        self._is_answered = False  # only the rest of a body is still to come
        self._task = None
        self._after = None
        self._limit_ms = limit_s * 1000
        self._came = ticks_ms()
        self._deadline = 0
        self._buffer = memoryview(bytearray(_BUFFER))
        self._first = self._last = 0  # what is unread in it
        self._head = 0  # bytes of the head so far
        self._seen = []  # fields so far
        self._step = 0
        self._out = bytearray()
        self._renew()

    @property
    def gives_way(self):
        """Whether it has its answer, or has been here for a while and not asked for anything."""
        is_idle = self.is_early and ticks_diff(ticks_ms(), self._came) > _PATIENCE_MS
        return self._is_answered or is_idle

    @property
    def is_overdue(self):
        """Whether the present step takes too long."""
        return ticks_diff(self._deadline, ticks_ms()) < 0

    def _renew(self):
        self._deadline = ticks_add(ticks_ms(), self._limit_ms)

    def get_extra_info(self, _what):
        """Return the client's address; microdot asks for nothing else."""
        return self.address

    def begin(self, coroutine):
        """Run what serves this client, until it is over or end() is called."""
        self._task = asyncio.create_task(coroutine)

    def end(self):
        """Stop serving and close at once."""
        cancel(self._task)
        self.close()

    def call_after(self, function):
        """Call a function once the answer has been sent."""
        self._after = function

    async def serve(self, app):
        """Take a request and have the app answer it."""
        try:
            await app.handle_request(self, self)
        except Refused as refusal:
            await self._refuse(refusal.errno)

    def close(self):
        """Close at once; what has been sent still arrives."""
        atnet.close(self.link)

    async def _refuse(self, status):
        await self.awrite(_REFUSAL % status)
        self.left = _BUFFER  # let some of the rest come, so that the answer is not lost
        await self.aclose()

    # The head.

    async def readline(self):
        """Return the request line, or the next field that matters; an empty line at the end."""
        if not self._head:
            line, is_long = await self._line()
            words = line.split(b" ")
            if is_long or not _is_plain(line) or len(words) != 3 or words[1][:1] != b"/":
                raise Refused(400)
            return line
        while True:
            line, is_long = await self._line()
            if not line:
                self.is_early = False
                self._renew()
                return line
            if self._matters(line, is_long):
                return line

    async def _line(self):
        """Return a line without its end, cut if it is too long, and whether it was."""
        line = b""
        is_long = False
        while True:
            if self._first == self._last:
                self._last = await self._receive(self._buffer)
                self._first = 0
                if not self._last:
                    raise OSError("the client left in the middle of the head")
            end = self._first
            while end < self._last and self._buffer[end] != 0x0A:
                end += 1
            self._head += end - self._first + 1
            if self._head > _MAX_HEAD:
                raise Refused(_HEAD_TOO_LARGE)
            room = _MAX_LINE - len(line)
            is_long = is_long or end - self._first > room
            line += bytes(self._buffer[self._first : min(end, self._first + room)])
            self._first = end
            if end < self._last:
                self._first += 1
                return line[:-1] if line[-1:] == b"\r" else line, is_long

    def _matters(self, line, is_long):
        """Check a field; tell whether anybody reads it."""
        colon = line.find(b":")
        name = line[:colon].lower()
        if colon <= 0 or not all(0x20 < c < 0x7F for c in name):
            raise Refused(400)
        if name == b"transfer-encoding":
            raise Refused(411)
        if name not in _KEPT:
            return False
        if is_long:
            raise Refused(_HEAD_TOO_LARGE)
        if name in self._seen or not _is_plain(line):
            raise Refused(400)
        self._seen.append(name)
        if name == b"content-length":
            digits = line[colon + 1 :].strip()
            if not digits.isdigit() or len(digits) > 9:
                raise Refused(400)
            self.left = int(digits)
        return True

    # The body.

    async def read_into(self, buffer):
        """Fill a memoryview with what has come of the body; return the count, 0 at its end.

        OSError if the client leaves before that.
        """
        if not self.left:
            return 0
        size = min(len(buffer), self.left)
        if self._first < self._last:
            size = min(size, self._last - self._first)
            buffer[:size] = self._buffer[self._first : self._first + size]
            self._first += size
        else:
            size = await self._receive(buffer[:size])
            if not size:
                self.left = 0
                raise OSError("the client left in the middle of the body")
        self.left -= size
        self._step += size
        if (self._step >= _STEP or not self.left) and not self._is_answered:
            self._step = 0
            self._renew()
        return size

    async def body(self, limit):
        """Return the whole body; None, and it stays unread, if it has more than `limit` bytes."""
        if self.left > limit:
            return None
        data = memoryview(bytearray(self.left))
        done = 0
        while done < len(data):
            done += await self.read_into(data[done:])
        return bytes(data)

    async def _receive(self, buffer):
        count = atnet.readinto(self.link, buffer)
        if count is not None:
            await asyncio.sleep_ms(0)  # one that talks without pause leaves time to others
            return count
        while count is None:
            await self._wait(atnet.READ)
            count = atnet.readinto(self.link, buffer)
        return count

    # The answer.

    async def awrite(self, data):
        """Send bytes; few of them wait until there are more, or for the end."""
        if len(self._out) + len(data) > _GATHERED:
            await self._flush()
            await self._send(data)
        else:
            self._out.extend(data)

    async def aclose(self):
        """Send what waits, swallow what is left of the body, and close.

        A connection that is closed with unread bytes is reset, and the client may never see why.
        """
        await self._flush()
        if self._after:
            self._after()
        if self.left:
            while not atnet.shutdown(self.link):
                await self._wait(atnet.WRITE)
            self.left = min(self.left, _MAX_DRAINED)
            self._is_answered = True
            try:
                while await self.read_into(self._buffer):
                    pass
            except OSError:  # it left, and that is what we wait for
                pass
        self.close()

    async def _flush(self):
        self._renew()
        if self._out:
            data, self._out = self._out, bytearray()
            await self._send(data)

    async def _send(self, data):
        done = 0
        while done < len(data):
            count = atnet.send(self.link, data, done)
            if count is None:
                await self._wait(atnet.WRITE)
            else:
                done += count

    async def _wait(self, events):
        atnet.arm(self.link, events)
        await ready(bit_of(self.link))
        atnet.arm(self.link, 0)


def _is_plain(line):
    return all(0x20 <= c < 0x7F or c == 0x09 for c in line)
