"""Check of an application image while it streams by (esptool's "firmware image" format).

A head of 24 bytes, segments with 8 bytes in front of each, padding up to a multiple of 16 that
ends with a checksum, and the SHA-256 of all that. Images without the SHA-256 are refused, so the
checksum needs no look. Behind it there may be a signature of the same bytes: "ATSIGN1", its size
in one byte, and an ECDSA signature in DER (tools/sign.py).
"""

import hashlib
import struct

# Parts of an image, in their order; _SEGMENT and _DATA alternate.
_HEAD = 0
_SEGMENT = 1
_DATA = 2
_PADDING = 3
_HASH = 4
_REST = 5  # a signature, or filling
_DESCRIBED = 48  # bytes at the beginning of the first segment: magic, 12 bytes, version
_DESCRIPTION = 0xABCD5432
_SIGN = b"ATSIGN1"
_SIGN_MOST = 80  # with the largest signature

_MAGIC = 0xE9
_VERSION_END = 80
_MAX_SEGMENTS = 16
_ENDLESS = 0x7FFFFFFF


class Image:
    """Takes an image piece by piece: take() as often as needed, then end()."""

    def __init__(self, limit, chip, oldest=None):
        """Prepare for an image of at most `limit` bytes, and of a version not below `oldest`.

        chip: the number it must have of the chip that it is for, as in esp_chip_id_t.
        """
        self.size = 0  # bytes taken so far
        self.digest = b""  # once it is right
        self._oldest = numbers(oldest) if oldest else []
        self._description = b""
        self._behind = b""
        self._limit = limit
        self._chip = chip
        self._sum = hashlib.sha256()
        self._part = _HEAD
        self._left = 24  # bytes until the part ends
        self._kept = b""  # the part so far, if it is one whose bytes are looked at
        self._segments = 0  # still to come

    def take(self, data):
        """Consume bytes (memoryview); ValueError as soon as they cannot be of a good image."""
        at = 0
        while at < len(data):
            size = min(self._left, len(data) - at)
            piece = data[at : at + size]
            if self._part < _HASH:
                self._sum.update(piece)
            if self._part in (_HEAD, _SEGMENT, _HASH):
                self._kept += bytes(piece)
            elif self._part == _REST:
                self._behind += bytes(piece[: _SIGN_MOST - len(self._behind)])
            elif self._oldest:
                self._look_at_version(piece)
            at += size
            self.size += size
            self._left -= size
            if self.size > self._limit:
                raise ValueError("the image is larger than the slot of %d bytes" % self._limit)
            while self._left == 0:
                self._next_part()

    def end(self):
        """Note the end of the image; ValueError if it is cut off or damaged."""
        if self._part != _REST:
            raise ValueError("the image is cut off after %d bytes" % self.size)

    @property
    def is_complete(self):
        """Whether only a signature, or filling, can follow."""
        return self._part == _REST

    @property
    def signature(self):
        """The signature behind the image, or b""."""
        head = len(_SIGN) + 1
        if self._behind[: len(_SIGN)] != _SIGN or len(self._behind) < head:
            return b""
        return self._behind[head : head + self._behind[head - 1]]

    def _look_at_version(self, piece):
        if len(self._description) < _DESCRIBED:
            self._description += bytes(piece[: _DESCRIBED - len(self._description)])
            if len(self._description) == _DESCRIBED:
                self._check_version(self._description)

    def _check_version(self, description):
        if struct.unpack("<I", description[:4])[0] != _DESCRIPTION:
            raise ValueError("the image does not say which version it is")
        text = description[16:48].split(b"\0")[0]
        if numbers(text) < self._oldest:
            raise ValueError("the image is older than the firmware that runs")

    def _next_part(self):
        kept, self._kept = self._kept, b""
        if self._part == _HEAD:
            self._take_head(kept)
        elif self._part == _SEGMENT:
            self._part = _DATA
            self._left = struct.unpack("<I", kept[4:])[0]
            if self._left > self._limit:
                raise ValueError("the image is larger than the slot of %d bytes" % self._limit)
        elif self._part == _DATA:
            self._segments -= 1
            self._part = _SEGMENT if self._segments else _PADDING
            self._left = 8 if self._segments else 16 - self.size % 16
        elif self._part == _PADDING:
            self._part = _HASH
            self._left = 32
        else:
            if kept != self._sum.digest():
                raise ValueError("the image is damaged: its SHA-256 is wrong")
            self.digest = kept
            self._part = _REST
            self._left = _ENDLESS

    def _take_head(self, head):
        if head[0] != _MAGIC:
            raise ValueError("no firmware image: it begins with 0x%02x" % head[0])
        if struct.unpack("<H", head[12:14])[0] != self._chip:
            raise ValueError("a firmware image for another chip")
        if head[23] != 1:
            raise ValueError("an image without its SHA-256")
        if not 1 <= head[1] <= _MAX_SEGMENTS:
            raise ValueError("no firmware image: %d segments" % head[1])
        self._segments = head[1]
        self._part = _SEGMENT
        self._left = 8


def version(head):
    """Return the version (str) that the first 80 bytes of an image tell, "" if they are none's."""
    start = 24 + 8
    if len(head) < _VERSION_END or head[0] != _MAGIC:
        return ""
    if int.from_bytes(head[start : start + 4], "little") != _DESCRIPTION:
        return ""
    text = bytes(head[start + 16 : _VERSION_END]).split(b"\0")[0]
    return "".join([chr(c) if 0x20 <= c < 0x7F and c != 0x22 else "?" for c in text])


def numbers(version):
    """Return the numbers of a version (text or bytes) like v1.10.0-3, for comparing.

    ValueError if it begins otherwise.
    """
    if isinstance(version, str):
        version = version.encode()
    found = []
    number = -1
    for c in version.lstrip(b"vV") + b".":
        if 0x30 <= c <= 0x39:
            number = max(number, 0) * 10 + c - 0x30
        elif number >= 0:
            found.append(number)
            number = -1
    if not found or not version.lstrip(b"vV")[:1].isdigit():
        raise ValueError("the version has no number")
    return found
