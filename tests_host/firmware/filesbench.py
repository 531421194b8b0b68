"""A module with something in its partition fatfs; FAT volumes as mtools makes and reads them."""

import binascii
import os
import re
import struct
import subprocess
from pathlib import Path

from tools.build import partitions
from tools.host.simprocess import Simulator

SECTOR = 4096
FATFS = next(part for part in partitions.load() if part.name == "fatfs")
ENVIRONMENT = {**os.environ, "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC"}


class Host:
    """What a host does with files."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.module = simulator.module(timeout_s=60)
        self.module.echo_off()

    def write(self, name: str, data: bytes, offset: int = 0) -> None:
        self.module.prompt(f'AT+FS=0,1,"{name}",{offset},{len(data)}')
        self.module.write(data)
        assert self.module.finish(timeout_s=60).ok

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None if there is none."""
        reply = self.module.command(f'AT+FS=0,3,"{name}"')
        if not reply.ok:
            return None
        size = int(reply.lines[-1].removeprefix("+FS:"))
        self.module.send(f'AT+FS=0,2,"{name}",0,{size or 1}')
        self.module.expect(b"+FS:%d," % size)
        data = self.module.read_exactly(size)
        assert self.module.finish().ok
        return data

    def delete(self, name: str) -> None:
        self.module.ok(f'AT+FS=0,0,"{name}"')

    def names(self) -> list[str]:
        return [line.removeprefix("+FS:") for line in self.module.ok('AT+FS=0,4,"."')]

    def space(self) -> tuple[int, int]:
        free, total = self.module.ok("AT+FS=0,6")[0].removeprefix("+FS:").split(",")
        return int(free), int(total)

    def occupy(self) -> None:
        """Keep something else than files at the end of fatfs."""
        self.module.prompt(f'AT+SYSFLASH=1,"fatfs",{FATFS.size - 4},4')
        self.module.write(b"mine")
        assert self.module.finish().ok

    def vacate(self) -> None:
        self.module.ok('AT+SYSFLASH=0,"fatfs"', timeout_s=60)

    def fails(self, line: str, reason: str) -> None:
        """Expect a command to end with ERROR for this reason."""
        self.module.ok("AT+SYSLOG=2")
        reply = self.module.command(line)
        assert reply.result == "ERROR"
        assert re.search(reason, "\n".join(reply.lines))

    def cut_after(self, operations: int) -> None:
        """Let the power fail during the flash operation after so many."""
        self.simulator.act({"do": "power_cut_after_flash_writes", "n": operations})


def flash(simulator: Simulator) -> Path:
    return simulator.folder / "flash" / "flash.img"


def put(simulator: Simulator, data: bytes, address: int = FATFS.offset) -> None:
    """Write into the flash of a module that is off."""
    with flash(simulator).open("r+b") as file:
        file.seek(address)
        file.write(data)


def put_fat(simulator: Simulator, image: Path, sector: int) -> None:
    """Put an empty FAT volume into the partition of a module that runs, and start it anew."""
    simulator.stop()
    put(simulator, fat(image, FATFS.size, sector, {}))
    simulator.start()


def partition(simulator: Simulator) -> bytes:
    """Return what fatfs holds of a module that is off."""
    return flash(simulator).read_bytes()[FATFS.offset : FATFS.offset + FATFS.size]


def mtools(image: Path, command: str, *arguments: str) -> bytes:
    """Run one of mtools on a volume."""
    line = [command, "-i", str(image), *arguments]
    return subprocess.run(line, env=ENVIRONMENT, check=True, capture_output=True).stdout


def fat(image: Path, size: int, sector: int, files: dict[str, bytes]) -> bytes:
    """Return a FAT volume of so many bytes."""
    image.write_bytes(b"\xff" * size)
    code = str(sector.bit_length() - 8)  # 2: 512, 5: 4096
    count = str(size // sector)
    mtools(image, "mformat", "-S", code, "-T", count, *("-h1", "-s1", "-c1", "-d1", "::"))
    for name, content in files.items():
        source = image.with_name("source")
        source.write_bytes(content)
        mtools(image, "mcopy", str(source), f"::{name}")
    return image.read_bytes()


def fat_files(image: Path, volume: bytes) -> dict[str, bytes]:
    """Return the files in the root of a volume."""
    image.write_bytes(volume)
    names = mtools(image, "mdir", "-b", "::").decode().split("\n")
    found = [name.removeprefix("::/") for name in names if name and not name.endswith("/")]
    return {name: mtools(image, "mtype", f"::{name}") for name in found}


LEVELLED = FATFS.size - 4 * SECTOR  # a sector is free, two hold the state, one the configuration


def levelled(volume: bytes, moved: int, gap: int) -> bytes:
    """Return a volume as ESP-IDF's wear levelling has it after so many rounds and moves."""
    ring = [volume[at : at + SECTOR] for at in range(0, len(volume), SECTOR)]
    count = len(ring)
    ring = [ring[(at + moved) % count] for at in range(count)]
    ring.insert(gap, b"\xee" * SECTOR)
    device = 0x12345678
    head = struct.pack("<8I", 0, count + 1, moved, 0, 16, SECTOR, 2, device) + bytes(28)
    head += struct.pack("<I", binascii.crc32(head, 0xFFFFFFFF))
    moves = b"".join(
        struct.pack("<I", binascii.crc32(struct.pack("<I", device + word), 0xFFFFFFFF))
        for word in range(4 * gap)
    )
    state = (head + moves).ljust(SECTOR, b"\xff")
    return b"".join(ring) + state + state + b"\xcc" * SECTOR


def unlevelled(data: bytes, moved: int, gap: int) -> bytes:
    """Undo levelled()."""
    ring = [data[at : at + SECTOR] for at in range(0, len(data) - 3 * SECTOR, SECTOR)]
    del ring[gap]
    count = len(ring)
    return b"".join(ring[(at - moved) % count] for at in range(count))
