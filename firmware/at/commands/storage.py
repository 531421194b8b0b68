"""User partitions and manufacturing data in flash (manual sections 3.1.18 and 3.1.19)."""

import asyncio

from at.command import command
from at.errors import StoreError, invalid, text_of
from at.services.mfg import BLOB, STRING

_PIECE = 1024  # bytes of flash on the way at a time

SYSFLASH = command(
    "+SYSFLASH",
    "User partitions",
    (
        # 0 erase; 1 write; 2 read
        (
            "by",
            "operation",
            (
                (
                    0,
                    (
                        ("str", "partition", 1, 16),
                        ("int", "offset", 0, 0x400000, None),  # bytes from its start
                        ("int", "length", 1, 0x400000, None),  # bytes
                    ),
                ),
                (
                    1,
                    (
                        ("str", "partition", 1, 16),
                        ("int", "offset", 0, 0x400000),
                        ("int", "length", 1, 0x400000),
                    ),
                ),
                (
                    2,
                    (
                        ("str", "partition", 1, 16),
                        ("int", "offset", 0, 0x400000),
                        ("int", "length", 1, 0x400000),
                    ),
                ),
            ),
        ),
    ),
    words={
        "type": "0 application; 1 data; 64-254 one's own",
        "subtype": "as in ESP-IDF's partition tables",
        "addr": "in flash, hexadecimal",
        "size": "bytes, hexadecimal",
        "data": "`length` bytes",
    },
)


@SYSFLASH.query
def sysflash_query(at):
    """`+SYSFLASH:<partition>,<type>,<subtype>,<addr>,<size>`, a line each.

    Partitions of a second table at 0x20000 that lie in the room of fatfs are listed as well.
    """
    for name, kind, subtype, address, size in at.flash.partitions():
        at.line('%s:"%s",%d,%d,0x%x,0x%x' % (at.name, name, kind, subtype, address, size))


@SYSFLASH.set
def sysflash_set(at, operation, partition, offset, length):
    """Erasing takes offset and length, multiples of 4096, or none of them: the whole partition.

    Writing does not erase: bits of flash can only be cleared, so erase first. Reading answers
    `+SYSFLASH:<length>,<data>`.
    """
    name = text_of(partition, 1)
    if operation == 0:
        if (offset is None) != (length is None):
            raise invalid(3 if length is None else 2, "offset and length are given together")
        return at.flash.erase(name, offset or 0, length)
    partition, length = at.flash.find(name, offset, length)
    work = _write if operation == 1 else _read
    return _own(at, name, work(at, partition, offset, length))


async def _own(at, name, work):
    """Do something with a partition that nobody else touches meanwhile."""
    at.flash.take(name)
    try:
        await work
    finally:
        at.flash.give(name)


async def _write(at, partition, offset, length):
    buffer = memoryview(bytearray(min(length, _PIECE)))
    at.ask(length)
    failure = None
    while length:
        data = buffer[:length]
        await at.gather(data)
        if failure is None:
            try:
                partition.writeblocks(offset // 4096, data, offset % 4096)
            except OSError as error:
                failure = error  # go on taking what was announced, so that no byte is stray
        await asyncio.sleep_ms(0)  # flash takes its time: let others have theirs
        offset += len(data)
        length -= len(data)
    if failure is not None:
        raise StoreError("writing flash failed: %s" % failure)


async def _read(at, partition, offset, length):
    buffer = memoryview(bytearray(min(length, _PIECE)))
    at.port.hold()
    try:
        at.port.raw(b"%s:%d," % (at.name.encode(), length))
        while length:
            piece = buffer[: min(length, _PIECE)]
            partition.readblocks(offset // 4096, piece, offset % 4096)
            await at.port.send(piece)
            offset += len(piece)
            length -= len(piece)
    finally:
        at.port.release()


SYSMFG = command(
    "+SYSMFG",
    "Manufacturing data in mfg_nvs",
    (
        # 0 erase; 1 read; 2 write
        (
            "by",
            "operation",
            (
                (0, (("str", "namespace", 1, 15), ("str", "key", 1, 15, None))),
                (
                    1,
                    (
                        ("str", "namespace", 1, 15, None),
                        ("str", "key", 1, 15, None),
                        ("int", "offset", 0, 0x1C000, 0),  # bytes to leave out
                        ("int", "length", 0, 0x1C000, None),  # bytes
                    ),
                ),
                (
                    2,
                    (
                        ("str", "namespace", 1, 15),
                        ("str", "key", 1, 15),
                        # 1 u8; 2 i8; 3 u16; 4 i16; 5 u32; 6 i32; 7 string; 8 binary
                        (
                            "by",
                            "type",
                            (
                                (1, (("int", "value", 0, 255),)),  # number, or what is stored
                                (2, (("int", "value", -128, 127),)),
                                (3, (("int", "value", 0, 65535),)),
                                (4, (("int", "value", -32768, 32767),)),
                                (5, (("int", "value", 0, 4294967295),)),
                                (6, (("int", "value", -2147483648, 2147483647),)),
                                (7, (("int", "length", 0, 3999),)),
                                (8, (("int", "length", 0, 8192),)),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
)


@SYSMFG.query
def sysmfg_query(at):
    """`+SYSMFG:<namespace>`, a line each."""
    for namespace in at.mfg.namespaces():
        at.reply(namespace)


@SYSMFG.set
def sysmfg_set(at, operation, namespace=None, key=None, third=None, fourth=None):
    """Reading answers `+SYSMFG:<namespace>,<key>,<type>,<length>,<value>`, and without a key
    `+SYSMFG:<namespace>,<key>,<type>` for each.

    Strings have at most 3999 bytes (NVS adds one), binary values 8192. Offset and length of a
    read apply to the value as it is printed. Factory parameters take effect at the next start.
    In a nearly full mfg_nvs one write may take 0.3 s, in which nothing else is answered: NVS makes
    room a sector at a time, 45 ms each, and cannot be interrupted.
    """
    namespace = namespace and text_of(namespace, 1)
    key = key and text_of(key, 2)
    if operation == 0:
        at.mfg.erase(namespace, key)
    elif operation == 1:
        if namespace and not key:
            return _list(at, namespace)
        _show(at, namespace, key, third, fourth)
    elif third in (STRING, BLOB):
        return _store(at, namespace, key, third, fourth)
    else:
        at.mfg.set(namespace, key, third, fourth)
    return None


async def _list(at, namespace):
    for name, kind in at.mfg.keys(namespace):
        at.reply(namespace, name, kind)
        await at.port.drain()  # there may be more of them than memory has room for


def _show(at, namespace, key, offset, length):
    if namespace is None:
        sysmfg_query(at)
    else:
        kind, value = at.mfg.get(namespace, key)
        if isinstance(value, int):
            value = b"%d" % value
        value = value[offset:] if length is None else value[offset : offset + length]
        head = '%s:"%s","%s",%d,%d,' % (at.name, namespace, key, kind, len(value))
        at.port.message(head.encode() + value + b"\r\n")


async def _store(at, namespace, key, kind, length):
    data = bytes(await at.prompt(length)) if length else b""
    if kind == STRING and data.find(b"\0") >= 0:
        raise StoreError("a string ends at its first zero byte")
    at.mfg.set(namespace, key, kind, data)
