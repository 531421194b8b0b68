"""Compose ESP32-S2 application images around any content, as esptool lays them out.

For tests and for the reference update server; such an image carries no code.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

CHIP_ESP32_S2 = 2


def compose(
    segments: Sequence[bytes], *, chip: int = CHIP_ESP32_S2, magic: int = 0xE9, hashed: bool = True
) -> bytes:
    """Return an image with the given segments, its checksum and its SHA-256."""
    head = struct.pack("<BBBBI", magic, len(segments), 2, 0x20, 0x40080000)
    head += struct.pack("<4BHBHHI", 0xEE, 0, 0, 0, chip, 0, 0, 99, 0) + bytes((int(hashed),))
    image = bytearray(head)
    checksum = 0xEF
    for number, content in enumerate(segments):
        image += struct.pack("<II", 0x3F000020 + (number << 16), len(content)) + content
        for byte in content:
            checksum ^= byte
    image += bytes(15 - len(image) % 16) + bytes((checksum,))
    return bytes(image) + (hashlib.sha256(image).digest() if hashed else b"")


def describe(version: str, project: str = "atlink", filling: int = 0) -> bytes:
    """Return a first segment: the application description, and `filling` bytes behind it."""
    text = struct.pack("<II8x", 0xABCD5432, 0) + version.encode().ljust(32, b"\0")
    text += project.encode().ljust(32, b"\0") + b"10:11:12".ljust(16, b"\0")
    text += b"Nov 21 2026".ljust(16, b"\0") + b"v5.4.2".ljust(32, b"\0")
    text += hashlib.sha256(version.encode()).digest() + bytes(80)
    return text + bytes(i * 7 & 0xFF for i in range(filling))
