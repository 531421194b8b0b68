"""Application images as ESP-IDF's boot loader knows them: make, check, read the description.

An image of the simulator holds no machine code, since the firmware runs on the PC: its one
segment is the description of the application. Header, checksum and SHA-256 are real.
"""

import hashlib
import struct
from typing import NamedTuple

from tools.peers import espimage

_HEADER = struct.Struct("<BBBBIB3sHBHH4sB")
_SEGMENT = struct.Struct("<II")
_DESCRIPTION = struct.Struct("<II8s32s32s16s16s32s32s80s")
_MAGIC = 0xE9
_DESCRIPTION_MAGIC = 0xABCD5432
_CHIP_ESP32S2 = 2
_CHECKSUM_SEED = 0xEF
_MAX_SEGMENTS = 16


class ImageError(ValueError):
    """No image the boot loader would start; the text says what is wrong."""


class Description(NamedTuple):
    """What an application says of itself; texts as in esp_app_desc_t."""

    version: str
    project: str
    time: str
    date: str
    idf: str
    elf_sha256: bytes


def build(description: Description) -> bytes:
    """Return an image that is valid in every respect but that it has no code."""
    texts = (description.version, description.project, description.time, description.date)
    segment = _DESCRIPTION.pack(
        *(_DESCRIPTION_MAGIC, 0, b""),
        *(text.encode() for text in (*texts, description.idf)),
        *(description.elf_sha256, b""),
    )
    return espimage.compose([segment])


def _checksum(data: bytes | memoryview) -> int:
    # Fold the bytes in halves, as one great number: a slot has a million and a half of them.
    bits = 8 << max(len(data) - 1, 0).bit_length()
    total = int.from_bytes(data, "little")
    while bits > 8:
        bits //= 2
        total = (total >> bits) ^ (total & ((1 << bits) - 1))
    return total ^ _CHECKSUM_SEED


def verify(flash: bytes | memoryview, chip_id: int = _CHIP_ESP32S2) -> int:
    """Return the length of the image at the start of a slot; ImageError if it is not valid."""
    if len(flash) < _HEADER.size:
        raise ImageError("too short")
    magic, segments, *_, chip, _, _, _, _, hashed = _HEADER.unpack_from(flash)
    if magic != _MAGIC:
        raise ImageError(f"first byte is {magic:#04x}, not 0xe9")
    if chip != chip_id:
        raise ImageError(f"made for chip {chip}, not for chip {chip_id}")
    if not 1 <= segments <= _MAX_SEGMENTS:
        raise ImageError(f"{segments} segments")
    end, total = _HEADER.size, _CHECKSUM_SEED
    for _ in range(segments):
        if end + _SEGMENT.size > len(flash):
            raise ImageError("a segment goes beyond the slot")
        _, size = _SEGMENT.unpack_from(flash, end)
        end += _SEGMENT.size
        if size % 4 or end + size > len(flash):
            raise ImageError("a segment goes beyond the slot")
        total ^= _checksum(flash[end : end + size]) ^ _CHECKSUM_SEED
        end += size
    end += 16 - end % 16
    if end + 32 > len(flash) or flash[end - 1] != total:
        raise ImageError("wrong checksum")
    if not hashed:
        return end
    if hashlib.sha256(flash[:end]).digest() != bytes(flash[end : end + 32]):
        raise ImageError("wrong SHA-256")
    return end + 32


def describe(flash: bytes | memoryview) -> Description | None:
    """Return the description in an image, None if there is none."""
    start = _HEADER.size + _SEGMENT.size
    if len(flash) < start + _DESCRIPTION.size:
        return None
    magic, _, _, version, project, time, date, idf, sha, _ = _DESCRIPTION.unpack_from(flash, start)
    if magic != _DESCRIPTION_MAGIC:
        return None
    texts = (version, project, time, date, idf)
    return Description(*(text.split(b"\0")[0].decode(errors="replace") for text in texts), sha)
