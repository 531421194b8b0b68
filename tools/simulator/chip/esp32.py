"""Imitated `esp32`: NVS and Partition on the flash image, with the ESP32 port's names and errors.

NVS offers 32-bit integers and blobs of the partition `nvs` only, as on the chip; everything else
about NVS is in atchip.
"""

import _sim
import chipota
import chiptable
from micropython import const

HEAP_DATA = const(4)
HEAP_EXEC = const(1)

_BLOCK = const(4096)
_ERR_NVS_NOT_FOUND = const(0x1102)
_ERR_NVS_INVALID_LENGTH = const(0x110C)
_ERR_NVS_NO_FREE_PAGES = const(0x110D)
_ERR_NVS_NEW_VERSION_FOUND = const(0x1110)
_ERR_INVALID_ARG = const(0x102)
_ERR_INVALID_SIZE = const(0x104)
_I32 = const(6)
_BLOB = const(8)


class NVS:
    def __init__(self, namespace):
        _sim.fault("esp32.NVS")
        try:
            _sim.nvs_open("nvs", namespace)
        except OSError as error:
            if error.errno not in (-_ERR_NVS_NO_FREE_PAGES, -_ERR_NVS_NEW_VERSION_FOUND):
                raise
            # The port's start code makes a new store of one that cannot be used.
            nvs = Partition("nvs")
            nvs._erase(0, nvs._row[3])
            _sim.nvs_open("nvs", namespace)
        self._namespace = namespace

    def _get(self, key, kind):
        _sim.fault("esp32.NVS.get")
        found, value = _sim.nvs_get("nvs", self._namespace, key)
        if found != kind:
            _sim.fail(_ERR_NVS_NOT_FOUND)
        return value

    def get_i32(self, key):
        return self._get(key, _I32)

    def set_i32(self, key, value):
        _sim.fault("esp32.NVS.set")
        _sim.nvs_set("nvs", self._namespace, key, _I32, value)

    def get_blob(self, key, buffer):
        value = self._get(key, _BLOB)
        if len(value) > len(buffer):
            _sim.fail(_ERR_NVS_INVALID_LENGTH)
        memoryview(buffer)[: len(value)] = value
        return len(value)

    def set_blob(self, key, value):
        _sim.fault("esp32.NVS.set")
        _sim.nvs_set("nvs", self._namespace, key, _BLOB, value)

    def erase_key(self, key):
        _sim.fault("esp32.NVS.erase_key")
        _sim.nvs_erase("nvs", self._namespace, key)

    def commit(self):
        _sim.fault("esp32.NVS.commit")
        # Every write is in the flash when it returns, as in ESP-IDF.


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, id, block_size=_BLOCK, _row=None):
        if isinstance(id, int):
            if id not in (self.BOOT, self.RUNNING):
                raise ValueError
            _row = chipota.boot_row() if id == self.BOOT else chipota.running_row()
        elif _row is None:
            _row = chiptable.first(0, id) or chiptable.first(1, id)
        if _row is None:
            raise OSError(2)
        self._row = _row
        self._size = block_size

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=_BLOCK):
        return [Partition("", block_size, row) for row in chiptable.rows(type, subtype, label)]

    def info(self):
        return self._row

    def _at(self, offset, length):
        """Return the flash address of a range of the partition."""
        if offset > self._row[3] or offset < 0:
            _sim.fail(_ERR_INVALID_ARG)
        if offset + length > self._row[3]:
            _sim.fail(_ERR_INVALID_SIZE)
        return self._row[2] + offset

    def _erase(self, offset, length):
        _sim.flash_erase(self._at(offset, length), length)

    def readblocks(self, block, buffer, offset=0):
        _sim.fault("esp32.Partition.readblocks")
        _sim.flash_read(self._at(block * self._size + offset, len(buffer)), buffer)

    def writeblocks(self, block, buffer, offset=None):
        _sim.fault("esp32.Partition.writeblocks")
        start = block * self._size
        if offset is not None:
            start += offset
        elif self._size >= _BLOCK:
            self._erase(start, len(buffer))
        else:
            self._erase_around(start, start + len(buffer))
        _sim.flash_write(self._at(start, len(buffer)), buffer)

    def _erase_around(self, start, end):
        """Erase a range smaller than the flash can, and put back what is not of it."""
        cache = bytearray(_BLOCK)
        for sector in range(start // _BLOCK * _BLOCK, end, _BLOCK):
            _sim.flash_read(self._at(sector, _BLOCK), cache)
            self._erase(sector, _BLOCK)
            if start > sector:
                _sim.flash_write(self._at(sector, 0), memoryview(cache)[: start - sector])
            if end < sector + _BLOCK:
                _sim.flash_write(self._at(end, 0), memoryview(cache)[end - sector :])

    def ioctl(self, cmd, arg):
        if cmd in (1, 2, 3):  # init, deinit, sync
            return 0
        if cmd == 4:  # number of blocks
            return self._row[3] // self._size
        if cmd == 5:  # block size
            return self._size
        if cmd == 6:  # erase a block
            if self._size != _BLOCK:
                return -22
            self._erase(arg * _BLOCK, _BLOCK)
            return 0
        return None

    def set_boot(self):
        _sim.fault("esp32.Partition.set_boot")
        chipota.set_boot(self._row)

    def get_next_update(self):
        _sim.fault("esp32.Partition.get_next_update")
        return Partition("", _BLOCK, chipota.next_row(self._row))

    @classmethod
    def mark_app_valid_cancel_rollback(cls):
        _sim.fault("esp32.Partition.mark_app_valid_cancel_rollback")
        chipota.mark_valid()


def idf_heap_info(capabilities):
    """Return [(total, free, largest block, lowest free)] of the system heap."""
    return [_sim.ram_info()] if capabilities == HEAP_DATA else []
