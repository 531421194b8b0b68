"""WebSocket (RFC 6455), a client's side: handshake, heads of frames, a reader of frames.

Functions and state machines on bytes; no I/O. Payloads stay outside: frames are composed as their
heads alone, and read as ranges of the bytes that came. Masking, what messages mean, and whether
text is UTF-8, is the caller's business.
"""

import binascii
import hashlib

from at.wire import http

# Opcodes.
CONTINUATION = 0
TEXT = 1
BINARY = 2
CLOSE = 8
PING = 9
PONG = 10

# Codes of a close frame.
NORMAL = 1000
PROTOCOL_ERROR = 1002
BAD_DATA = 1007
_NEVER_SENT = (1004, 1005, 1006, 1015)  # of the standard's own, up to 1999
_LAST_OWN = 1014

# Fields of the request that are the module's own.
OWN_FIELDS = (
    b"upgrade",
    b"connection",
    b"sec-websocket-key",
    b"sec-websocket-version",
    b"sec-websocket-extensions",
)

MAX_CONTROL = 125  # payload bytes of a control frame
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

# States of a reader.
_HEAD = 0
_LENGTH = 1
_CONTROL = 2
_PAYLOAD = 3


def request(host, target, key, protocols=b"", fields=()):
    """Compose the request that opens a WebSocket.

    `host` (str) is the Host field, `target` (bytes) the path, `key` 24 bytes of new_key(),
    `protocols` the names offered, with commas; `fields` are further lines.
    """
    lines = [
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + key,
        b"Sec-WebSocket-Version: 13",
    ]
    if protocols:
        lines.append(b"Sec-WebSocket-Protocol: " + protocols)
    lines.extend(fields)
    return http.request("GET", host, target, lines)


def new_key(noise):
    """Return the key of a request, from 16 random bytes."""
    return binascii.b2a_base64(noise)[:-1]


def accept(key):
    """Return what a server that took a request with this key has to answer."""
    return binascii.b2a_base64(hashlib.sha1(key + _GUID).digest())[:-1]


class Answer:
    """Reads a server's answer to request() with this key and these protocols.

    `status` is 0 until the head is complete.
    """

    def __init__(self, key, protocols=b""):
        self.done = False
        self._offered = [name.strip() for name in protocols.split(b",")]
        self._accept = accept(key)
        self._accepted = b""
        self._upgrade = b""
        self._protocol = b""
        self._extensions = b""
        self._response = http.Response(False, self._take_field)

    @property
    def status(self):
        """The status code of the answer."""
        return self._response.status

    def take(self, data, at, end):
        """Consume bytes of data[at:end] and return the place behind them; see `done`.

        ValueError if the server refuses, or is no WebSocket server.
        """
        response = self._response
        while at < end and not response.done:
            at = response.take(data, at, end)
        if response.done:
            self._judge(response)
            self.done = True
        return at

    def _judge(self, response):
        if response.status != 101:
            reason = "the server answers with status %d" % response.status
            location = response.fields.get("location")
            raise ValueError(reason + (" and leads to " + location if location else ""))
        if self._upgrade.lower() != b"websocket" or self._accepted != self._accept:
            raise ValueError("the server does not speak WebSocket")
        if self._protocol and self._protocol not in self._offered:
            raise ValueError("the server chose a subprotocol that was not offered")
        if self._extensions:
            raise ValueError("the server wants an extension that was not offered")

    def _take_field(self, name, value):
        name = name.lower()
        if name == b"sec-websocket-accept":
            self._accepted = value
        elif name == b"sec-websocket-protocol":
            self._protocol = value
        elif name == b"sec-websocket-extensions":
            self._extensions = value
        elif name == b"upgrade":
            self._upgrade = value


# Frames that a client sends.


def frame_head(opcode, size, key, is_last=True):
    """Compose what precedes a payload of `size` bytes that is masked with `key` (4 bytes)."""
    first = opcode | (0x80 if is_last else 0)
    if size < 126:
        return bytes((first, 0x80 | size)) + key
    if size < 65536:
        return bytes((first, 0xFE)) + size.to_bytes(2, "big") + key
    return bytes((first, 0xFF)) + size.to_bytes(8, "big") + key


def close_payload(code, reason=b""):
    """Compose the payload of a close frame."""
    return code.to_bytes(2, "big") + reason


