"""Find the manufacturing data in a file, and put it back.

Takes a partition by itself (mfg_nvs.bin), a raw image of the flash from its start (merged, or
read from a module), the same as Intel HEX, and the folder that `make firmware` leaves. Images of
Espressif's own firmware, whose second table lies inside at_customize, are understood as well.
"""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

from intelhex import HexReaderError, IntelHex

from tools.build import partitions
from tools.params import ParamsError

LABEL = "mfg_nvs"
_OUTER = "at_customize"
_FLASH = 16 * 1024 * 1024  # no image is larger


class Image:
    """A file with the partition in it; `data` is the partition, `where` says where it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path if path.is_dir() else None
        self._file = path / "mfg_nvs.bin" if self.folder else path
        try:
            raw = self._file.read_bytes()
        except OSError as error:
            raise ParamsError(f"cannot read the image: {error}") from error
        self._is_hex = raw.startswith(b":")
        self._memory = _load_hex(self._file) if self._is_hex else raw
        self._offset, self._size = self._find()
        self.where = f"at {self._offset:#x}" if self._offset else "by itself"
        self.data = self._slice(self._offset, self._size)

    def _find(self) -> tuple[int, int]:
        """Return the partition's offset and size."""
        own = next(part for part in partitions.load() if part.name == LABEL)
        if not self._is_hex and len(self._memory) == own.size:
            return 0, own.size
        offset = partitions.TABLE_OFFSET
        for _ in range(2):
            table = dict(_rows(self._slice(offset, partitions.TABLE_SIZE)))
            if LABEL in table:
                return table[LABEL]
            if _OUTER not in table:
                break
            offset = table[_OUTER][0]
        raise ParamsError(
            f"{self._file}: no {LABEL} in it: neither the partition ({own.size} bytes) nor an "
            f"image of the flash from its start with a partition table at {offset:#x}"
        )

    def _slice(self, start: int, size: int) -> bytes:
        if isinstance(self._memory, IntelHex):
            return bytes(self._memory.tobinarray(start=start, size=size))
        return self._memory[start : start + size].ljust(size, b"\xff")

    def save(self, data: bytes, target: Path | None = None) -> Path:
        """Write the image with other data to `target`, or over itself; all or nothing."""
        if self.folder and target:
            raise ParamsError("the folder of an image is changed in place: leave out --output")
        path = target or self._file
        scratch = Path(tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")[1])
        try:
            self._write(scratch, data)
            scratch.chmod(0o644)
            os.replace(scratch, path)
        except OSError as error:
            raise ParamsError(f"cannot write {path}: {error}") from error
        finally:
            scratch.unlink(missing_ok=True)
        if self.folder:
            _merge(self.folder)
        return self.folder or path

    def _write(self, path: Path, data: bytes) -> None:
        if isinstance(self._memory, IntelHex):
            self._memory.puts(self._offset, data.decode("latin-1"))
            self._memory.write_hex_file(str(path))
            return
        memory = bytearray(self._memory.ljust(self._offset + self._size, b"\xff"))
        memory[self._offset : self._offset + self._size] = data
        path.write_bytes(memory)


def _load_hex(path: Path) -> IntelHex:
    memory = IntelHex()
    try:
        memory.loadhex(str(path))
    except (HexReaderError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path} is no Intel HEX file: {error}") from error
    if memory.maxaddr() is None or memory.maxaddr() > _FLASH:
        raise ParamsError(f"{path} is no image of the flash")
    memory.padding = 0xFF
    return memory


def _rows(table: bytes) -> list[tuple[str, tuple[int, int]]]:
    """Return (name, (offset, size)) of each row of a partition table."""
    found = []
    for start in range(0, len(table), 32):
        magic, _, _, offset, size, name = struct.unpack_from("<2sBBII16s", table, start)
        if magic != b"\xaa\x50":
            break
        found.append((name.split(b"\0")[0].decode("latin-1"), (offset, size)))
    return found


def _merge(folder: Path) -> None:
    from tools.image import ImageError, merge

    try:
        merge.both(folder)
    except ImageError as error:
        raise ParamsError(f"mfg_nvs.bin is written, the merged images are not: {error}") from error
