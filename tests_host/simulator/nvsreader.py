"""A strict reader of ESP-IDF's NVS format, version 2, that shares nothing with the simulator's C.

Every rule of the format is asserted, so it also judges what the C code writes. After a power cut
an image may break the rules until it is mounted again: read only mounted images.
"""

import struct
import zlib

PAGE, ENTRY, COUNT = 4096, 32, 126
ACTIVE, FULL = 0xFFFFFFFE, 0xFFFFFFFC
INTEGERS = {0x01: "<B", 0x11: "<b", 0x02: "<H", 0x12: "<h", 0x04: "<I", 0x14: "<i"}
STRING, BLOB_DATA, BLOB = 0x21, 0x42, 0x48


def crc32(data):
    return zlib.crc32(data, 0xFFFFFFFF)


def read(image):
    """Return {(namespace, key): (type, value)}; a string as bytes without its NUL."""
    items = [item for page in pages(image) for item in page_items(page)]
    names = {item["field"][0]: item["key"] for item in items if item["ns"] == 0}
    assert len(set(names.values())) == len(names), "two namespaces of one name"
    pieces = {
        (item["ns"], item["key"], item["chunk"]): item["data"]
        for item in items
        if item["type"] == BLOB_DATA
    }
    found = {}
    for item in items:
        if item["ns"] == 0 or item["type"] == BLOB_DATA:
            continue
        key = (names[item["ns"]], item["key"])
        assert key not in found, f"{key} is there twice"
        found[key] = (item["type"], value(item, pieces))
    assert not pieces, f"pieces of no blob: {pieces.keys()}"
    return found


def pages(image):
    """Return the used pages, oldest first."""
    used, blank = {}, 0
    for start in range(0, len(image), PAGE):
        page = image[start : start + PAGE]
        state, seq, version = struct.unpack_from("<IIB", page)
        if page == b"\xff" * PAGE:
            blank += 1
            continue
        if struct.unpack_from("<I", page, 28)[0] != crc32(page[4:28]):
            blank += 1  # half-erased or damaged: as good as blank
            continue
        assert version == 0xFE, "not version 2"
        assert page[9:28] == b"\xff" * 19
        assert state in (ACTIVE, FULL), f"page state {state:#x}"
        assert seq not in used, "two pages of one age"
        used[seq] = page
    assert blank, "no spare page"
    ordered = [used[seq] for seq in sorted(used)]
    for page in ordered[:-1]:
        assert struct.unpack_from("<I", page)[0] == FULL, "an old page is not sealed"
    return ordered


def page_items(page):
    """Yield the items of a page as dictionaries."""
    index = 0
    while index < COUNT:
        state = states(page)[index]
        if state != 2:
            assert state in (0, 3), f"entry state {state}"
            if state == 3:
                assert entry(page, index) == b"\xff" * ENTRY, "an empty entry is not blank"
            index += 1
            continue
        yield item_at(page, index)
        index += entry(page, index)[2]


def states(page):
    return [page[32 + index // 4] >> (index % 4 * 2) & 3 for index in range(COUNT)]


def entry(page, index):
    return page[64 + index * ENTRY :][:ENTRY]


def item_at(page, index):
    head = entry(page, index)
    ns, kind, span, chunk, crc = struct.unpack_from("<BBBBI", head)
    assert crc == crc32(head[:4] + head[8:]), "head CRC"
    assert index + span <= COUNT and set(states(page)[index : index + span]) == {2}
    item = {"ns": ns, "type": kind, "chunk": chunk, "field": head[24:], "data": b""}
    item["key"] = head[8:24].rstrip(b"\0").decode()
    assert head[8:24] == item["key"].encode().ljust(16, b"\0") and 0 < len(item["key"]) < 16
    if kind in (STRING, BLOB_DATA):
        size, reserved, data_crc = struct.unpack("<HHI", head[24:])
        item["data"] = page[64 + (index + 1) * ENTRY :][:size]
        assert reserved == 0xFFFF and data_crc == crc32(item["data"]), "data CRC"
        assert span == 1 + (size + ENTRY - 1) // ENTRY
    else:
        assert span == 1 and (kind in INTEGERS or kind == BLOB)
    assert (chunk == 0xFF) == (kind != BLOB_DATA)
    return item


def value(item, pieces):
    kind, field = item["type"], item["field"]
    if kind in INTEGERS:
        size = struct.calcsize(INTEGERS[kind])
        assert field[size:] == b"\xff" * (8 - size), "an integer is not padded with 0xff"
        return struct.unpack_from(INTEGERS[kind], field)[0]
    if kind == STRING:
        assert item["data"].endswith(b"\0")
        return item["data"][:-1]
    size, count, start, reserved = struct.unpack("<IBBH", field)
    assert start in (0, 0x80) and reserved == 0xFFFF
    blob = b"".join(pieces.pop((item["ns"], item["key"], start + n)) for n in range(count))
    assert len(blob) == size
    return blob
