"""User partitions: list, erase, write, read (AT+SYSFLASH), and the OTA slots' roll-back."""

import atchip
import esp32

from at.errors import StoreError, invalid

USER = ("mfg_nvs", "fatfs")  # what a host may touch; settings and firmware are not among them
_SECTOR = 4096


def _find(name):
    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=name) if name in USER else ()
    if not found:
        raise invalid(1, "no user partition " + name)
    return found[0]


class Flash:
    """User partitions and OTA slots."""

    def partitions(self):
        """Return (name, type, subtype, address, size) of each user partition."""
        rows = []
        for name in USER:
            kind, subtype, address, size, label, _ = _find(name).info()
            rows.append((label, kind, subtype, address, size))
        return rows

    def open(self, name, offset, length):
        """Return the partition after checking that the range lies in it.

        `length` None means up to the end. NVS lets go of `mfg_nvs` first, since its pages are
        about to change under it.
        """
        partition = _find(name)
        size = partition.info()[3]
        if offset > size:
            raise invalid(2, "%s has %d bytes" % (name, size))
        if length is None:
            length = size - offset
        if offset + length > size:
            raise invalid(3, "%s has %d bytes" % (name, size))
        if name == "mfg_nvs":
            atchip.nvs_close(name)
        return partition, length

    def erase(self, name, offset, length):
        """Erase whole sectors of 4096 bytes."""
        partition, length = self.open(name, offset, length)
        if offset % _SECTOR:
            raise invalid(2, "erasing begins at a multiple of 4096")
        if length % _SECTOR:
            raise invalid(3, "erasing takes multiples of 4096 bytes")
        for block in range(offset // _SECTOR, (offset + length) // _SECTOR):
            partition.ioctl(6, block)

    def confirm(self):
        """Make the choice of the running firmware final, so that the boot loader keeps to it."""
        try:
            esp32.Partition.mark_app_valid_cancel_rollback()
        except OSError:  # as delivered: no update has chosen a slot yet
            pass

    def roll_back(self):
        """Select the other OTA slot for the next start. StoreError if it holds no firmware."""
        try:
            esp32.Partition(esp32.Partition.RUNNING).get_next_update().set_boot()
        except OSError as error:
            raise StoreError("the other slot holds no valid firmware: %s" % error)
