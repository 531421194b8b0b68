"""MQTT over WebSocket: the stream of mqtt_client.py as the payload of binary messages.

Owns what MQTT asks of a WebSocket; the WebSocket itself is websocket_stream.py's.
"""

import asyncio
import os

from at.errors import LinkError
from at.loop import within
from at.services.websocket_stream import WebStream
from at.wire import url, websocket

_MESSAGE = 1024  # payload bytes of a message that is sent
_FRAME = _MESSAGE + 8
_ANSWER_MS = 10000  # for the server's part of the handshake


class MqttStream(WebStream):
    """The payload of the binary messages of a WebSocket, in both directions."""

    is_web = True

    async def open(self, scheme, host, port, path):
        """Do the WebSocket handshake. LinkError if the server does not want it."""
        field = url.host_field(scheme, host, port)
        try:
            await within(self.greet(field, path.encode(), b"mqtt"), _ANSWER_MS)
        except asyncio.TimeoutError:
            raise LinkError("WebSocket: no answer")

    async def read(self):
        """Wait for payload; ValueError if the server breaks the rules of WebSocket."""
        frames = self.frames
        while True:
            data = await self.advance()
            if data is None:
                return self._buffer[:0]
            if frames.control == websocket.CLOSE:
                if not self._lock.locked():
                    await self.finish()
                return self._buffer[:0]
            if data:
                if frames.opcode != websocket.BINARY:
                    raise ValueError("MQTT comes in binary messages only")
                return data

    async def write(self, data):
        """Send bytes as binary messages of up to 1024 bytes."""
        view = memoryview(data)
        for at in range(0, len(data), _MESSAGE):
            await self.send(websocket.BINARY, (view[at : at + _MESSAGE],))

    @property
    def is_between(self):
        """Whether the next byte begins a message."""
        return self._at == self._end and self.frames.is_between

    def new_key(self):
        """Return what masks a message: it is to come in its frame."""
        return os.urandom(4)

    def write_now(self, data, lock):
        """The same, with a frame."""
        if self._lock.locked() or len(data) > _FRAME:
            return False
        return super().write_now(data, lock)

    async def finish(self):
        """Tell the server that this is the end."""
        await self.leave(websocket.NORMAL)
