"""Keep what is nobody's business out of texts that are made to be passed on.

A secret is hidden in every way of writing it that the module, the host or a log has, and where it
came in several pieces; paths lose what they say about this PC and its user.
"""

from __future__ import annotations

import getpass
import html
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, quote_plus

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "(password)"
Piece = tuple[float, str, bytes]


def shown(data: bytes) -> str:
    """Write bytes so that a person can read them: \\r, \\n and \\xNN, the rest as it is."""
    names = {13: "\\r", 10: "\\n", 9: "\\t", 0x5C: "\\\\"}
    return "".join(
        names.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data
    )


def escaped(text: str) -> str:
    """Write a text as it stands between the quotes of a command line."""
    return re.sub(r'([\\",])', r"\\\1", text)


def wire_forms(secret: str) -> list[bytes]:
    """Return how a secret may stand on the wire, the longest first."""
    forms = {secret, escaped(secret), quote(secret, safe=""), quote_plus(secret, safe="")}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return sorted((form.encode() for form in forms if form), key=len, reverse=True)


def text_forms(secret: str) -> list[str]:
    """Return how a secret may stand in a report, the longest first."""
    forms = {form.decode() for form in wire_forms(secret)}
    forms |= {shown(form) for form in wire_forms(secret)}
    for _ in range(2):  # a text that quotes a text
        forms |= {repr(form)[1:-1] for form in forms} | {json.dumps(form)[1:-1] for form in forms}
    forms |= {html.escape(form) for form in forms}
    return sorted(forms, key=len, reverse=True)


def hide_bytes(data: bytes, secrets: Sequence[bytes]) -> bytes:
    """Return bytes without the secrets."""
    for secret in secrets:
        data = data.replace(secret, HIDDEN.encode())
    return data


def hide_pieces(pieces: Sequence[Piece], secrets: Sequence[bytes]) -> list[Piece]:
    """Return a byte log without the secrets, be they cut: (time, direction, bytes) each."""
    kept = [bytearray(data) for _, _, data in pieces]
    for direction in {direction for _, direction, _ in pieces}:
        mine = [index for index, piece in enumerate(pieces) if piece[1] == direction]
        stream = b"".join(pieces[index][2] for index in mine)
        holes = [False] * len(stream)
        for secret in secrets:
            start = -1
            while (start := stream.find(secret, start + 1)) >= 0:
                holes[start : start + len(secret)] = [True] * len(secret)
        if not any(holes):
            continue
        place = 0
        for index in mine:
            size = len(pieces[index][2])
            kept[index] = _punched(pieces[index][2], holes[place : place + size], place, holes)
            place += size
    return [(stamp, way, bytes(data)) for (stamp, way, _), data in zip(pieces, kept, strict=True)]


def _punched(data: bytes, holes: list[bool], place: int, all_holes: list[bool]) -> bytearray:
    """Return data without the bytes in holes; where one begins stands HIDDEN."""
    out = bytearray()
    before = place > 0 and all_holes[place - 1]
    for byte, hole in zip(data, holes, strict=True):
        if not hole:
            out.append(byte)
        elif not before:
            out += HIDDEN.encode()
        before = hole
    return out


def clean(text: str, secret: str | None = None) -> str:
    """Return a text for others: no secret, and paths that do not tell whose PC it was."""
    for form in text_forms(secret) if secret else ():
        text = text.replace(form, HIDDEN)
    text = text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")
    user = re.escape(getpass.getuser())
    scratch = re.escape(tempfile.gettempdir())
    text = re.sub(rf"{scratch}/pytest-of-{user}/pytest-\d+/", "TMP/", text)
    text = re.sub(rf"{scratch}/", "TMP/", text)
    home = Path.home()
    return text.replace(f"{home}/", "~/") if home != Path("/") else text
