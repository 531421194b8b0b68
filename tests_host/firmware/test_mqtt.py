"""MQTT packets: what a client composes, and the reader of what it gets, under CPython."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from at.wire import mqtt
from tests_host.firmware.pieces import cut, refused, taken

IDS = st.integers(1, 65535)
TOPIC = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="+#\x00"), min_size=1, max_size=60
)
MESSAGE = st.tuples(
    TOPIC, st.binary(max_size=400), st.integers(0, 2), st.booleans(), st.booleans(), IDS
)
PLACES = st.lists(st.integers(0, 5000), max_size=12)


def length(value):
    """Write a length as the standard's own algorithm does."""
    out = b""
    while True:
        value, byte = divmod(value, 128)
        out += bytes([byte | (0x80 if value else 0)])
        if not value:
            return out


def text(data):
    return struct.pack(">H", len(data)) + data


def packet(kind, body):
    return bytes([kind]) + length(len(body)) + body


def publish(message):
    topic, payload, qos, retain, dup, pid = message
    body = text(topic.encode()) + (struct.pack(">H", pid) if qos else b"") + payload
    return packet(0x30 | dup << 3 | qos << 1 | retain, body)


def read(stream, places=()):
    """Feed a stream in pieces that end at the places; return what was found."""
    reader = mqtt.Reader()
    found = []
    for piece in cut(stream, places):
        for _ in taken(reader, piece):
            if reader.event == mqtt.PACKET:
                found.append((reader.kind, reader.pid, reader.code))
            elif reader.event == mqtt.MESSAGE:
                found.append([reader.topic, reader.qos, reader.retain, reader.is_dup, reader.pid])
                found[-1].append(b"" if reader.left else "end")
            elif reader.event == mqtt.DATA:
                found[-1][-1] += piece[reader.first : reader.last]
                if not reader.left:
                    found[-1].append("end")
    return found


def expected(message):
    topic, payload, qos, retain, dup, pid = message
    head = [topic.encode(), qos, int(retain), dup, pid if qos else 0]
    return [*head, payload, "end"] if payload else [*head, "end"]


@given(st.lists(MESSAGE, max_size=4), PLACES)
def test_messages_are_read_in_any_pieces(messages, places):
    stream = b"".join(publish(message) for message in messages)
    assert read(stream, places) == [expected(message) for message in messages]


@pytest.mark.parametrize("size", [0, 1, 2, 7, 100])
def test_packets_byte_by_byte_and_with_trailing_bytes(size):
    stream = b"\x20\x02\x01\x05\x40\x02\x12\x34\x90\x03\x00\x07\x80\xd0\x00" + b"\xd0\x00" * size
    pongs = [(mqtt.PINGRESP, 7, 128)] * (size + 1)
    want = [(mqtt.CONNACK, 0, 5), (mqtt.PUBACK, 0x1234, 0), (mqtt.SUBACK, 7, 128), *pongs]
    assert read(stream) == want
    assert read(stream, range(len(stream))) == want


@given(MESSAGE)
def test_a_composed_head_is_that_of_the_standard(message):
    topic, payload, qos, retain, dup, pid = message
    head = mqtt.publish_head(topic.encode(), len(payload), qos, int(retain), pid, dup)
    assert head + payload == publish(message)


@pytest.mark.parametrize("size", [0, 127, 128, 16383, 16384, 2097151, 2097152, 268435452])
def test_lengths_of_one_to_four_bytes(size):
    head = mqtt.publish_head(b"t", size)
    assert head == b"\x30" + length(size + 3) + b"\x00\x01t"
    reader = mqtt.Reader()
    assert reader.take(head, 0, len(head)) == len(head)
    assert reader.event == mqtt.MESSAGE
    assert (reader.left, reader.head_size) == (size, len(head))


def connect(*arguments):
    return b"".join(mqtt.connect(*arguments))


def test_connect_carries_what_is_there():
    will = (b"w", b"gone", 2, 1)
    assert connect(b"me", b"", b"", 120, True) == (
        b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x78\x00\x02me"
    )
    assert connect(b"me", b"user", b"", 120, True)[9] == 0x82
    assert connect(b"me", b"", b"secret", 120, True)[9] == 0xC2
    whole = connect(b"me", b"u", b"p", 7200, False, will)
    assert whole[:12] == b"\x10\x1d\x00\x04MQTT\x04\xf4\x1c\x20"
    assert whole[12:] == text(b"me") + text(b"w") + text(b"gone") + text(b"u") + text(b"p")


