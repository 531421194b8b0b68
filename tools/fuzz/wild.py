"""What hostile peers say: HTTP, MQTT, WebSocket, DNS and SNTP, well-formed, damaged or neither.

Answers are lists of steps for tools/fuzz/peers.py, or packets for the simulator's own servers.
"""

from __future__ import annotations

import random
import struct

import dnslib

from tools.fuzz.harm import cut, damage, payload

Steps = list[list[str | int]]

_STATUSES = ("200 OK", "206 Part", "100 Continue", "302 Found", "204 No", "404 No", "999 ?", "20")
_SIZES = ("0", "3", "10", "5000", "4294967295", "99999999999999999999", "-1", "ten", "")
_CHUNKS = (b"0", b"3", b"A;x=y", b"FFFFFFFF", b"100000000", b"-3", b"xyz", b"", b"00000003")
WORDS = (b"fuzz", b"a/b", b"+", b"#", b"", b"\0", b"\xff\xfe", b"x" * 300)


def steps(rng: random.Random, data: bytes, heard: bool = True) -> Steps:
    """Return how a peer says the bytes: after it heard something, in pieces, and how it ends."""
    found: Steps = [["hear"]] if heard else []
    for piece in cut(rng, data):
        if piece:
            found.append(["say", piece.hex()])
            found.extend(rng.choice(([], [], [["pause", rng.choice((1, 30, 150))]], [["hear"]])))
    return [*found, *rng.choice(([["end"]], [["end"]], [["reset"]], [["hear"], ["end"]], []))]


def some(rng: random.Random, data: bytes) -> bytes:
    """Return the bytes, often damaged, sometimes cut short or with more behind them."""
    choice = rng.random()
    if choice < 0.35:
        return data
    if choice < 0.75:
        return damage(rng, data)
    if choice < 0.85:
        return data[: rng.randrange(len(data) + 1)]
    return data + payload(rng, rng.choice((1, 20, 3000)))


def junk(rng: random.Random) -> Steps:
    """Speak no protocol at all."""
    return steps(rng, payload(rng, rng.choice((0, 1, 5, 100, 2000, 20000))), rng.random() < 0.5)


# HTTP


def http(rng: random.Random) -> Steps:
    """Answer a request or two."""
    found: Steps = []
    for _ in range(rng.choice((1, 1, 2))):
        found += steps(rng, some(rng, _response(rng)))
    return found


def _response(rng: random.Random) -> bytes:
    body = payload(rng, rng.choice((0, 3, 10, 700, 5000)))
    version = rng.choice(("HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2"))
    start = f"{version} {rng.choice(_STATUSES)}"
    size = str(len(body)) if rng.random() < 0.6 else rng.choice(_SIZES)
    fields = [
        f"Content-Length: {size}",
        "Transfer-Encoding: chunked",
        "Connection: close",
        f"Location: {rng.choice(('/x', 'http://127.0.0.1:<script>/y', '//', 'x' * 400))}",
        "Content-Range: bytes 0-9/10",
        "X-Long: " + "x" * rng.choice((10, 300, 2000)),
        ": empty",
        "Set-Cookie: " + "c=1; " * 50,
    ]
    chosen = rng.sample(fields, rng.randint(0, 4))
    head = "\r\n".join([start, *chosen, "", ""]).encode()
    return head + (_chunked(rng, body) if fields[1] in chosen else body)


def _chunked(rng: random.Random, body: bytes) -> bytes:
    pieces = []
    for piece in cut(rng, body):
        size = b"%X" % len(piece) if rng.random() < 0.8 else rng.choice(_CHUNKS)
        pieces.append(size + b"\r\n" + piece + b"\r\n")
    return b"".join(pieces) + rng.choice((b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b""))


