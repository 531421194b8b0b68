"""The reading side of HTTP, URLs, and the check of firmware images, under CPython."""

import hashlib
import io
import re
import urllib.parse
from http.client import HTTPResponse
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from at.wire import http, url
from at.wire.image import Image
from tests_host.firmware.pieces import cut, refused
from tools.peers import espimage

LIMIT = 0x180000


def read(data, pieces=(), closed=True, **options):
    """Feed a response in pieces that end at the given places: (reader, body, bytes behind it)."""
    reader = http.Response(**options)
    body = bytearray()
    behind = bytearray()
    for piece in cut(data, pieces):
        at = 0
        while at < len(piece) and not reader.done:
            before = at
            at = reader.take(piece, at, len(piece))
            body += piece[reader.first : reader.last]
            assert at > before
        behind += piece[at:]
    if closed:
        reader.end()
    return reader, bytes(body), bytes(behind)


class _Socket:
    """What http.client reads from."""

    def __init__(self, data):
        self.data = data

    def makefile(self, *_):
        return io.BytesIO(self.data)


FIELD = st.text("abcXYZ-019", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=30)
BODY = st.binary(max_size=300)
CHUNKS = st.lists(st.binary(min_size=1, max_size=60), max_size=6)
PLACES = st.lists(st.integers(0, 2000), max_size=12)
SPECIAL = ("content-length", "transfer-encoding")


def framed(head, framing, chunks):
    """Write a body in the given framing."""
    body = b"".join(chunks)
    if framing == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if framing == "close":
        return head + b"\r\n" + body
    text = b"".join(b"%X;x=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + b"transfer-encoding: Chunked\r\n\r\n" + text + b"0\r\nTrailer: 1\r\n\r\n"


@given(
    st.integers(200, 599).filter(lambda code: code not in (204, 304)),
    st.dictionaries(FIELD.filter(lambda name: name.lower() not in SPECIAL), VALUE, max_size=5),
    st.sampled_from(["length", "chunked", "close"]),
    CHUNKS,
    PLACES,
)
def test_any_split_of_a_response_gives_what_python_reads(code, fields, framing, chunks, places):
    head = b"HTTP/1.1 %d Some reason\r\n" % code
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    data = framed(head, framing, chunks)
    seen = []
    reader, body, _ = read(data, places, on_field=lambda name, value: seen.append((name, value)))
    judge = HTTPResponse(_Socket(data))
    judge.begin()
    assert (reader.status, body, reader.done) == (judge.status, judge.read(), True)
    assert body == b"".join(chunks)
    assert [(n.decode(), v.decode()) for n, v in seen] == [
        (n, v.strip()) for n, v in judge.getheaders()
    ]


@given(st.sampled_from(["length", "chunked"]), CHUNKS, PLACES)
def test_a_field_that_is_too_long_is_skipped_and_many_fields_are_no_matter(
    framing, chunks, places
):
    head = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000 + b"\r\n" + b"Y: 1\r\n" * 200
    seen = []
    data = framed(head, framing, chunks)
    reader, body, _ = read(data, places, on_field=lambda *field: seen.append(field))
    assert (reader.status, body, reader.done) == (200, b"".join(chunks), True)
    assert seen.count((b"Y", b"1")) == 200
    assert not any(name == b"X" for name, _ in seen)


@given(st.sampled_from(["length", "chunked"]), CHUNKS, BODY, PLACES)
def test_bytes_behind_a_response_are_left_alone(framing, chunks, behind, places):
    data = framed(b"HTTP/1.1 200 OK\r\n", framing, chunks)
    reader, body, rest = read(data + behind, places)
    assert (reader.done, body, rest) == (True, b"".join(chunks), behind)


@given(st.sampled_from(["length", "chunked"]), st.data())
def test_a_response_that_is_cut_off_is_noticed(framing, data):
    whole = framed(b"HTTP/1.1 200 OK\r\n", framing, [b"abc", b"defg"])
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ValueError, match="in the middle"):
        read(whole[:cut])


