"""Read an NVS partition of ESP-IDF (format version 2), and make one anew.

Reading follows what the module does at start: entries that are erased or damaged do not count,
of two with one key the newer does. Writing is the work of Espressif's generator.
"""

from __future__ import annotations

import csv
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

from tools.params import ParamsError

PAGE = 4096
_ENTRY = 32
_ENTRIES = 126
_BLANK, _DAMAGED = 0xFFFFFFFF, 0
_FULL = 0xFFFFFFFC
_ALL_WRITTEN = b"\xaa" * 31 + b"\xfa"  # two bits for each entry, the last four are none
_GENERATOR_TEXT = 3967  # bytes of a string that Espressif's generator takes; NVS takes 3999
_NUMBERS = {
    0x01: ("u8", "<B"),
    0x11: ("i8", "<b"),
    0x02: ("u16", "<H"),
    0x12: ("i16", "<h"),
    0x04: ("u32", "<I"),
    0x14: ("i32", "<i"),
    0x08: ("u64", "<Q"),
    0x18: ("i64", "<q"),
}
_STRING, _PIECE, _BLOB, _OLD_BLOB = 0x21, 0x42, 0x48, 0x41


class Value(NamedTuple):
    """A value and its type: a number's (u8 ... i64), "string" or "blob"."""

    kind: str
    value: int | str | bytes


Content = dict[str, dict[str, Value]]  # namespace, key


class _Item(NamedTuple):
    space: int
    kind: int
    chunk: int
    key: str
    field: bytes
    data: bytes


def crc32(data: bytes) -> int:
    """Return the sum as ESP-IDF's ROM computes it."""
    return zlib.crc32(data, 0xFFFFFFFF)


def read(image: bytes) -> Content:
    """Return all namespaces; ParamsError if this is no NVS partition."""
    items = [item for page in _pages(image) for item in _items(page)]
    names = {item.field[0]: item.key for item in items if item.space == 0}
    pieces = {
        (item.space, item.key, item.chunk): item.data for item in items if item.kind == _PIECE
    }
    content: Content = {name: {} for name in names.values()}
    for item in items:
        if item.space in names and item.kind != _PIECE:
            content[names[item.space]][item.key] = _value(item, pieces)
    return content


def _pages(image: bytes) -> list[bytes]:
    """Return the pages in use, oldest first."""
    if not image or len(image) % PAGE:
        raise ParamsError(f"{len(image)} bytes are no NVS partition: not a multiple of {PAGE}")
    used = []
    for start in range(0, len(image), PAGE):
        page = image[start : start + PAGE]
        state, sequence = struct.unpack_from("<II", page)
        if state in (_BLANK, _DAMAGED):
            continue
        if struct.unpack_from("<I", page, 28)[0] != crc32(page[4:28]):
            raise ParamsError(f"no NVS partition, or a damaged one: page at {start:#x}")
        if page[8] != 0xFE:
            raise ParamsError(f"NVS of a version that is not 2: page at {start:#x}")
        used.append((sequence, page))
    return [page for _, page in sorted(used)]


