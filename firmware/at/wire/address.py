"""Numeric IP addresses as text and as bytes; names and sockets are somebody else's business.

IPv6 is read as RFC 4291 writes it (no zone) and written as RFC 5952 wants it.
"""


def pack(text):
    """Return the 4 or 16 bytes of a numeric address (str), or None if it is none."""
    return _pack_v6(text) if ":" in text else _pack_v4(text)


def unpack(raw):
    """Return the text of 4 or 16 bytes."""
    if len(raw) == 4:
        return ".".join([str(byte) for byte in raw])
    groups = [raw[i] << 8 | raw[i + 1] for i in range(0, 16, 2)]
    start, length = _longest_zeros(groups)
    if length < 2:
        return _hex(groups)
    return _hex(groups[:start]) + "::" + _hex(groups[start + length :])


def family(text):
    """Return 4 or 6 for a numeric address, 0 for anything else."""
    raw = pack(text)
    return 0 if raw is None else 4 if len(raw) == 4 else 6


def _hex(groups):
    return ":".join(["%x" % group for group in groups])


def _longest_zeros(groups):
    best = (0, 0)
    for start in range(8):
        length = 0
        while start + length < 8 and groups[start + length] == 0:
            length += 1
        if length > best[1]:
            best = (start, length)
    return best


def _pack_v4(text):
    parts = text.split(".")
    if len(parts) != 4:
        return None
    raw = bytearray()
    for part in parts:
        if not 1 <= len(part) <= 3 or not _all_in(part, "0123456789") or int(part) > 255:
            return None
        raw.append(int(part))
    return bytes(raw)


def _pack_v6(text):
    head, gap, tail = text, "", ""
    at = text.find("::")
    if at >= 0:
        head, gap, tail = text[:at], "::", text[at + 2 :]
    front = _groups(head)
    back = _groups(tail)
    if front is None or back is None:
        return None
    missing = 16 - len(front) - len(back)
    if missing < 2 if gap else missing:
        return None
    return front + bytes(missing) + back


def _groups(text):
    """Return the bytes of groups with colons between them; the last may be dotted IPv4."""
    raw = b""
    parts = text.split(":") if text else []
    for i in range(len(parts)):
        part = parts[i]
        if "." in part and i == len(parts) - 1:
            last = _pack_v4(part)
            return None if last is None else raw + last
        if not 1 <= len(part) <= 4 or not _all_in(part, "0123456789abcdefABCDEF"):
            return None
        value = int(part, 16)
        raw += bytes((value >> 8, value & 0xFF))
    return raw


def _all_in(text, allowed):
    return all(c in allowed for c in text)
