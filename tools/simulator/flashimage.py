"""The flash of the simulated module: a file of 4 MB, made at the first start.

It gets what a factory would write: partition table, mfg_nvs, the firmware in the first slot. All
else is blank. Later starts only renew the firmware's image after a new build.
"""

import hashlib
import mmap
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tools.build import partitions
from tools.mfg import build as mfg
from tools.simulator import appimage, otadata
from tools.simulator.errors import SimulatorError

ROOT = Path(__file__).resolve().parents[2]
_VERSION = ROOT / "firmware/at/version.py"
IDF = "v5.4.2"


class FlashImage:
    """The image, mapped; `parts` is its partition table."""

    def __init__(self, path: Path, firmware: Path, *, erase: bool = False) -> None:
        """Open the image; make it if it is not there, has a wrong size, or is to be erased."""
        self.path = path
        self.parts = partitions.load()
        fresh = erase or not path.exists() or path.stat().st_size != partitions.FLASH_SIZE
        if fresh:
            path.write_bytes(b"\xff" * partitions.FLASH_SIZE)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._map = mmap.mmap(descriptor, partitions.FLASH_SIZE)
        os.close(descriptor)
        self.memory = memoryview(self._map)
        if fresh:
            self._write(partitions.TABLE_OFFSET, partitions.binary(self.parts))
            self._write(self.part("mfg_nvs").offset, manufacturing_data())
        self._install(firmware)

    def part(self, name: str) -> partitions.Partition:
        """Return the partition of that name."""
        return next(part for part in self.parts if part.name == name)

    def view(self, name: str) -> memoryview:
        """Return the content of the partition of that name."""
        part = self.part(name)
        return self.memory[part.offset : part.end]

    def slot(self) -> int:
        """Do the boot loader's work: return the slot to start."""
        return otadata.choose_slot(self.memory, self.parts)

    def verify(self, offset: int, size: int) -> bool:
        """Tell whether a valid application image lies there."""
        try:
            appimage.verify(self.memory[offset : offset + size])
        except appimage.ImageError:
            return False
        return True

    def _write(self, offset: int, data: bytes) -> None:
        self.memory[offset : offset + len(data)] = data

    def _install(self, firmware: Path) -> None:
        """Put the firmware's image into the first slot, unless an update has moved on from it."""
        chosen = otadata.OtaData(self.memory, self.part("otadata")).entries()
        if any(entry.seq > 1 for entry in chosen):
            return
        slot = self.part("ota_0")
        description = describe(firmware)
        if appimage.describe(self.memory[slot.offset : slot.end]) != description:
            self._write(slot.offset, b"\xff" * slot.size)
            self._write(slot.offset, appimage.build(description))


def describe(firmware: Path) -> appimage.Description:
    """Return what the image of a build says of itself."""
    built = time.localtime(firmware.stat().st_mtime)
    found = re.search(r'^BIN = "([^"]*)"', _VERSION.read_text(), re.MULTILINE)
    return appimage.Description(
        version=found[1] if found else "",
        project="micropython",
        time=time.strftime("%H:%M:%S", built),
        date=time.strftime("%b %e %Y", built),
        idf=IDF,
        elf_sha256=hashlib.sha256(firmware.read_bytes()).digest(),
    )


def manufacturing_data() -> bytes:
    """Return the image of mfg_nvs, made first if need be."""
    if not mfg.is_current(mfg.SOURCE, mfg.IMAGE):
        made = subprocess.run([sys.executable, mfg.__file__], stdout=subprocess.DEVNULL)
        if made.returncode != 0:
            raise SimulatorError("make mfg failed, so there is no data of the maker to start with")
    return mfg.IMAGE.read_bytes()
