"""MQTT 3.1.1 (the OASIS standard): packets that a client sends, and a reader of those it gets.

Functions and a state machine on bytes; no I/O and no clock. Payloads stay outside: a PUBLISH is
composed as its head alone, and read as its head and ranges of the bytes that came. What packets
mean for a session is services/mqtt_client.py's business.
"""

# Types of packets, with the flags that belong to them.
CONNACK = 0x20
PUBLISH = 0x30
PUBACK = 0x40
PUBREC = 0x50
PUBREL = 0x62
PUBCOMP = 0x70
SUBACK = 0x90
UNSUBACK = 0xB0
PINGRESP = 0xD0

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"

MAX_TOPIC = 1024  # longer topics that arrive are skipped: the standard allows 65535 bytes

# What take() found.
NOTHING = 0
PACKET = 1  # a whole packet without payload: kind, pid, code
MESSAGE = 2  # the head of a PUBLISH: topic, qos, retain, is_dup, pid, head_size, left
DATA = 3  # payload bytes, data[first:last]; `left` is how many are still to come

_JOINED = 512  # packets up to this size are one part

_LENGTHS = {  # of packets without payload: what follows the length
    CONNACK: 2,
    PUBACK: 2,
    PUBREC: 2,
    PUBREL: 2,
    PUBCOMP: 2,
    SUBACK: 3,
    UNSUBACK: 2,
    PINGRESP: 0,
}

# States of a reader.
_KIND = 0
_LENGTH = 1
_FIXED = 2  # packets without payload
_TOPIC_LENGTH = 3
_TOPIC = 4
_SKIPPED_TOPIC = 5
_PID = 6
_PAYLOAD = 7


# What a client sends.


def connect(client_id, user, password, keepalive_s, is_clean, will=None):
    """Compose CONNECT as a list of parts, because its texts may be long.

    `will` is (topic, message, qos, retain) or None; user and password may be b"".
    """
    flags = 2 if is_clean else 0
    texts = [client_id]
    if will:
        topic, message, qos, retain = will
        flags |= 4 | qos << 3 | retain << 5
        texts.append(topic)
        texts.append(message)
    if user or password:  # there is no password without a user name
        flags |= 0x80
        texts.append(user)
    if password:
        flags |= 0x40
        texts.append(password)
    size = 10 + sum([2 + len(text) for text in texts])
    head = b"\x10" + _length(size) + b"\x00\x04MQTT\x04" + bytes((flags,)) + _number(keepalive_s)
    parts = [head] + [_text(text) for text in texts]
    return parts if size > _JOINED else [b"".join(parts)]


def publish_head(topic, size, qos=0, retain=0, pid=0, is_dup=False):
    """Compose what precedes a payload of `size` bytes; `pid` counts if qos is not 0."""
    kind = PUBLISH | is_dup << 3 | qos << 1 | retain
    head = _text(topic)
    if qos:
        head += _number(pid)
    return bytes((kind,)) + _length(len(head) + size) + head


def ack(kind, pid):
    """Compose PUBACK, PUBREC, PUBREL or PUBCOMP."""
    return bytes((kind, 2)) + _number(pid)


def subscribe(pid, topic, qos):
    """Compose SUBSCRIBE for one topic filter."""
    return _packet(0x82, _number(pid) + _text(topic) + bytes((qos,)))


def unsubscribe(pid, topic):
    """Compose UNSUBSCRIBE for one topic filter."""
    return _packet(0xA2, _number(pid) + _text(topic))


def is_topic(topic):
    """Return whether messages can be published to a topic: no wildcards, not empty."""
    return len(topic) > 0 and b"#" not in topic and b"+" not in topic


def is_filter(topic):
    """Return whether wildcards stand where they may: + for one level, # for all at the end."""
    levels = topic.split(b"/")
    for i in range(len(levels)):
        level = levels[i]
        if len(level) > 1 and (b"#" in level or b"+" in level):
            return False
        if level == b"#" and i + 1 < len(levels):
            return False
    return len(topic) > 0


def _number(value):
    return bytes((value >> 8, value & 0xFF))


def _text(data):
    return _number(len(data)) + data


