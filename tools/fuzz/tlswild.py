"""What hostile TLS peers say: records and handshakes out of order, empty, tiny, damaged, alerts.

Steps for tools/fuzz/peers.py, as those of wild.py. What a peer says that speaks real TLS is
changed record by record, by the relay there (`records` of an act `mangle`).
"""

from __future__ import annotations

import random
import struct

from tools.fuzz import wild
from tools.fuzz.harm import damage, payload

_CHANGE, _ALERT, _HANDSHAKE, _DATA = 20, 21, 22, 23
_VERSIONS = (0x0303, 0x0303, 0x0303, 0x0301, 0x0304, 0x0300, 0xFFFF)
_SUITES = (0xC02B, 0xC02C, 0xC0AC, 0xCCA9, 0x00FF, 0xFFFF)
# Handshake messages that are made with some care.
_HELLO_REQUEST, _CLIENT_HELLO, _SERVER_HELLO = 0, 1, 2
_CERTIFICATE, _KEY_EXCHANGE, _FINISHED = 11, 12, 20
RECORD_EDITS = ("swap", "twice", "lose", "split", "empty", "alert", "request", "change", "cut")


def record(kind: int, data: bytes, version: int = 0x0303, length: int | None = None) -> bytes:
    """Return a record; `length` says another one than there is."""
    return struct.pack(">BHH", kind, version, len(data) if length is None else length) + data


def message(kind: int, body: bytes, length: int | None = None) -> bytes:
    """Return a handshake message."""
    size = len(body) if length is None else length
    return bytes((kind,)) + size.to_bytes(3, "big") + body


def steps(rng: random.Random) -> wild.Steps:
    """Play one end of a handshake, which one does not matter: nobody will understand it."""
    said = b"".join(_some_record(rng) for _ in range(rng.randint(1, 8)))
    return wild.steps(rng, wild.some(rng, said), rng.random() < 0.7)


def record_edits(rng: random.Random) -> list[list[object]]:
    """Return what the relay does to records: [way, number of the record, what, how much]."""
    return [
        [rng.randrange(2), rng.randrange(8), rng.choice(RECORD_EDITS), rng.choice((1, 1, 3, 40))]
        for _ in range(rng.randint(1, 4))
    ]


def changed(records: list[bytes], number: int, what: str, more: int) -> list[bytes]:
    """Return a record (the last of those that are held back) as the relay passes it on."""
    own = records[-1]
    kind, body = own[0], own[5:]
    size = max(1, more)
    passed = {
        "swap": records[::-1],
        "twice": [own] * (1 + min(size, 3)),
        "lose": [],
        "split": [record(kind, body[i : i + size]) for i in range(0, len(body), size)],
        "empty": [record(_DATA if number > 4 else kind, b"")] * size + [own],
        "alert": [record(_ALERT, bytes((1 + more % 2, number * 10 % 121))), own],
        "request": [record(_HANDSHAKE, message(_HELLO_REQUEST, b"")), own],
        "change": [record(_CHANGE, b"\x01"), own],
        "cut": [own[: len(own) // 2]],
    }
    return passed[what]


def _some_record(rng: random.Random) -> bytes:
    kind = rng.choice((_HANDSHAKE, _HANDSHAKE, _HANDSHAKE, _ALERT, _CHANGE, _DATA, 24, 0, 255))
    if kind == _HANDSHAKE:
        body = b"".join(_some_message(rng) for _ in range(rng.choice((1, 1, 1, 2, 4))))
    elif kind == _ALERT:
        body = bytes(
            (rng.choice((1, 2, 0)), rng.choice((0, 10, 20, 40, 42, 48, 80, 90, 100, 255)))
        )
    elif kind == _CHANGE:
        body = rng.choice((b"\x01", b"\x01", b"\x00", b""))
    else:
        body = payload(rng, rng.choice((0, 0, 1, 16, 40, 3000, 16384)))
    body = rng.choice((body, body, body, b"", damage(rng, body) if body else b""))
    length = rng.choice((None, None, None, None, 0, 16385, 18433, 65535, len(body) + 1))
    return record(kind & 255, body[:18432], rng.choice(_VERSIONS), length)


def _some_message(rng: random.Random) -> bytes:
    kind = rng.choice((0, 1, 2, 2, 2, 4, 11, 11, 12, 12, 13, 14, 15, 16, 20, 20, 22, 99))
    if kind == _SERVER_HELLO:
        body = _hello(rng) + struct.pack(">HB", rng.choice(_SUITES), rng.choice((0, 0, 1)))
    elif kind == _CLIENT_HELLO:
        suites = b"".join(struct.pack(">H", suite) for suite in rng.sample(_SUITES, 4))
        body = _hello(rng) + struct.pack(">H", len(suites)) + suites + b"\x01\x00"
    elif kind == _CERTIFICATE:
        body = rng.choice((b"\0\0\0", b"\0\0\6\0\0\3abc", b"\xff\xff\xff", payload(rng, 700)))
    elif kind == _KEY_EXCHANGE:
        body = b"\x03" + struct.pack(">H", rng.choice((23, 24, 29, 0, 999))) + payload(rng, 140)
    elif kind == _FINISHED:
        body = payload(rng, rng.choice((12, 12, 0, 36)))
    else:
        body = payload(rng, rng.choice((0, 0, 4, 300)))
    if kind in (_SERVER_HELLO, _CLIENT_HELLO) and rng.random() < 0.8:
        extras = payload(rng, rng.choice((0, 4, 60)))
        body += struct.pack(">H", rng.choice((len(extras), len(extras), 0, 65535))) + extras
    length = rng.choice((None, None, None, None, 0, len(body) + 1, 0xFFFFFF))
    return message(kind, body, length)


def _hello(rng: random.Random) -> bytes:
    session = rng.randbytes(rng.choice((0, 32, 33)))
    return b"\x03\x03" + rng.randbytes(32) + bytes((len(session),)) + session
