"""One link of the WebSocket client while its connection stands.

Owns collecting messages in pieces for the host, the check of texts, pings with their time-out and
the close handshake. Making the connection, again and again, is websocket.py's business.
"""

import asyncio
import gc
from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

import atlink
from at.errors import FAILURES, LinkError
from at.loop import cancel
from at.services.keeper import keep
from at.wire import websocket

# States, as AT+WSOPEN? shows them (manual section 3.7.4).
RECONNECTING = 1
OPEN = 2
LOST = 3
CLOSING = 4  # the server has sent a close frame

FORM = (0, 48)  # level and mask of AT+WSDATAFMT after a start
PIECE = 0  # levels of AT+WSDATAFMT
FRAME = 1
MESSAGE = 2
_LINE_END = const(32)  # in its mask
_SPARE = const(8192)  # bytes of the heap that collecting leaves to others
_LONGEST = const(16384)  # bytes of a frame or message that are collected
_CHUNK = const(512)  # the heap need not have one place for a whole piece
_LEAVE_MS = const(2000)  # for the other side's part of the close handshake
_POLL_MS = const(100)  # while the host takes its time


def _has_spare():
    """Tell whether the heap has room for more than a chunk."""
    if gc.mem_free() < _SPARE:
        gc.collect()
    return gc.mem_free() >= _SPARE


class _BadText(ValueError):
    pass