def _length(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _packet(kind, body):
    return bytes((kind,)) + _length(len(body)) + body


# What a client gets.


class Reader:
    """Reads packets from pieces of any size; `event` tells what the last take() found."""

    def __init__(self):
        self.event = NOTHING
        self.kind = 0
        self.pid = 0
        self.code = 0  # of CONNACK and SUBACK
        self.is_session_present = False  # of CONNACK
        self.topic = b""  # None if it is longer than MAX_TOPIC
        self.qos = 0
        self.retain = 0
        self.is_dup = False
        self.head_size = 0  # bytes of a PUBLISH in front of its payload
        self.left = 0
        self.first = 0
        self.last = 0
        self._state = _KIND
        self._shift = 0
        self._need = 0
        self._head = bytearray()

    @property
    def is_between(self):
        """Whether the next byte begins a packet."""
        return self._state == _KIND

    def take(self, data, at, end):
        """Consume bytes of data[at:end], up to the next event, and return the place behind them.

        ValueError if this is not what an MQTT server sends.
        """
        self.event = NOTHING
        while at < end and self.event == NOTHING:
            if self._state == _PAYLOAD:
                return self._take_payload(at, end)
            if self._state <= _LENGTH:
                self._take_start(data[at])
                at += 1
            else:
                at = self._collect(data, at, end)
        return at

    def _take_start(self, byte):
        if self._state == _KIND:
            self.kind = byte if byte & 0xF0 != PUBLISH else PUBLISH
            if self.kind == PUBLISH:
                self._take_flags(byte)
            elif byte not in _LENGTHS:
                raise ValueError("the server sends a packet of type 0x%02x" % byte)
            self.left = self._shift = 0
            self.head_size = 1
            self._state = _LENGTH
            return
        self.left |= (byte & 0x7F) << self._shift
        self._shift += 7
        self.head_size += 1
        if not byte & 0x80:
            self._begin_body()
        elif self._shift == 28:
            raise ValueError("the length of a packet has more than four bytes")

    def _take_flags(self, byte):
        self.qos = byte >> 1 & 3
        self.retain = byte & 1
        self.is_dup = byte & 8 != 0
        if self.qos == 3:
            raise ValueError("the server publishes with QoS 3")

    def _begin_body(self):
        if self.kind == PUBLISH:
            self._expect(_TOPIC_LENGTH, 2)
            return
        if self.left != _LENGTHS[self.kind]:
            raise ValueError("a packet of type 0x%02x has %d bytes" % (self.kind, self.left))
        if self.left:
            self._expect(_FIXED, self.left)
        else:
            self.event = PACKET
            self._state = _KIND

    def _expect(self, state, size):
        """Have the next `size` bytes collected, then go on in _collected()."""
        if size > self.left:
            raise ValueError("a packet ends too early")
        self.left -= size
        self.head_size += size
        self._state = state
        self._need = size
        self._head = bytearray()

    def _collect(self, data, at, end):
        size = min(self._need, end - at)
        if self._state != _SKIPPED_TOPIC:
            self._head.extend(data[at : at + size])
        self._need -= size
        if not self._need:
            self._collected()
        return at + size

    def _collected(self):
        head = self._head
        if self._state == _FIXED:
            self._take_packet(head)
        elif self._state == _TOPIC_LENGTH:
            size = head[0] << 8 | head[1]
            self._expect(_TOPIC if size <= MAX_TOPIC else _SKIPPED_TOPIC, size)
            if not size:
                self._collected()
        elif self._state == _PID:
            self.pid = self._packet_id(head)
            self._begin_payload()
        else:
            self.topic = None if self._state == _SKIPPED_TOPIC else bytes(head)
            self.pid = 0
            if self.qos:
                self._expect(_PID, 2)
            else:
                self._begin_payload()

    def _begin_payload(self):
        self.event = MESSAGE
        self._state = _PAYLOAD if self.left else _KIND

    def _take_packet(self, head):
        if self.kind == CONNACK:
            self.is_session_present = head[0] & 1 != 0
            self.code = head[1]
        else:
            self.pid = self._packet_id(head)
            self.code = head[2] if self.kind == SUBACK else 0
        self.event = PACKET
        self._state = _KIND

    def _packet_id(self, head):
        pid = head[0] << 8 | head[1]
        if not pid:
            raise ValueError("a packet has the number 0")
        return pid

    def _take_payload(self, at, end):
        size = min(self.left, end - at)
        self.left -= size
        if not self.left:
            self._state = _KIND
        self.event = DATA
        self.first = at
        self.last = at + size
        return self.last
