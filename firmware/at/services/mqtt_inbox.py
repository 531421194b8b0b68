"""Messages that arrive: pieces for the host, duplicates of QoS 2, acknowledgements.

Owns the buffer in which a piece is collected, and which messages of QoS 2 the broker has not
released yet. Reading packets is wire/mqtt.py's; sending the acknowledgements mqtt_client.py's.
"""

from at.wire import mqtt

_PIECE = 1024  # bytes that are passed on at once; the first piece shares them with the head
_MAX_HELD = 512  # messages of QoS 2 that were not released


class Inbox:
    """Takes the messages of a reader; `deliver` is Session's, for the event mqtt_message."""

    def __init__(self, deliver):
        self.is_delivering = False  # the host takes its time
        self._deliver = deliver
        self._held = set()
        self._piece = memoryview(bytearray(_PIECE))
        self._filled = 0
        self._size = 0  # of the piece that is being filled
        self._skips = False  # the message is known already, or its topic is too long

    def forget(self):
        """Forget messages that the broker does not know any more."""
        self._held.clear()

    def release(self, pid):
        """Take note that the broker will not send a message of QoS 2 again."""
        self._held.discard(pid)

    def begin(self, reader):
        """Begin a message whose head was read."""
        self._skips = reader.topic is None or (reader.qos == 2 and reader.pid in self._held)
        self._filled = 0
        self._size = min(reader.left, max(_PIECE - reader.head_size, 1))

    async def take(self, reader, data):
        """Collect payload, data[reader.first:reader.last]; pass full pieces on but the last."""
        at = reader.first
        while at < reader.last and not self._skips:
            size = min(reader.last - at, self._size - self._filled)
            self._piece[self._filled : self._filled + size] = data[at : at + size]
            self._filled += size
            at += size
            left = reader.left + reader.last - at
            if left and self._filled == self._size:
                await self._pass_on(reader)
                self._filled = 0
                self._size = min(left, _PIECE)

    async def end(self, reader):
        """Pass on the last piece; return the acknowledgement to send, b"" for QoS 0.

        ValueError if the broker leaves too many messages of QoS 2 unreleased.
        """
        if not self._skips:
            await self._pass_on(reader)
        if reader.qos == 0:
            return b""
        if reader.qos == 1:
            return mqtt.ack(mqtt.PUBACK, reader.pid)
        if len(self._held) >= _MAX_HELD:
            raise ValueError("it releases no message of QoS 2")
        self._held.add(reader.pid)
        return mqtt.ack(mqtt.PUBREC, reader.pid)

    async def _pass_on(self, reader):
        self.is_delivering = True
        piece = self._piece[: self._filled]
        await self._deliver("mqtt_message", [piece], reader.topic, self._filled)
        self.is_delivering = False
