#!/usr/bin/env python3
"""Read partitions.csv, check it by the rules of ESP-IDF's generator, make the binary table.

    tools/build/partitions.py OUTPUT     writes the table that lies at 0x8000 (without the MD5 row)

Imports nothing of this project, so that any tool can import it.
"""

import itertools
import struct
import sys
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[2] / "partitions.csv"
FLASH_SIZE = 0x400000
TABLE_OFFSET = 0x8000
TABLE_SIZE = 0xC00
FIRST_OFFSET = 0x9000
TYPES = {"app": 0, "data": 1}
SUBTYPES = {
    "app": {"factory": 0, "test": 0x20, **{f"ota_{slot}": 0x10 + slot for slot in range(16)}},
    "data": {
        "ota": 0,
        "phy": 1,
        "nvs": 2,
        "coredump": 3,
        "nvs_keys": 4,
        "efuse": 5,
        "undefined": 6,
    }
    | {"esphttpd": 0x80, "fat": 0x81, "spiffs": 0x82, "littlefs": 0x83},
}
ROW = struct.Struct("<2sBBII16sI")


class PartitionError(ValueError):
    """The table breaks a rule of ESP-IDF's generator."""


class Partition(NamedTuple):
    """One row; offset and size in bytes."""

    name: str
    type: int
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Return the offset behind the last byte."""
        return self.offset + self.size


def number(text: str) -> int:
    """Return the value of 0x10, 16, 64K or 1M."""
    for suffix, factor in (("k", 1024), ("m", 1024 * 1024)):
        if text.lower().endswith(suffix):
            return int(text[:-1], 0) * factor
    return int(text, 0)


def parse_row(line: str) -> Partition:
    """Return the partition one CSV line describes."""
    fields = [field.strip() for field in line.split(",")]
    if len(fields) < 5:
        raise PartitionError(f"too few columns: {line!r}")
    if any(fields[5:]):
        raise PartitionError(f"{fields[0]}: flags are not supported: {', '.join(fields[5:])}")
    name, kind, subtype, offset, size = fields[:5]
    try:
        subtypes = SUBTYPES.get(kind, {})
        return Partition(
            name,
            TYPES[kind] if kind in TYPES else number(kind),
            subtypes[subtype] if subtype in subtypes else number(subtype),
            number(offset),
            number(size),
        )
    except ValueError as error:
        raise PartitionError(f"{name}: {error}") from error


def parse(text: str) -> list[Partition]:
    """Return the partitions of a CSV text, unchecked."""
    lines = (line.strip() for line in text.splitlines())
    return [parse_row(line) for line in lines if line and not line.startswith("#")]


def check_one(part: Partition) -> None:
    """Raise PartitionError unless the partition is well-formed on its own."""
    if not part.name or len(part.name.encode()) > 15:
        raise PartitionError(f"{part.name!r}: a name has 1 to 15 bytes")
    alignment = 0x10000 if part.type == TYPES["app"] else 0x1000
    if part.offset % alignment:
        raise PartitionError(
            f"{part.name}: offset {part.offset:#x} is no multiple of {alignment:#x}"
        )
    if part.size <= 0 or part.size % 0x1000:
        raise PartitionError(f"{part.name}: size {part.size:#x} is no multiple of 0x1000")
    if part.type > 0xFE or part.subtype > 0xFE:
        raise PartitionError(f"{part.name}: type and subtype go up to 0xfe")
    if (part.type, part.subtype) == (1, 0) and part.size != 0x2000:
        raise PartitionError(f"{part.name}: otadata has 0x2000 bytes")
    if part.offset < FIRST_OFFSET or part.end > FLASH_SIZE:
        raise PartitionError(f"{part.name}: {part.offset:#x} to {part.end:#x} is not in the flash")


def check(parts: list[Partition]) -> None:
    """Raise PartitionError unless ESP-IDF would take the table for a flash of 4 MB."""
    for part in parts:
        check_one(part)
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise PartitionError(f"{name}: there are two of this name")
    if sum((part.type, part.subtype) == (1, 0) for part in parts) > 1:
        raise PartitionError("there is more than one otadata")
    in_order = sorted(parts, key=lambda part: part.offset)
    for before, after in itertools.pairwise(in_order):
        if after.offset < before.end:
            raise PartitionError(f"{after.name} begins inside {before.name}")
    if (len(parts) + 1) * ROW.size > TABLE_SIZE:
        raise PartitionError(f"{len(parts)} partitions do not fit the table")


def load(path: Path = SOURCE) -> list[Partition]:
    """Return the checked partitions of partitions.csv, in its order."""
    parts = parse(path.read_text())
    check(parts)
    return parts


def binary(parts: list[Partition]) -> bytes:
    """Return the table as it lies at TABLE_OFFSET: 0xc00 bytes, no MD5 row, then blank flash."""
    rows = (
        ROW.pack(
            b"\xaa\x50", part.type, part.subtype, part.offset, part.size, part.name.encode(), 0
        )
        for part in parts
    )
    return b"".join(rows).ljust(TABLE_SIZE, b"\xff")


def main() -> None:
    """Write the binary table to the file named on the command line."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {Path(__file__).name} OUTPUT")
    try:
        Path(sys.argv[1]).write_bytes(binary(load()))
    except (OSError, PartitionError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
