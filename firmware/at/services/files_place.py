"""Where files of the host lie: the partition `fatfs`, or a folder of the module's own littlefs.

`fatfs` may hold a FAT volume that somebody made, or a littlefs of ours, made there if it is blank
and has more room than that folder. It is mounted while a command uses it: that costs some
milliseconds and no memory afterwards. If it holds anything else it is the host's, through
AT+SYSFLASH, and left alone.
"""

import asyncio
import os

import vfs
from micropython import const

from at.errors import ANY_TROUBLE, CHIP_ERRORS, StoreError, refused
from at.services import customize, files_volume
from at.services.files_flash import Flash

_ROOT = "/files"  # where fatfs is mounted
_BEGUN = "/fs.blank"  # in the module's littlefs while the blank fatfs gets one
_HEAD = const(2)  # sectors that making a littlefs writes
_MISSING = const(2)  # ENOENT
_SHUT = const(-30)  # EROFS
_FOLDER_BIT = const(0x4000)
_RESERVE = const(4)  # blocks of a littlefs that stay free for its folders
_SECTOR = const(4096)
_PIECE = const(512)
_READ = const(128)  # bytes; littlefs asks less often than with 32, for 1 KB while mounted


class _Gate:
    """Flash as littlefs's block device, whose writes can be made to fail.

    That is how a file is closed without its new content. Errors are returned: an exception would
    tear littlefs out of its work.
    """

    def __init__(self, flash):
        self._flash = flash
        self.is_shut = False

    # Each with its own `try`, which nothing that takes memory is in front of.

    def readblocks(self, block, buffer, offset):
        try:
            self._flash.read(block, buffer, offset)
        except ANY_TROUBLE as error:
            return self._flash.fail(error)
        return 0

    def writeblocks(self, block, buffer, offset):
        if self.is_shut:
            return _SHUT
        try:
            self._flash.write(block, buffer, offset)
        except ANY_TROUBLE as error:
            return self._flash.fail(error)
        return 0

    def ioctl(self, operation, block):
        if operation == 4:
            return self._flash.size()
        if operation == 5:
            return _SECTOR
        return self._erase(block) if operation == 6 else 0

    def _erase(self, block):
        if self.is_shut:
            return _SHUT
        try:
            self._flash.erase(block)
        except ANY_TROUBLE as error:
            return self._flash.fail(error)
        return 0


class Place:
    """A folder for files. Errors are StoreError, or StateError if the chip refused a call."""

    def __init__(self, root, flash=None, gate=None):
        """`flash` None: the module's own file system; `gate` None: a FAT volume, if not that."""
        is_fat = flash is not None and gate is None
        self._flash = flash
        self._root = root or "/"
        self._folder = root if is_fat else root + "/fs"
        self._reserve = 0 if is_fat else _RESERVE
        self.new = None if is_fat else root + "/fs.new"  # a file on its way into the folder
        self.gate = gate  # None: what is written into a file stays there

    def prepare(self):
        """Make the folder, and forget what an interrupted write left behind."""
        if self.new is None:
            return
        try:
            os.mkdir(self._folder)
        except OSError as error:
            if error.errno == _MISSING or not _is_there(self._folder):
                raise StoreError("the module has no file system: %s" % error)
        discard(self.new)

    async def settle(self):
        """Have in flash all that was done, and leave others their turn. StateError if it fails."""
        if not self._flash:
            await asyncio.sleep_ms(0)
            return
        try:
            await self._flash.settle()
        except ANY_TROUBLE as error:
            raise refused("flash does not take it", error)

    def umount(self):
        """Let fatfs go, which was mounted."""
        self._flash.finish()
        vfs.umount(_ROOT)

    def path(self, name):
        """Return the path of a file."""
        return self._folder + "/" + name

    def size(self, name):
        """Return the size of a file in bytes, None if there is none."""
        try:
            state = os.stat(self.path(name))
        except OSError as error:
            if error.errno == _MISSING:
                return None
            raise StoreError("%s cannot be read: %s" % (name, error))
        return None if state[0] & _FOLDER_BIT else state[6]

    def names(self):
        """Yield the names of all files, as bytes."""
        try:
            entries = os.ilistdir(self._folder.encode())
        except OSError as error:
            if error.errno == _MISSING:  # nothing was ever written
                return
            raise StoreError("the files cannot be listed: %s" % error)
        for entry in entries:
            if not entry[0]:  # MicroPython's sign of an error, which it gives for ever
                raise StoreError("the files cannot be listed")
            if not entry[1] & _FOLDER_BIT:
                yield entry[0]

    def space(self):
        """Return (free, total) bytes."""
        state = os.statvfs(self._root)
        return max(0, state[3] - self._reserve) * state[0], state[2] * state[0]


async def mount():
    """Mount fatfs; return its Place, None if it holds something else than files."""
    try:
        partition = next(customize.partitions())
        flash = Flash(partition)
        volume = files_volume.find(flash)
        gate = None if volume else _Gate(flash)
        place = Place(_ROOT, flash, gate)
        if volume:
            disk = vfs.VfsFat(volume)
        else:
            disk = _littlefs(flash, gate) or await _made(partition, flash, gate)
        if not disk:
            return None
        vfs.mount(disk, _ROOT)  # the last that needs memory
        return place
    except CHIP_ERRORS as error:
        raise refused("fatfs cannot be mounted", error)


def discard(path):
    """Remove a file that may be there."""
    try:
        os.remove(path)
    except ANY_TROUBLE:
        pass


def _littlefs(flash, gate):
    try:
        disk = vfs.VfsLfs2(gate, readsize=_READ)
    except OSError:
        if flash.trouble:  # it may be one
            raise
        return None
    discard(_BEGUN)  # it was made, and the cut came then
    return disk


async def _made(partition, flash, gate):
    """Make a littlefs if the partition is blank; a cut while that goes on is remembered."""
    block, _, blocks, _ = os.statvfs("/")[:4]
    if partition.info()[3] <= block * blocks:
        return None
    if not await _is_blank(partition, _HEAD if _is_there(_BEGUN) else 0):
        return None
    open(_BEGUN, "wb").close()
    await asyncio.sleep_ms(0)
    vfs.VfsLfs2.mkfs(gate)
    await flash.settle()
    os.remove(_BEGUN)
    await asyncio.sleep_ms(0)
    return vfs.VfsLfs2(gate, readsize=_READ)


async def _is_blank(partition, first):
    piece = bytearray(_PIECE)
    blank = b"\xff" * _PIECE
    for block in range(first, partition.info()[3] // _SECTOR):
        for offset in range(0, _SECTOR, _PIECE):
            partition.readblocks(block, piece, offset)
            if piece != blank:
                return False
        await asyncio.sleep_ms(0)
    return True


def _is_there(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True