def request(rng: random.Random) -> Steps:
    """Play a browser, a bad one."""
    method = rng.choice(("GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "", "G" * 300))
    path = rng.choice(("/", "/getstatus", "/setwifi", "/getaplist", "/../main.py", "/%00%zz", "x"))
    body = rng.choice((b'{"ssid":"espressif","password":"1234567890"}', payload(rng, 700), b"{"))
    size = str(len(body)) if rng.random() < 0.7 else rng.choice(_SIZES)
    fields = (
        *("Host: 192.168.4.1", f"Content-Length: {size}", "Content-Type: application/json"),
        *("Expect: 100-continue", "Transfer-Encoding: chunked", "Cookie: " + "c" * 900, ":"),
    )
    head = "\r\n".join(
        [f"{method} {path} HTTP/1.1", *rng.sample(fields, rng.randint(0, 5)), "", ""]
    )
    return steps(rng, some(rng, head.encode() + body), heard=False)


# MQTT


def mqtt(rng: random.Random) -> Steps:
    """Play a broker."""
    found: Steps = [["hear"], ["say", some(rng, mqtt_packet(2, b"\0\0")).hex()]]
    if rng.random() < 0.7:
        found[1] = ["say", mqtt_packet(2, b"\0\0").hex()]
    for _ in range(rng.randint(0, 12)):
        data = some(rng, _mqtt_any(rng))
        found += [["say", data.hex()], *rng.choice(([], [], [["hear"]], [["pause", 20]]))]
    return [*found, *rng.choice(([], [], [["end"]], [["reset"]]))]


def mqtt_packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    """Return a packet with a right length."""
    size, left = b"", len(body)
    while True:
        size += bytes((left & 127 | (128 if left > 127 else 0),))
        left >>= 7
        if not left:
            return bytes((kind << 4 | flags,)) + size + body


def _mqtt_any(rng: random.Random) -> bytes:
    number = struct.pack(">H", rng.choice((0, 1, 1, 2, 2, 3, 4, 65535)))
    topic = rng.choice(WORDS)
    text = struct.pack(">H", len(topic)) + topic
    message = payload(rng, rng.choice((0, 1, 100, 1500, 9000)))
    qos = rng.randrange(4)
    return rng.choice(
        (
            mqtt_packet(3, text + (number if qos else b"") + message, qos << 1 | rng.randrange(2)),
            mqtt_packet(rng.choice((4, 5, 6, 7, 11)), number, rng.choice((0, 2))),
            mqtt_packet(9, number + bytes((rng.choice((0, 1, 2, 128, 3)),))),
            mqtt_packet(rng.choice((12, 13, 14)), b""),
            mqtt_packet(2, bytes((rng.randrange(2), rng.randrange(7)))),
            mqtt_packet(rng.randrange(16), message[:50], rng.randrange(16)),
            b"\x30\xff\xff\xff\xff\x7f",
            b"\x30\xff\xff\xff\x7f" + message,
        )
    )


# WebSocket


def websocket(rng: random.Random) -> Steps:
    """Accept a client (or hardly), then send frames, most of them with MQTT inside."""
    found: Steps = [["accept"]] if rng.random() < 0.8 else http(rng)
    packets = [mqtt_packet(2, b"\0\0"), *(_mqtt_any(rng) for _ in range(rng.randint(0, 8)))]
    for packet in packets:
        found += [["say", some(rng, _frame(rng, packet)).hex()]]
        found += rng.choice(([], [], [["hear"]], [["pause", 20]]))
    return [*found, *rng.choice(([], [["end"]], [["reset"]]))]


def _frame(rng: random.Random, data: bytes) -> bytes:
    kind = rng.choice((0x82, 0x82, 0x82, 0x02, 0x80, 0x81, 0x88, 0x89, 0x8A, 0x8B, 0xF2))
    if kind >= 0x88 and rng.random() < 0.8:
        data = data[:125]
    if rng.random() < 0.05:
        return bytes((kind, 127)) + struct.pack(">Q", rng.choice((1 << 63, 1 << 32, 70000))) + data
    if len(data) > 65535:
        return bytes((kind, 127)) + struct.pack(">Q", len(data)) + data
    if len(data) > 125 or rng.random() < 0.1:
        return bytes((kind, 126)) + struct.pack(">H", len(data)) + data
    masked = rng.choice((0, 0, 0, 0x80))
    return bytes((kind, len(data) | masked)) + (b"\1\2\3\4" if masked else b"") + data


# DNS and SNTP. The simulator's servers put in what must fit the question (see there).


def dns(rng: random.Random, name: str) -> list[str]:
    """Return packets, in hex, of which each is an answer to a question for the name."""
    return [_dns_packet(rng, name).hex() for _ in range(rng.choice((1, 1, 2, 5)))]


def _dns_packet(rng: random.Random, name: str) -> bytes:
    if rng.random() < 0.15:
        return payload(rng, rng.choice((0, 1, 11, 12, 13, 40, 512, 1400)))
    kind = rng.choice((1, 28))
    record = dnslib.DNSRecord.question(name, "A" if kind == 1 else "AAAA").reply()
    record.header.id = 0xFFFF
    for _ in range(rng.choice((0, 1, 1, 3, 30))):
        owner = rng.choice((name, name, "other.fuzz.test"))
        data = rng.choice(
            (dnslib.A("127.0.0.1"), dnslib.AAAA("::1"), dnslib.CNAME(rng.choice((name, "x.test"))))
        )
        kinds = {dnslib.A: 1, dnslib.AAAA: 28, dnslib.CNAME: 5}
        ttl = rng.choice((0, 60, 1 << 31))
        record.add_answer(dnslib.RR(owner, kinds[type(data)], ttl=ttl, rdata=data))
    packed = bytes(record.pack())
    if rng.random() < 0.3:
        return packed
    whole = bytearray(packed)
    for _ in range(rng.randint(1, 6)):  # the number stays, what follows may point anywhere
        at = rng.randrange(2, len(whole))
        whole[at] = rng.choice((0, 0xC0, 0xFF, 0x3F, 0x40, 12, rng.randrange(256)))
    return bytes(whole) if rng.random() < 0.7 else bytes(whole[: rng.randrange(len(whole))])


def sntp(rng: random.Random) -> list[str]:
    """Return packets, in hex, that are answers to a question for the time."""
    packet = bytearray(rng.randbytes(48))
    if rng.random() < 0.8:
        packet[0] = rng.choice((0x24, 0x1C, 0xE4, 0x23, 0x64))
        packet[1] = rng.choice((0, 1, 2, 15, 16, 255))
    if rng.random() < 0.5:
        packet[40:48] = rng.choice((bytes(8), b"\xff" * 8, b"\0\0\0\1" * 2, b"\xe9" + bytes(7)))
    return [some(rng, bytes(packet)).hex() for _ in range(rng.choice((1, 1, 3)))]
