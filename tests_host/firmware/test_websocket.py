"""WebSocket handshake and frames of the client's side, under CPython."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from at.wire import websocket as ws
from tests_host.firmware.pieces import cut, taken

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="  # the example of RFC 6455 section 1.3
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n"
)
PLACES = st.lists(st.integers(0, 5000), max_size=12)


def frame(opcode, payload=b"", last=True):
    """Write a server's frame as RFC 6455 section 5.2 has it."""
    size = len(payload)
    if size < 126:
        head = bytes([size])
    elif size < 65536:
        head = b"\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x7f" + size.to_bytes(8, "big")
    return bytes([opcode | (0x80 if last else 0)]) + head + payload


def read(stream, places=()):
    """Feed frames in pieces; return messages and control frames in order."""
    reader = ws.Frames()
    found, message = [], b""
    for piece in cut(stream, places):
        for _ in taken(reader, piece):
            message += piece[reader.first : reader.last]
            if reader.control is not None:
                found.append((reader.control, reader.payload))
            if reader.is_end:
                found.append((reader.opcode, message))
                message = b""
    return found


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from((ws.TEXT, ws.BINARY)),
        st.lists(st.binary(max_size=200), min_size=1, max_size=4),
        st.sampled_from((None, ws.PING, ws.PONG, ws.CLOSE)),
        st.binary(max_size=125),
    ),
    max_size=4,
)


@given(MESSAGES, PLACES)
def test_messages_are_read_in_any_pieces(messages, places):
    stream, want = b"", []
    for opcode, fragments, control, payload in messages:
        for index, data in enumerate(fragments):
            is_last = index == len(fragments) - 1
            stream += frame(ws.CONTINUATION if index else opcode, data, is_last)
            if not is_last and control is not None:
                stream += frame(control, payload)  # between the fragments of a message
                want.append((control, payload))
        want.append((opcode, b"".join(fragments)))
    assert read(stream, places) == want


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70001])
def test_frames_of_any_size(size):
    payload = bytes(i * 7 & 0xFF for i in range(size))
    assert read(frame(ws.BINARY, payload) + frame(ws.PING, b"x")) == [
        (ws.BINARY, payload),
        (ws.PING, b"x"),
    ]
    head = ws.frame_head(ws.BINARY, size, b"\x01\x02\x03\x04")
    plain = frame(ws.BINARY, payload)[: -size or None]
    assert head == plain[:1] + bytes([plain[1] | 0x80]) + plain[2:] + b"\x01\x02\x03\x04"


def test_a_fragment_is_marked():
    assert ws.frame_head(ws.TEXT, 3, b"abcd", is_last=False) == b"\x01\x83abcd"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", 1000),
        (b"\x03\xe8", 1000),
        (b"\x03\xf6bye", 1014),
        (b"\x0b\xb8", 3000),
        (b"\x13\x87x", 4999),
    ],
)
def test_the_code_of_a_close_frame(payload, code):
    assert ws.close_code(payload) == code
    if payload:
        assert ws.close_payload(code, payload[2:]) == payload


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1999, 2999, 5000, 65535])
def test_codes_that_are_never_sent(code):
    with pytest.raises(ValueError, match="valid code"):
        ws.close_code(code.to_bytes(2, "big"))


def test_half_a_code():
    with pytest.raises(ValueError, match="valid code"):
        ws.close_code(b"\x03")


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\xc1\x00", "reserved"),
        (b"\x91\x00", "reserved"),
        (b"\x82\x80\0\0\0\0", "masks"),
        (b"\x83\x00", "opcode 3"),
        (b"\x8b\x00", "unknown"),
        (b"\x09\x00", "fragmented"),
        (b"\x89\x7e\x00\x7e", "too long"),
        (b"\x80\x00", "out of order"),
        (frame(1, b"a", False) + frame(1, b"b"), "out of order"),
        (frame(1, b"a") + frame(0, b"b"), "out of order"),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0", "longer than any"),
    ],
)
def test_what_no_server_may_send(stream, reason):
    for places in ((), range(len(stream))):
        with pytest.raises(ValueError, match=reason):
            read(stream, places)


@given(st.binary(max_size=200), PLACES)
def test_garbage_is_read_or_refused(stream, places):
    with contextlib.suppress(ValueError):
        read(stream, places)


def answered(data, places=(), protocols=b""):
    answer = ws.Answer(KEY, protocols)
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    start, behind = 0, b""
    for end in ends:
        at = start
        if not answer.done:
            at = answer.take(data, start, end)
        behind += data[at:end]
        start = end
    return answer, behind


def test_the_accept_value_of_the_standard():
    assert ws.accept(KEY) == ACCEPT
    key = ws.new_key(bytes(range(16)))
    assert len(base64.b64decode(key)) == 16
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert base64.b64decode(ws.accept(key)) == digest


@given(PLACES)
def test_an_answer_is_read_in_any_pieces(places):
    data = ANSWER + b"sec-websocket-protocol: mqtt\r\n\r\n" + frame(ws.PING)
    answer, behind = answered(data, places, b"other, mqtt")
    assert (answer.done, answer.status, behind) == (True, 101, frame(ws.PING))


def test_an_answer_may_be_incomplete():
    assert not answered(ANSWER)[0].done


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "status 200"),
        (b"HTTP/1.1 307 No\r\nLocation: /b\r\n\r\n", "status 307 and leads to /b"),
        (ANSWER + b"Sec-WebSocket-Protocol: mqtt\r\n\r\n", "subprotocol that was not offered"),
        (ANSWER + b"Sec-WebSocket-Extensions: x\r\n\r\n", "extension that was not offered"),
        (ANSWER.replace(ACCEPT, ACCEPT[::-1]) + b"\r\n", "does not speak"),
        (ANSWER.replace(b"Upgrade: websocket\r\n", b"") + b"\r\n", "does not speak"),
        (b"SSH-2.0-x\r\n", "no HTTP server"),
    ],
)
def test_a_refusal(data, reason):
    with pytest.raises(ValueError, match=reason):
        answered(data)


def test_the_request_says_all_that_is_needed():
    request = ws.request("a.test:9001", b"/mqtt", KEY, b"mqtt", (b"Authorization: x",))
    lines = request.split(b"\r\n")
    assert lines[0] == b"GET /mqtt HTTP/1.1"
    assert lines[-2:] == [b"", b""]
    assert set(lines[1:-2]) == {
        b"Host: a.test:9001",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + KEY,
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Protocol: mqtt",
        b"Authorization: x",
    }
