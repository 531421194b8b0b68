"""Shapes of values: whether something that was kept, or came from elsewhere, is what it should be.

A shape is a tuple, its kind first:
    ("int", low, high)      an integer in that range
    ("pick", numbers)       one of those
    ("text", most)          printable text of at most so many bytes
    ("hex", most)           the hexadecimal digits of at most so many bytes
    ("ip",) ("ip4",)        a numeric address of either family, or of IPv4 alone
    ("mac",)                a MAC address as text, or ""
    ("link",)               a kind of link: TCP, UDP or SSL, with v6 behind it or not
    ("zone",)               a time zone as daytime.py takes it
    ("maybe", shape)        None, or that
    ("row", shape, ...)     a list of just these
    ("either", row, row)    one of two rows
    ("none or", shape)      an empty list, or that
    ("many", shape, most)   a list of at most so many
    ("just", shape, count)  a list of just so many
"""

from at.wire import address, daytime


def fits(shape, value):
    """Tell whether a value (as a JSON parser gives it) has a shape."""
    kind = shape[0]
    if kind == "maybe":
        return value is None or fits(shape[1], value)
    if kind == "either":
        return fits(shape[1], value) or fits(shape[2], value)
    if kind in _LISTS:
        return isinstance(value, (list, tuple)) and _fits_list(shape, value)
    if kind in _NUMBERS:
        return type(value) is int and _fits_number(shape, value)
    return isinstance(value, str) and _fits_text(shape, value)


_NUMBERS = ("int", "pick", "zone")
_LISTS = ("row", "none or", "many", "just")


def _fits_list(shape, value):
    if shape[0] == "none or":
        return not value or fits(shape[1], value)
    if shape[0] in ("many", "just"):
        is_good = len(value) <= shape[2] if shape[0] == "many" else len(value) == shape[2]
        return is_good and all(fits(shape[1], one) for one in value)
    parts = shape[1:]
    return len(value) == len(parts) and all(fits(parts[i], value[i]) for i in range(len(parts)))


def _fits_number(shape, value):
    if shape[0] == "pick":
        return value in shape[1]
    if shape[0] == "zone":
        return daytime.offset_minutes(value) is not None
    return shape[1] <= value <= shape[2]


def _fits_text(shape, value):
    kind = shape[0]
    if kind == "link":
        return value in ("TCP", "TCPv6", "UDP", "UDPv6", "SSL", "SSLv6")
    if kind == "hex":
        digits = all(c in "0123456789abcdef" for c in value)
        return digits and len(value) % 2 == 0 and len(value) <= 2 * shape[1]
    if kind == "text":
        raw = value.encode()
        return len(raw) <= shape[1] and all(byte >= 0x20 and byte != 0x7F for byte in raw)
    if kind == "mac":
        parts = value.split(":")
        return not value or (len(parts) == 6 and all(_is_byte(part) for part in parts))
    family = address.family(value)
    return family == 4 or (family == 6 and kind == "ip")


def _is_byte(text):
    return len(text) == 2 and all(c in "0123456789abcdefABCDEF" for c in text)