def close_code(payload):
    """Return the code that a server's close frame carries, NORMAL if none.

    ValueError if a server may not send this.
    """
    if not payload:
        return NORMAL
    code = int.from_bytes(payload[:2], "big")
    own = NORMAL <= code <= _LAST_OWN and code not in _NEVER_SENT
    if len(payload) < 2 or not (own or 3000 <= code <= 4999):
        raise ValueError("a close frame without a valid code")
    return code


# Frames that a client gets.


class Frames:
    """Reads a server's frames from pieces of any size.

    After take(): data[first:last] are payload bytes of a message; `opcode` (TEXT or BINARY) is
    its kind and `is_end` says that they are its last ones, `is_frame_end` the last of their frame,
    which is of the kind `frame_opcode`, has `size` bytes, and is the message's last one if
    `is_last`. `control` is the opcode of a control
    frame that is complete, with `payload`, else None.
    """

    def __init__(self):
        self.opcode = CONTINUATION  # of the message that is under way; CONTINUATION: none is
        self.first = 0
        self.last = 0
        self.is_end = False
        self.is_frame_end = False
        self.frame_opcode = CONTINUATION
        self.is_last = False
        self.size = 0
        self.control = None
        self.payload = b""
        self.left = 0  # payload bytes of this frame still to come
        self._state = _HEAD
        self._need = 2
        self._head = bytearray()
        self._kind = 0
        self._is_last = False
        self._is_over = False  # the message is complete: the next data frame begins another

    @property
    def is_between(self):
        """Whether the next byte begins a message."""
        is_open = self.opcode != CONTINUATION and not self._is_over
        return self._state == _HEAD and self._need == 2 and not is_open

    def take(self, data, at, end):
        """Consume bytes of data[at:end] and return the place behind them.

        Stops behind payload of a message, its end and a control frame. ValueError if a server
        may not send this.
        """
        self.control = None
        self.is_end = self.is_frame_end = False
        self.first = self.last = at
        if self._is_over:
            self._is_over = False
            self.opcode = CONTINUATION
        while at < end:
            if self._state == _PAYLOAD:
                return self._take_payload(at, end)
            size = min(self._need, end - at)
            self._head.extend(data[at : at + size])
            self._need -= size
            at += size
            self.first = self.last = at
            if not self._need:
                self._collected()
                if self.control is not None or self.is_frame_end:
                    break
        return at

    def _collected(self):
        head = self._head
        self._head = bytearray()
        if self._state == _HEAD:
            self._take_head(head[0], head[1])
        elif self._state == _LENGTH:
            self.left = int.from_bytes(head, "big")
            if self.left >> 63:
                raise ValueError("a frame is longer than any")
            self._begin_payload()
        else:
            self.control = self._kind
            self.payload = bytes(head)
            self._expect(_HEAD, 2)

    def _expect(self, state, size):
        self._state = state
        self._need = size

    def _take_head(self, first, second):
        self._kind = first & 15
        self._is_last = first & 0x80 != 0
        size = second & 0x7F
        if first & 0x70:
            raise ValueError("a frame has reserved bits")
        if second & 0x80:
            raise ValueError("the server masks its frames")
        if self._kind >= CLOSE:
            if self._kind > PONG or not self._is_last or size > MAX_CONTROL:
                raise ValueError("a control frame is unknown, fragmented or too long")
        else:
            self._take_kind()
        if size > MAX_CONTROL:
            self._expect(_LENGTH, 2 if size == 126 else 8)
            return
        self.left = size
        self._begin_payload()

    def _take_kind(self):
        if self._kind > BINARY:
            raise ValueError("a frame has the unknown opcode %d" % self._kind)
        if (self._kind == CONTINUATION) == (self.opcode == CONTINUATION):
            raise ValueError("the fragments of a message are out of order")
        if self._kind != CONTINUATION:
            self.opcode = self._kind

    def _begin_payload(self):
        if self._kind >= CLOSE:
            self._expect(_CONTROL, self.left)
            if not self.left:
                self._collected()
        else:
            self.frame_opcode = self._kind
            self.is_last = self._is_last
            self.size = self.left
            self._state = _PAYLOAD
            if not self.left:
                self._end_frame()

    def _take_payload(self, at, end):
        size = min(self.left, end - at)
        self.left -= size
        if not self.left:
            self._end_frame()
        self.first = at
        self.last = at + size
        return self.last

    def _end_frame(self):
        self._expect(_HEAD, 2)
        self.is_frame_end = True
        self.is_end = self._is_over = self._is_last
