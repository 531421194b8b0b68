"""Files (manual chapter 3.6).

The files lie in the partition `fatfs` (576 KB). If it is blank, it gets a littlefs, because FAT
cannot promise that a power cut leaves the old or the new content. A FAT volume that is there is
used as it is; its names are in ASCII and their case does not count. If it holds anything else, it
is left alone, and files go into a folder of the module's own littlefs (partition `vfs`, 204 KB
together with `user/`). What lies there from earlier versions is found, and moves when it is
written. Names have no folders. While a file command works, `fatfs` is not AT+SYSFLASH's, and the
other way round.
"""

from at.command import command
from at.errors import FAILURES, text_of

_PIECE = 1024  # bytes of a file on the way at a time

FS = command(
    "+FS",
    "Files",
    (
        ("pick", "type", (0, 1)),  # 0 FATFS, in the manual's words; 1 LittleFS
        # 0 delete; 1 write; 2 read; 3 size; 4 list; 5 MD5; 6 free and total space
        (
            "by",
            "operation",
            (
                (0, (("str", "filename", 1, 128),)),
                (
                    1,
                    (
                        ("str", "filename", 1, 128),
                        ("int", "offset", 0, 0x400000),  # bytes from the start
                        ("int", "length", 1, 0x400000),  # bytes
                    ),
                ),
                (
                    2,
                    (
                        ("str", "filename", 1, 128),
                        ("int", "offset", 0, 0x400000),
                        ("int", "length", 1, 0x400000),
                    ),
                ),
                (3, (("str", "filename", 1, 128),)),
                (4, (("pick", "filename", (".",)),)),
                (5, (("str", "filename", 1, 128),)),
                (6, ()),
            ),
        ),
    ),
    text='+FS:(0),(0),"filename"(128)\r\n'
    '+FS:(0),(1),"filename"(128),(0-4194304),(1-4194304)\r\n'
    '+FS:(0),(2),"filename"(128),(0-4194304),(1-4194304)\r\n'
    '+FS:(0),(3),"filename"(128)\r\n+FS:(0),(4),(".")',
    since="main: type 1, operations 5 and 6",
    words={
        "data": "`length` bytes",
        "size": "bytes",
        "md5": "hexadecimal digits",
        "free": "bytes",
        "total": "bytes",
    },
)


@FS.set
async def fs_set(at, _type, operation, filename=b"", offset=0, length=0):
    """Writing makes the file if need be, and a gap before `offset` reads as zeros.

    A write is done as a whole or not at all, whatever happens to the supply, but for a FAT volume.
    Reading past the end gives the bytes there are: `+FS:<length>,<data>`. The size is
    `+FS:<size>`, the list one `+FS:<filename>` a file. Type 1 means the same files as 0. The form
    of two answers is ours: `+FS:<md5>` and `+FS:<free>,<total>`. With dozens of long names
    littlefs arranges its list anew at times, in one go: the module does nothing else for a second.
    """
    name = text_of(filename, 2)
    await at.files.mount()
    try:
        await _work(at, operation, name, offset, length)
        await at.files.settle()
    except BaseException:
        try:
            await at.files.settle()
        except FAILURES:  # the first error is the one to tell
            pass
        raise
    finally:
        at.files.umount()


async def _work(at, operation, name, offset, length):
    files = at.files
    if operation == 0:
        files.delete(name)
    elif operation == 1:
        await _write(at, name, offset, length)
    elif operation == 2:
        await _read(at, name, offset, length)
    elif operation == 3:
        at.reply(files.size(name))
    elif operation == 4:
        await _list(at)
    elif operation == 5:
        at.line("%s:%s" % (at.name, await files.md5(name)))
    else:
        at.reply(*files.space())


async def _list(at):
    for name in at.files.names():
        at.port.message(b"%s:%s\r\n" % (at.name.encode(), name))
        await at.port.drain()  # there may be more names than memory has room for


async def _write(at, name, offset, length):
    buffer = memoryview(bytearray(min(length, _PIECE)))
    writer = at.files.writer(name, offset, length)
    try:
        await writer.begin()
        at.ask(length)
        while length:
            data = buffer[:length]
            await at.gather(data)
            length -= len(data)
            await writer.write(data)
        await writer.finish()
    finally:
        writer.close()


async def _read(at, name, offset, length):
    buffer = memoryview(bytearray(min(length, _PIECE)))
    file, available = at.files.open(name, offset)
    length = min(length, available)
    at.port.hold()
    try:
        at.port.raw(b"%s:%d," % (at.name.encode(), length))
        while length:
            count = file.readinto(buffer[: min(length, _PIECE)])
            if not count:
                raise OSError("the file is shorter than its size")
            await at.port.send(buffer[:count])
            length -= count
    finally:
        at.port.release()
        file.close()


FSMOUNT = command(
    "+FSMOUNT",
    "Mount or unmount the file system",
    (("pick", "mount", (0, 1)),),  # 0 unmount; 1 mount
)


@FSMOUNT.set
async def fsmount_set(at, mount):
    """The file system is mounted while AT+FS uses it: 0 changes nothing, 1 tells if it can be."""
    if mount:
        await at.files.mount()
        at.files.umount()
