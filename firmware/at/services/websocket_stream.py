"""A WebSocket over a connected socket: handshake, frames in both directions, answers to pings.

Owns the buffers and the order of frames on the wire; how they look is wire/websocket.py's. What
messages mean is the business of those who use it.
"""

import asyncio
import os
from time import ticks_add, ticks_ms

import atlink
from at.errors import LinkError
from at.services.stream import Stream
from at.wire import websocket

REFUSED = 0x7000  # ERR CODE extension; with the status of the server's answer added: that answer
_FRAME = 1040  # bytes sent at once: a head and 1024 bytes of payload


class WebStream(Stream):
    """A WebSocket for one reader and several writers."""

    def __init__(self, link):
        super().__init__(link)
        self.frames = websocket.Frames()
        self._lock = asyncio.Lock()  # of the frame that is being sent
        self._ping = None  # payload of the last ping, until it is answered
        self._at = 0  # what is unread of the buffer
        self._end = 0

    async def greet(self, host, target, protocols=b"", fields=()):
        """Do the handshake; `host` is the Host field, the rest as of wire.websocket.request().

        LinkError, with the extension REFUSED and the status that the server answers with, if it
        does not want it.
        """
        key = websocket.new_key(os.urandom(16))
        answer = websocket.Answer(key, protocols)
        try:
            await self._send(websocket.request(host, target, key, protocols, fields))
            while not answer.done:
                self._at, self._end = await self._fill()
                if self._at == self._end:
                    raise ValueError("the server closed the connection")
                self._at = answer.take(self._buffer, self._at, self._end)
        except OSError as error:
            raise LinkError("WebSocket: %s" % error.args[-1], REFUSED)
        except ValueError as error:
            raise LinkError("WebSocket: %s" % error, REFUSED + answer.status)

    async def advance(self):
        """Wait for payload, the end of a frame, or a control frame: see `frames`.

        Return a view of the payload, good until the next call, or None at the end of the
        connection. OSError if it breaks, ValueError if the server breaks the rules.
        """
        frames = self.frames
        while True:
            while self._at < self._end:
                self._at = frames.take(self._buffer, self._at, self._end)
                if frames.control == websocket.PING:
                    self._ping = frames.payload
                    self.on_urgent()
                elif (
                    frames.control is not None or frames.is_frame_end or frames.first < frames.last
                ):
                    return self._buffer[frames.first : frames.last]
            self._at, self._end = await self._fill()
            if self._at == self._end:
                return None

    async def send(self, opcode, pieces, is_last=True, limit_ms=0):
        """Send a frame. OSError if the connection breaks or does not take it in `limit_ms`.

        0 gives 10 s for each 1024 bytes. MemoryError comes before anything is sent.
        """
        size = sum([len(piece) for piece in pieces])
        key = os.urandom(4)
        head = websocket.frame_head(opcode, size, key, is_last)
        # links keep none: it is big
        frame = memoryview(bytearray(min(len(head) + size, _FRAME)))
        await self._lock.acquire()  # see at.loop.hold()
        has_begun = False
        try:
            end = ticks_add(ticks_ms(), limit_ms) if limit_ms else None
            filled = len(head)
            frame[:filled] = head
            done = 0  # of the payload
            for piece in pieces:
                view = memoryview(piece)
                at = 0
                while at < len(view):
                    if filled == len(frame):
                        has_begun = True
                        await self._send(frame, end)
                        filled = 0
                    size = min(len(view) - at, len(frame) - filled)
                    part = frame[filled : filled + size]
                    part[:] = view[at : at + size]
                    atlink.mask(part, key, done)
                    filled += size
                    at += size
                    done += size
            await self._send(frame[:filled], end)
        except MemoryError:
            if has_begun:  # what follows could not be told from the rest
                raise OSError(-1, "out of memory")
            raise
        finally:
            self._lock.release()

    async def tend(self):
        """Answer the last ping."""
        if self._ping is not None:
            payload = self._ping
            self._ping = None
            await self.send(websocket.PONG, (payload,))

    async def leave(self, code):
        """Send a close frame."""
        await self.send(websocket.CLOSE, (websocket.close_payload(code),))