@pytest.mark.parametrize(
    ("head", "options"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", {}),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", {}),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", {}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {"has_body": False}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {}),
    ],
)
def test_some_responses_have_no_body(head, options):
    reader, body, behind = read(head + b"next", **options)
    assert (reader.done, body, behind) == (True, b"", b"next")


def test_an_interim_response_is_passed_over():
    seen = []
    reader, body, _ = read(
        b"HTTP/1.1 103 Early Hints\r\nLocation: /no\r\n\r\n"
        b"HTTP/1.0 200\nContent-Length: 2\nX: 1\n\nok",
        on_field=lambda name, value: seen.append((name, value)),
    )
    assert (reader.status, body) == (200, b"ok")
    assert reader.fields == {"content-length": "2"}
    assert seen == [(b"Content-Length", b"2"), (b"X", b"1")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"SSH-2.0-OpenSSH\r\n", "no HTTP server"),
        (b"HTTP/2.0 200 OK\r\n", "no HTTP server"),
        (b"HTTP/1.1 20 OK\r\n", "no HTTP server"),
        (b"HTTP/1.1 2000 OK\r\n", "no HTTP server"),
        (b"HTTP/1.1 099 OK\r\n", "no HTTP server"),
        (b"HTTP/1.1 200 OK\r\n folded: 1\r\n", "no name"),
        (b"HTTP/1.1 200 OK\r\nA : 1\r\n", "no name"),
        (b"HTTP/1.1 200 OK\r\nnothing\r\n", "no name"),
        (b"HTTP/1.1 200 OK\r\nLocation: \xff\r\n", "not text"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n", "contradict"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "no number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not supported"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
            "not",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "no size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "no size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n", "no size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "longer"),
        (b"HTTP/1.1 200 " + b"x" * 5000, "too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 6000, "does not end"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 33000, "does not end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: 1\r\n" * 6000,
            "does not end",
        ),
    ],
)
def test_what_is_not_http_is_refused_however_it_is_split(data, reason):
    refused(read, data, reason)


@given(st.binary(max_size=200), PLACES)
@example(b"HTTP/1.\0 200\n\n", [])
def test_garbage_ends_in_a_clear_error(data, places):
    assume(not re.match(rb"HTTP/1\.\d [1-9]\d\d", data))  # that is no garbage
    with pytest.raises(ValueError, match=r"\w"):
        read(data, places)


def test_a_request_has_its_host_and_fields():
    assert (
        http.request("GET", "a.test:81", b"/x?y", (b"Range: bytes=0-1",))
        == b"GET /x?y HTTP/1.1\r\nHost: a.test:81\r\nRange: bytes=0-1\r\n\r\n"
    )


# URLs


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"http://a.test", ("http", "a.test", 80, b"/")),
        (b"HTTPS://a.test:8443/x/y?z=1&w#part", ("https", "a.test", 8443, b"/x/y?z=1&w")),
        (b"http://a.test?q", ("http", "a.test", 80, b"/?q")),
        (b"http://a.test:/x", ("http", "a.test", 80, b"/x")),
        (b"http://[::1]:81/x", ("http", "::1", 81, b"/x")),
        (b"https://[2001:db8::1]", ("https", "2001:db8::1", 443, b"/")),
        (b"ws://a.test/chat", ("ws", "a.test", 80, b"/chat")),
        ("http://a.test/\u00fc".encode(), ("http", "a.test", 80, "/\u00fc".encode())),
        (b"http://a.test/x://y", ("http", "a.test", 80, b"/x://y")),
    ],
)
def test_a_url_is_taken_apart(text, parts):
    assert url.split(text) == parts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "begins with"),
        (b"a.test/x", "begins with"),
        (b"ftp://a.test/", "begins with"),
        (b"://a.test/", "begins with"),
        (b"http://", "1 to 253"),
        (b"http:///x", "1 to 253"),
        (b"http://a b.test/", "spaces"),
        (b"http://a.test/\r\nHost: b", "spaces"),
        (b"http://me:secret@a.test/", "user name"),
        (b"http://a.test:0/", "port"),
        (b"http://a.test:65536/", "port"),
        (b"http://a.test:+1/", "port"),
        (b"http://[::1/", "brackets"),
        (b"http://[a.test]/", "brackets"),
        (b"http://[::1]x/", "brackets"),
        (b"http://\xff/", "not text"),
    ],
)
def test_a_bad_url_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        url.split(text)