class WebLink:
    """A link; `place` is (scheme, host, port, target), `fields` lines for the handshake.

    `deliver` is awaited with the parts of each piece, up to `size` bytes; pings go out every
    `ping_s`, and a pong has to come within `pong_s`. `form` is (level, mask) of AT+WSDATAFMT,
    which counts from the next message: at the levels FRAME and MESSAGE a piece is one of those, as
    far as memory goes.
    """

    def __init__(self, number, uri, place, size, ping_s, pong_s, deliver, form=FORM):
        self.number = number
        self.uri = uri
        self.place = place
        self.size = size
        self.form = form
        self._level = PIECE
        self.state = RECONNECTING
        self.stream = None
        self.is_leaving = False  # somebody has sent a close frame
        self.ended = asyncio.Event()  # it will not come back
        self.kick = asyncio.Event()  # the network has changed
        self._ping_ms = ping_s * 1000
        self._pong_ms = pong_s * 1000
        self._deliver = deliver
        self._chunks = []  # as many as a piece has needed so far
        self._urgent = asyncio.Event()  # the keeper has something to do

    def begin(self, stream):
        """Start afresh with a stream."""
        self.stream = stream
        self.state = OPEN
        self._why = None  # the connection ended
        self._filled = 0  # bytes of the chunks
        self._before = 0  # bytes of this frame or message that the host has got
        self._announced = 0  # bytes that the frames of this message have, as far as known
        self._text = 0  # state of atlink.utf8()
        self._is_delivering = False
        self._is_pinged = False  # no pong has come since
        self._sent_ms = self._pinged_ms = self._left_ms = ticks_ms()
        stream.on_urgent = self._urgent.set

    def lost(self, state=LOST):
        """Note that the connection is gone, or is being made again."""
        self.state = state

    def fail(self, why):
        """End the connection for a reason, unless it has one already."""
        if self._why is None:
            self._why = why
        self.stream.close()

    # Receiving.

    async def run(self):
        """Serve the connection until it ends, and return why."""
        keeper = None
        try:
            keeper = asyncio.create_task(keep(self._urgent, self._idle_ms, self._tend, self.fail))
            await self._receive()
            self.fail("by the server")
        except OSError as error:
            self.fail(error.args[-1])
        except ValueError as error:
            await self._complain(error)
        except MemoryError:
            self.fail("no memory for what the server sends")
        finally:
            if keeper:
                cancel(keeper)
            self.fail("ended")
        return self._why

    async def _complain(self, error):
        """Tell a server that broke the rules, and end."""
        is_text = isinstance(error, _BadText)
        try:
            if not self.is_leaving:
                code = websocket.BAD_DATA if is_text else websocket.PROTOCOL_ERROR
                await self.stream.leave(code)
        except FAILURES:  # it need not know
            pass
        self.fail("the server breaks the rules: %s" % error)

    async def _receive(self):
        frames = self.stream.frames
        while True:
            data = await self.stream.advance()
            if data is None:
                return
            if self.state == CLOSING:
                continue
            if frames.control == websocket.CLOSE:
                await self._answer_close(websocket.close_code(frames.payload))
            elif frames.control == websocket.PONG:
                self._is_pinged = False
            else:
                await self._take(data, frames)

    async def _answer_close(self, code):
        """Do our part; the server is the one that ends the connection then."""
        self.state = CLOSING
        if not self.is_leaving:
            await self._leave(self.stream.leave(code))

    async def _take(self, data, frames):
        """Collect payload; pass on what is a whole piece, or the end of a message."""
        if frames.opcode == websocket.TEXT:
            self._text = atlink.utf8(data, self._text)
            if self._text < 0 or (frames.is_end and self._text):
                raise _BadText("a text is not UTF-8")
        if frames.size - frames.left == len(data):
            self._begin_frame(frames)
        at = 0
        while at < len(data):
            if not self._has_room():
                await self._pass_on(frames, False)
            start = self._filled % _CHUNK
            count = min(len(data) - at, self._most() - self._filled, _CHUNK - start)
            chunk = self._chunks[self._filled // _CHUNK]
            chunk[start : start + count] = data[at : at + count]
            self._filled += count
            at += count
        if frames.is_frame_end if self._level == FRAME else frames.is_end:
            await self._pass_on(frames, True)

    def _begin_frame(self, frames):
        if frames.frame_opcode != websocket.CONTINUATION:
            self._level = self.form[0]
            self._announced = 0
            if self._chunks and len(self._chunks[-1]) < _CHUNK <= self._most():
                self._chunks.clear()
        self._announced += frames.size

    def _most(self):
        """Return how long a piece may be."""
        return self.size if self._level == PIECE else _LONGEST

    def _has_room(self):
        """Add a chunk if all are full; False if there is no more, so that the host gets these."""
        if self._filled == self._most():
            return False
        if self._filled < len(self._chunks) * _CHUNK:
            return True
        if self._level != PIECE and self._chunks and not _has_spare():
            return False
        try:
            self._chunks.append(bytearray(min(_CHUNK, self._most() - self._filled)))
        except MemoryError:
            if not self._chunks:
                raise
            return False
        return True

    async def _pass_on(self, frames, is_whole):
        """Give the host a piece, the last one of its frame or message if `is_whole`.

        As long as it takes no pong can be seen.
        """
        mask = self.form[1]
        if self._level == FRAME:
            kind, fin, size = frames.frame_opcode, int(frames.is_last), frames.size
        else:
            kind, fin, size = frames.opcode, int(frames.is_end and is_whole), self._announced
        fields = (kind, fin, size, self._before, self._filled)
        whole = self._filled // _CHUNK
        parts = self._chunks[:whole]
        if self._filled % _CHUNK:
            parts.append(memoryview(self._chunks[whole])[: self._filled % _CHUNK])
        self._is_delivering = True
        began = ticks_ms()
        end = b"\r\n" if mask & _LINE_END else b""
        await self._deliver("ws_data", parts, self.number, mask, fields, end=end)
        self._is_delivering = False
        self._pinged_ms = ticks_add(self._pinged_ms, ticks_diff(ticks_ms(), began))
        self._before = 0 if is_whole else self._before + self._filled
        self._filled = 0
        if is_whole:
            del self._chunks[-(-self.size // _CHUNK) :]  # what long messages took

    # Pings.

    def _idle_ms(self):
        """Return how long the keeper has nothing to do, if nothing urgent comes."""
        now = ticks_ms()
        if self.is_leaving:
            return max(_LEAVE_MS - ticks_diff(now, self._left_ms), 1)
        left_ms = self._ping_ms - ticks_diff(now, self._sent_ms)
        if self._is_pinged:
            pong_ms = self._pong_ms - ticks_diff(now, self._pinged_ms)
            left_ms = min(left_ms, max(pong_ms, _POLL_MS if self._is_delivering else 1))
        return max(left_ms, 1)

    async def _tend(self):
        now = ticks_ms()
        if self.is_leaving:
            if ticks_diff(now, self._left_ms) >= _LEAVE_MS:
                self.fail("the server does not end the connection")
            return
        await self.stream.tend()
        overdue_ms = ticks_diff(now, self._pinged_ms) - self._pong_ms
        if self._is_pinged and overdue_ms >= 0 and not self._is_delivering:
            self.fail("no pong for %d s" % (self._pong_ms // 1000))
        elif ticks_diff(now, self._sent_ms) >= self._ping_ms:
            self._sent_ms = now
            if not self._is_pinged:
                self._is_pinged = True
                self._pinged_ms = now
            await self.stream.send(websocket.PING, ())

    # Sending.

    async def send(self, opcode, pieces, is_last, limit_ms):
        """Send a frame; LinkError if the connection breaks or does not take it in `limit_ms`."""
        if self.state != OPEN or self.is_leaving:
            raise LinkError("link %d has ended meanwhile" % self.number)
        work = self.stream.send(opcode, pieces, is_last, limit_ms)
        try:
            await (self._leave(work) if opcode == websocket.CLOSE else work)
        except asyncio.CancelledError:  # what follows could not be told from the rest
            self.fail("a frame was cut short")
            raise
        except OSError as error:
            self.fail(error.args[-1])
            raise LinkError("link %d: not sent: %s" % (self.number, error.args[-1]))

    async def leave(self):
        """Begin the close handshake, if it has not begun."""
        try:
            if not self.is_leaving:
                await self._leave(self.stream.leave(websocket.NORMAL))
        except OSError as error:
            self.fail(error.args[-1])

    async def _leave(self, sending):
        """Send a close frame; the connection ends soon, whatever the server does."""
        self.is_leaving = True
        self._left_ms = ticks_ms()
        self._urgent.set()  # the keeper's next look is at another time
        await sending
