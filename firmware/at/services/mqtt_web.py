"""MQTT over WebSocket: the stream of mqtt_stream.py as the payload of binary messages.

Owns the handshake of a connection to a broker, its frames in both directions, pings and the close
frame. How frames look is wire/websocket.py's.
"""

import asyncio
import os

from at.errors import LinkError
from at.services.mqtt_stream import START_FAILED, Stream
from at.wire import url, websocket

_FRAME = 1024  # payload bytes of a frame that is sent
_FRAME_HEAD = 8
_ANSWER_MS = 10000  # for the server's part of the handshake


class WebStream(Stream):
    """The payload of the binary messages of a WebSocket, in both directions."""

    def __init__(self, link):
        super().__init__(link)
        self._frames = websocket.Frames()
        self._frame = memoryview(bytearray(_FRAME_HEAD + _FRAME))
        self._pong = b""  # payload of the last ping
        self._has_pong = False  # it has not been answered yet
        self._is_writing = False
        self._at = 0  # what is unread of the buffer
        self._end = 0

    async def greet(self, scheme, host, port, path):
        """Do the WebSocket handshake. LinkError if the server does not want it."""
        field = url.host_field(scheme, host, port)
        try:
            await asyncio.wait_for_ms(self._greet(field, path), _ANSWER_MS)
        except OSError as error:
            raise LinkError("WebSocket: %s" % error.args[-1], START_FAILED)
        except ValueError as error:
            raise LinkError("WebSocket: %s" % error, START_FAILED)
        except asyncio.TimeoutError:
            raise LinkError("WebSocket: no answer", START_FAILED)

    async def _greet(self, field, path):
        key = websocket.new_key(os.urandom(16))
        answer = websocket.Answer(key)
        await self._send(websocket.request(field, path.encode(), key, b"mqtt"))
        while not answer.done:
            self._end = await self._fill()
            if not self._end:
                raise ValueError("the server closed the connection")
            self._at = answer.take(self._buffer, 0, self._end)

    async def read(self):
        """Wait for payload; ValueError if the server breaks the rules of WebSocket."""
        frames = self._frames
        while True:
            while self._at < self._end:
                self._at = frames.take(self._buffer, self._at, self._end)
                if frames.control == websocket.CLOSE:
                    if not self._is_writing:
                        await self.finish()
                    return self._buffer[:0]
                if frames.control == websocket.PING:
                    self._pong = frames.payload
                    self._has_pong = True
                    self.on_urgent()
                elif frames.first < frames.last:
                    if frames.opcode != websocket.BINARY:
                        raise ValueError("MQTT comes in binary messages only")
                    return self._buffer[frames.first : frames.last]
            self._at = 0
            self._end = await self._fill()
            if not self._end:
                return self._buffer[:0]

    async def write(self, data):
        """Send bytes as binary messages of up to 1024 bytes."""
        view = memoryview(data)
        self._is_writing = True
        for at in range(0, len(data), _FRAME):
            await self._write_frame(view[at : at + _FRAME])
        self._is_writing = False

    async def _write_frame(self, data):
        frame = self._frame
        key = os.urandom(4)
        head = websocket.frame_head(websocket.BINARY, len(data), key)
        end = len(head) + len(data)
        frame[: len(head)] = head
        frame[len(head) : end] = data
        websocket.mask(frame[len(head) : end], key)
        await self._send(frame[:end])

    async def tend(self):
        """Answer the last ping."""
        if self._has_pong:
            self._has_pong = False
            await self._send(websocket.control(websocket.PONG, self._pong, os.urandom(4)))

    async def finish(self):
        """Tell the server that this is the end."""
        payload = websocket.close_payload(websocket.NORMAL)
        await self._send(websocket.control(websocket.CLOSE, payload, os.urandom(4)))
