"""A second partition table, as ESP-IDF's gen_esp32part.py writes it."""

import hashlib

from tools.build.partitions import ROW

AT = 0x20000


def table(rows, *, sum_of=None, has_sum=True):
    """Return rows as gen_esp32part.py writes them."""
    text = b"".join(
        ROW.pack(b"\xaa\x50", kind, subtype, address, size, name.encode(), 0)
        for kind, subtype, address, size, name in rows
    )
    digest = hashlib.md5(sum_of or text).digest()
    tail = b"\xeb\xeb" + b"\xff" * 14 + digest if has_sum else b""
    return (text + tail).ljust(0xC00, b"\xff")
