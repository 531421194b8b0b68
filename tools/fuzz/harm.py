"""Small accidents that happen to bytes, for what hosts send and for what peers send."""

from __future__ import annotations

import random
from collections.abc import Iterator

_HARD = (b"\r", b"\n", b"\r\r\n", b"\n\r", b"\0", b"+++", b"\x1b", b'"', b"\\", b",", b">")


def damage(rng: random.Random, line: bytes) -> bytes:
    """Return the bytes with one to four small accidents."""
    data = bytearray(line)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at:at] = rng.choice(_HARD)
            case 1:
                del data[at : at + rng.randint(1, 4)]
            case 2 if at < len(data):
                data[at] = rng.randrange(256)
            case 3 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 4:
                data[at:at] = data[at // 2 : at]
            case _:
                data[at:at] = str(rng.choice((-1, 0, 256, 65536, 1 << 31, 1 << 64))).encode()
    return bytes(data)


def cut(rng: random.Random, data: bytes) -> Iterator[bytes]:
    """Cut bytes into a few pieces at random places."""
    places = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randint(0, 4)))
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        yield data[start:end]


def payload(rng: random.Random, size: int) -> bytes:
    """Return so many bytes: random ones, or such that look like commands and line ends."""
    kinds = (rng.randbytes(size), b"AT\r\n" * (size // 4 + 1), b"\r\n" * size, b"\\0+++" * size)
    return rng.choice(kinds)[:size]