@pytest.mark.parametrize("size", [0, 1, 100, 165, 166, 167, 1024])
def test_a_long_connect_comes_in_parts(size):
    texts = b"i" * size, b"u" * size, b"p" * size
    parts = mqtt.connect(*texts, 1, True)
    whole = b"".join(parts)
    assert whole == packet(0x10, whole[1 + len(length(len(whole) - 3)) :])
    assert whole.endswith(b"".join(text(data) for data in texts if data or data is texts[0]))
    assert max(map(len, parts)) <= max(512 + 5, size + 2)


def test_small_packets():
    assert mqtt.ack(mqtt.PUBREL, 0x1234) == b"\x62\x02\x12\x34"
    assert mqtt.subscribe(10, b"a/#", 2) == b"\x82\x08\x00\x0a\x00\x03a/#\x02"
    assert mqtt.unsubscribe(10, b"a/#") == b"\xa2\x07\x00\x0a\x00\x03a/#"


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\x00\x00", "type 0x00"),
        (b"\x10\x00", "type 0x10"),  # CONNECT
        (b"\x60\x02\x00\x01", "type 0x60"),  # PUBREL without its flag
        (b"\x41\x02\x00\x01", "type 0x41"),
        (b"\xf0\x00", "type 0xf0"),
        (b"\x36\x05\x00\x01t\x00\x01", "QoS 3"),
        (b"\x40\x03\x00\x01\x00", "has 3 bytes"),
        (b"\x40\x01\x00", "has 1 bytes"),
        (b"\xd0\x01\x00", "has 1 bytes"),
        (b"\x90\x04\x00\x01\x00\x00", "has 4 bytes"),
        (b"\x30\x80\x80\x80\x80\x01", "four bytes"),
        (b"\x30\x01\x00", "too early"),
        (b"\x30\x04\x00\x03ab", "too early"),
        (b"\x32\x04\x00\x01ab", "too early"),  # no room for the packet identifier
        (b"\x32\x05\x00\x01a\x00\x00", "number 0"),
        (b"\x50\x02\x00\x00", "number 0"),
    ],
)
def test_what_no_server_may_send(stream, reason):
    refused(read, stream, reason)


@given(st.binary(max_size=200), PLACES)
def test_garbage_is_read_or_refused(stream, places):
    with contextlib.suppress(ValueError):
        read(stream, places)


@pytest.mark.parametrize("qos", [0, 1])
def test_a_topic_longer_than_memory_is_skipped(qos):
    body = text(b"t" * (mqtt.MAX_TOPIC + 1)) + (b"\x00\x09" if qos else b"") + b"payload"
    stream = packet(0x30 | qos << 1, body) + b"\xd0\x00"
    for places in ((), range(len(stream))):
        found = read(stream, places)
        assert found[0] == [None, qos, 0, False, 9 if qos else 0, b"payload", "end"]
        assert found[1][0] == mqtt.PINGRESP
    fits = packet(0x30, text(b"t" * mqtt.MAX_TOPIC) + b"p")
    assert read(fits)[0][0] == b"t" * mqtt.MAX_TOPIC


def test_an_empty_topic_is_read():
    assert read(b"\x30\x03\x00\x00p") == [[b"", 0, 0, False, 0, b"p", "end"]]


@pytest.mark.parametrize("topic", b"# + a/+/b a/# +/+ / a//b /# $SYS/#".split())
def test_wildcards_where_they_may_stand(topic):
    assert mqtt.is_filter(topic)
    assert mqtt.is_topic(topic) == (b"#" not in topic and b"+" not in topic)


@pytest.mark.parametrize("topic", [b"", b"a#", b"#/a", b"a/#/b", b"a+", b"+a", b"a/+b/c", b"##"])
def test_wildcards_where_they_may_not_stand(topic):
    assert not mqtt.is_filter(topic)
    assert not mqtt.is_topic(topic)
