"""Bytes as one writes them in a transcript or an act: \\r, \\xNN and so on, both ways."""

import re

_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_SIMPLE = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b"e": b"\x1b"}


def unescape(text: str) -> bytes:
    """Turn \\r \\n \\t \\0 \\e \\\\ \\xNN into bytes; ValueError for any other backslash."""

    def one(found: re.Match[bytes]) -> bytes:
        code = found[1]
        if code[:1] == b"x" and len(code) == 3:
            return bytes((int(code[1:], 16),))
        if code not in _SIMPLE:
            raise ValueError(f"unknown escape \\{code.decode(errors='replace')}")
        return _SIMPLE[code]

    data = text.encode("utf-8")
    if re.search(rb"(?<!\\)(?:\\\\)*\\$", data):
        raise ValueError("a lone backslash at the end")
    return _ESCAPE.sub(one, data)


def escape(data: bytes) -> str:
    """Write bytes with the escapes of ``>>`` and ``<<``."""
    names = {value: "\\" + key.decode() for key, value in _SIMPLE.items()}
    return "".join(
        names.get(bytes((b,))) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in data
    )
