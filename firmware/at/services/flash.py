"""User partitions: list, erase, write, read (AT+SYSFLASH), and the OTA slots' roll-back."""

import asyncio

import atchip
import esp32

from at.errors import CHIP_ERRORS, StateError, StoreError, invalid, is_memory, refused
from at.services import customize
from at.wire import image

FIRMWARE = "ota"  # name of the slot for new firmware among the images of updates
MFG = "mfg_nvs"
_SECTOR = 4096
_PIECE = 1024  # bytes of an image that are read at a time
_HEAD = 80  # bytes of an image that tell its version


def _user():
    """Yield what a host may touch; settings and firmware are not among it."""
    yield esp32.Partition.find(esp32.Partition.TYPE_DATA, label=MFG)[0]
    yield from customize.partitions()


def _find(name):
    for partition in _user():
        if partition.info()[4] == name:
            return partition
    raise invalid(1, "no user partition " + name)


class Flash:
    """User partitions and OTA slots. Each has one owner at a time, from take() to give()."""

    def __init__(self, mfg):
        self._mfg = mfg
        self._taken = []

    def take(self, name):
        """Own a user partition or FIRMWARE, the slot for new firmware. StateError if taken."""
        if name in self._taken:
            raise StateError("%s is in use by another transfer" % name)
        self._taken.append(name)
        if name == MFG:
            self._mfg.lend()

    def give(self, name):
        """Own it no longer."""
        self._taken.remove(name)
        if name == MFG:
            self._mfg.take_back()

    def partitions(self):
        """Return (name, type, subtype, address, size) of each user partition."""
        rows = []
        for partition in _user():
            kind, subtype, address, size, label, _ = partition.info()
            rows.append((label, kind, subtype, address, size))
        return rows

    def find(self, name, offset=0, length=None):
        """Return a partition and the length after checking that the range lies in it.

        `length` None means up to the end.
        """
        partition = _find(name)
        size = partition.info()[3]
        if offset > size:
            raise invalid(2, "%s has %d bytes" % (name, size))
        if length is None:
            length = size - offset
        if offset + length > size:
            raise invalid(3, "%s has %d bytes" % (name, size))
        return partition, length

    async def erase(self, name, offset, length):
        """Erase whole sectors of 4096 bytes; in between others have their turn."""
        partition, length = self.find(name, offset, length)
        if offset % _SECTOR:
            raise invalid(2, "erasing begins at a multiple of 4096")
        if length % _SECTOR:
            raise invalid(3, "erasing takes multiples of 4096 bytes")
        self.take(name)
        try:
            for block in range(offset // _SECTOR, (offset + length) // _SECTOR):
                partition.ioctl(6, block)
                await asyncio.sleep_ms(0)
        finally:
            self.give(name)

    def confirm(self):
        """Make the choice of the running firmware final, so that the boot loader keeps to it."""
        try:
            esp32.Partition.mark_app_valid_cancel_rollback()
        except CHIP_ERRORS:  # as delivered: no update has chosen a slot yet
            pass

    def slots(self):
        """Return (address, version) of the slot that runs and of the other one."""
        running = esp32.Partition(esp32.Partition.RUNNING)
        head = bytearray(_HEAD)
        found = []
        for slot in (running, running.get_next_update()):
            try:
                slot.readblocks(0, head, 0)
                found.append((slot.info()[2], image.version(head)))
            except CHIP_ERRORS as error:
                raise refused("a slot cannot be read", error)
        return found

    async def roll_back(self):
        """Select the other OTA slot for the next start. StoreError if it holds no firmware."""
        self.take(FIRMWARE)
        try:
            slot = esp32.Partition(esp32.Partition.RUNNING).get_next_update()
            await self._verify(slot)
            slot.set_boot()
        except CHIP_ERRORS as error:
            if is_memory(error):
                raise refused("", error)
            raise StoreError("the other slot holds no valid firmware: %s" % error)
        except ValueError as error:
            raise StoreError("the other slot holds no valid firmware: %s" % error)
        finally:
            self.give(FIRMWARE)

    async def _verify(self, slot):
        """Read all of an image; ValueError if it is damaged or there is none."""
        room = slot.info()[3]
        found = image.Image(room, atchip.board()[0])
        piece = memoryview(bytearray(_PIECE))
        for at in range(0, room, _PIECE):
            slot.readblocks(at // _SECTOR, piece, at % _SECTOR)
            found.take(piece)
            if found.is_complete:
                break
            await asyncio.sleep_ms(0)
        found.end()
