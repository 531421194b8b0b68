"""Put files into the module's file system before it starts, as mpremote would on a chip.

The partition `vfs` holds a littlefs; the firmware mounts it at / and imports user/*.py at boot.
"""

from pathlib import Path

from tools.simulator.errors import SimulatorError

_BLOCK = 4096
_FOLDER = "user"
_DISK_VERSION = 0x00020000  # the one MicroPython writes; a newer one it would not mount


class _Memory:
    """What littlefs-python asks of a block device, on a view of the flash image."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory

    def read(self, _cfg: object, block: int, offset: int, size: int) -> bytes:
        """Return `size` bytes of a block."""
        start = block * _BLOCK + offset
        return bytes(self._memory[start : start + size])

    def prog(self, _cfg: object, block: int, offset: int, data: bytes) -> int:
        """Program bytes of an erased block."""
        start = block * _BLOCK + offset
        self._memory[start : start + len(data)] = data
        return 0

    def erase(self, _cfg: object, block: int) -> int:
        """Erase a block."""
        self._memory[block * _BLOCK : (block + 1) * _BLOCK] = b"\xff" * _BLOCK
        return 0

    def sync(self, _cfg: object) -> int:
        """Nothing waits to be written."""
        return 0


def install(memory: memoryview, folder: Path) -> None:
    """Make user/ in the file system of `memory` hold just the *.py files of `folder`."""
    import littlefs

    try:
        wanted = {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}
    except OSError as error:
        raise SimulatorError(f"--user {folder}: {error}") from None
    files = littlefs.LittleFS(
        context=_Memory(memory),
        block_size=_BLOCK,
        block_count=len(memory) // _BLOCK,
        disk_version=_DISK_VERSION,
        mount=False,
    )
    try:
        files.mount()
    except littlefs.LittleFSError:
        files.format()
        files.mount()
    files.makedirs(_FOLDER, exist_ok=True)
    for name in files.listdir(_FOLDER):
        if name not in wanted:
            files.remove(f"{_FOLDER}/{name}")
    for name, content in wanted.items():
        with files.open(f"{_FOLDER}/{name}", "wb") as file:
            file.write(content)
    files.unmount()