@pytest.mark.parametrize(
    "location",
    [
        "http://b.test/y",
        "//b.test/y",
        "/y",
        "/y/../z?q=../x",
        "y",
        "../y",
        "../../../y",
        "./y/./z/",
        "y/..",
        ".",
        "..",
        "?q",
        "y?q=a/b",
        "",
    ],
)
@pytest.mark.parametrize("base", ["http://a.test/d/e/f?q=1", "https://a.test:1/", "http://a.test"])
def test_a_redirect_leads_where_python_goes(base, location):
    expected = urllib.parse.urljoin(base, location)
    got = url.join(base.encode(), location.encode())
    assert url.split(got) == url.split(expected.encode())


def test_the_host_field_names_a_port_that_is_not_the_usual_one():
    assert url.host_field("http", "a.test", 80) == "a.test"
    assert url.host_field("https", "::1", 80) == "[::1]:80"


# Firmware images

IMAGE = espimage.compose([espimage.describe("1.2.3", filling=700), b"", b"x" * 1001])


def check(data, places=(), limit=LIMIT, chip=espimage.CHIP_ESP32_S2):
    image = Image(limit, chip)
    cuts = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    for start, end in pairwise(cuts):
        image.take(memoryview(data)[start:end])
    image.end()
    return image.size


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=16), PLACES, st.binary(max_size=40))
def test_a_good_image_passes_in_any_pieces(segments, places, behind):
    image = espimage.compose(segments) + behind
    assert check(image, places) == len(image)


@given(st.integers(0, len(IMAGE) * 8 - 1), PLACES)
@example(8 * 3, ())
def test_no_bit_of_an_image_may_change(bit, places):
    damaged = bytearray(IMAGE)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ValueError, match=r"image"):
        check(bytes(damaged), places)


@given(st.integers(0, len(IMAGE) - 1))
def test_an_image_that_is_cut_off_is_refused(size):
    with pytest.raises(ValueError, match="cut off"):
        check(IMAGE[:size])


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"<html>" + bytes(100), "begins with 0x3c"),
        (b"\xff" * 4096, "begins with 0xff"),
        (espimage.compose([b"x"], chip=0), "another chip"),
        (espimage.compose([b"x"], hashed=False), "without its SHA-256"),
        (espimage.compose([]), "0 segments"),
        (espimage.compose([b""] * 17), "17 segments"),
    ],
)
def test_what_is_no_image_for_this_chip_is_refused(image, reason):
    with pytest.raises(ValueError, match=reason):
        check(image)


def test_each_chip_takes_its_own_images():
    other = espimage.compose([b"x"], chip=5)
    assert check(other, chip=5) == len(other)
    with pytest.raises(ValueError, match="another chip"):
        check(IMAGE, chip=5)


def test_an_image_must_fit_into_its_slot():
    assert check(IMAGE, limit=len(IMAGE)) == len(IMAGE)
    with pytest.raises(ValueError, match="larger than the slot"):
        check(IMAGE, limit=len(IMAGE) - 1)
    huge = bytearray(IMAGE)
    huge[28:32] = b"\xff" * 4  # a segment of 4 GB
    with pytest.raises(ValueError, match="larger than the slot"):
        check(bytes(huge))


def test_images_are_laid_out_as_esptool_does():
    body, digest = IMAGE[:-32], IMAGE[-32:]
    assert len(body) % 16 == 0
    assert hashlib.sha256(body).digest() == digest