def _items(page: bytes) -> list[_Item]:
    found, index = [], 0
    while index < _ENTRIES:
        written = page[32 + index // 4] >> (index % 4 * 2) & 3 == 2
        item, span = _item(page, index) if written else (None, 1)
        if item:
            found.append(item)
        index += span
    return found


def _item(page: bytes, index: int) -> tuple[_Item | None, int]:
    """Return the item at an entry, None if its sum is wrong, and how many entries it takes."""
    head = page[64 + index * _ENTRY :][:_ENTRY]
    space, kind, span, chunk, total = struct.unpack_from("<BBBBI", head)
    if total != crc32(head[:4] + head[8:]) or not 1 <= span <= _ENTRIES - index:
        return None, 1
    data = b""
    if kind in (_STRING, _PIECE, _OLD_BLOB):
        size, _, data_total = struct.unpack("<HHI", head[24:])
        data = page[64 + (index + 1) * _ENTRY :][:size]
        if data_total != crc32(data):
            return None, span
    key = head[8:24].split(b"\0")[0].decode("latin-1")
    return _Item(space, kind, chunk, key, head[24:], data), span


def _value(item: _Item, pieces: dict[tuple[int, str, int], bytes]) -> Value:
    if item.kind in _NUMBERS:
        name, form = _NUMBERS[item.kind]
        return Value(name, struct.unpack_from(form, item.field)[0])
    if item.kind == _STRING:
        return Value("string", item.data.split(b"\0")[0].decode("utf-8", "replace"))
    if item.kind == _OLD_BLOB:
        return Value("blob", item.data)
    if item.kind != _BLOB:
        raise ParamsError(f"{item.key}: type {item.kind:#x} is not known")
    size, count, start = struct.unpack_from("<IBB", item.field)
    parts = [pieces.get((item.space, item.key, start + number), b"") for number in range(count)]
    blob = b"".join(parts)
    if len(blob) != size:
        raise ParamsError(f"{item.key}: {len(blob)} bytes of {size} are left")
    return Value("blob", blob)


def write(content: Content, size: int) -> bytes:
    """Return a partition of `size` bytes; ParamsError if the content does not fit."""
    long = {
        (space, key): text
        for space, pairs in content.items()
        for key, value in pairs.items()
        if value.kind == "string" and len(text := str(value.value).encode()) > _GENERATOR_TEXT
    }
    short = {
        space: {key: value for key, value in pairs.items() if (space, key) not in long}
        for space, pairs in content.items()
    }
    return _with_pages(_generate(short, size), long)


def _with_pages(image: bytes, texts: dict[tuple[str, str], bytes]) -> bytes:
    """Put strings that fill a page each in front of what the generator wrote, as NVS would."""
    if not texts:
        return image
    pages = [image[start : start + PAGE] for start in range(0, len(image), PAGE)]
    blank = [number for number, page in enumerate(pages) if page == b"\xff" * PAGE]
    if len(blank) <= len(texts):  # NVS needs a blank page to work with
        raise ParamsError(f"the content does not fit {len(image)} bytes: no page is left")
    items = [item for page in _pages(image) for item in _items(page)]
    spaces = {item.key: item.field[0] for item in items if item.space == 0}
    for number, page in enumerate(pages):
        if number not in blank:
            sequence = struct.unpack_from("<I", page, 4)[0] + len(texts)
            pages[number] = _head(struct.unpack_from("<I", page)[0], sequence) + page[32:]
    for sequence, ((space, key), text) in enumerate(texts.items()):
        entries = _text_entries(spaces[space], key, text)
        pages[blank[sequence]] = _head(_FULL, sequence) + _ALL_WRITTEN + entries
    return b"".join(pages)


def _head(state: int, sequence: int) -> bytes:
    """Return the first 32 bytes of a page."""
    fields = struct.pack("<IB", sequence, 0xFE) + b"\xff" * 19
    return struct.pack("<I", state) + fields + struct.pack("<I", crc32(fields))


def _text_entries(space: int, key: str, text: bytes) -> bytes:
    """Return the entries of a string that takes all of a page."""
    data = text + b"\0"
    start = struct.pack("<BBBB", space, _STRING, _ENTRIES, 0xFF)
    rest = key.encode().ljust(16, b"\0") + struct.pack("<HHI", len(data), 0xFFFF, crc32(data))
    head = start + struct.pack("<I", crc32(start + rest)) + rest
    return head + data.ljust((_ENTRIES - 1) * _ENTRY, b"\xff")


def _generate(content: Content, size: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "nvs.csv", Path(folder) / "nvs.bin"
        with source.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("key", "type", "encoding", "value"))
            for space, pairs in content.items():
                rows.writerow((space, "namespace", "", ""))
                rows.writerows(_row(key, value) for key, value in pairs.items())
        command = [sys.executable, "-m", "esp_idf_nvs_partition_gen", "generate"]
        done = subprocess.run(
            [*command, source, target, hex(size)], capture_output=True, text=True, cwd=folder
        )
        if done.returncode != 0 or not target.exists():
            said = (done.stdout + done.stderr).strip().splitlines() or ["nothing"]
            raise ParamsError(f"the content does not fit {size} bytes: {said[-1]}")
        return target.read_bytes()


def _row(key: str, value: Value) -> tuple[str, str, str, object]:
    if value.kind == "blob":
        assert isinstance(value.value, bytes)
        return key, "data", "hex2bin", value.value.hex()
    return key, "data", value.kind, value.value
