"""What lies where in the module's flash, and whether a set of files fits there.

Offsets are those of the board's partition table; boot loader and table lie where its chip looks
for them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tools.build import partitions
from tools.image import ROOT, ImageError, boards
from tools.simulator import appimage

FLASHER_ARGS = "flasher_args.json"
TIGHT = 64 * 1024  # bytes: with less room in the slot a warning is due


@dataclass(frozen=True)
class Piece:
    """One file of the image and the room it has; `part` is its name in flasher_args.json."""

    part: str
    file: str
    offset: int
    room: int
    is_factory: bool = False  # only for a module that has nothing there yet


def folder_of(variant: str) -> Path:
    """Return where the image of a variant of the board lies; "" is the plain board."""
    name = "firmware" + boards.current().suffix + (f"-{variant.lower()}" if variant else "")
    return ROOT / "build" / name


def pieces() -> tuple[Piece, ...]:
    """Return all files of an image, in the order of their offsets."""
    board = boards.current()
    found = {part.name: part for part in partitions.load(board.partitions)}
    otadata, mfg, slot = found["otadata"], found["mfg_nvs"], found["ota_0"]
    table = partitions.TABLE_OFFSET
    return (
        Piece("bootloader", "bootloader.bin", board.bootloader, table - board.bootloader),
        Piece("partition-table", "partition-table.bin", table, 0x1000),
        Piece("otadata", "otadata.bin", otadata.offset, otadata.size),
        Piece("mfg_nvs", "mfg_nvs.bin", mfg.offset, mfg.size, is_factory=True),
        Piece("app", "application.bin", slot.offset, slot.size),
    )


def kept() -> tuple[str, ...]:
    """Return the partitions that flashing leaves as they are."""
    written = {"otadata", "ota_0"}
    parts = partitions.load(boards.current().partitions)
    return tuple(part.name for part in parts if part.name not in written)


def check(folder: Path) -> dict[str, int]:
    """Return the size of each piece in a folder; ImageError unless all of them are right."""
    sizes = {}
    for piece in pieces():
        path = folder / piece.file
        if not path.is_file():
            raise ImageError(f"{path} is missing: make firmware comes first")
        sizes[piece.part] = path.stat().st_size
        if sizes[piece.part] > piece.room:
            over = sizes[piece.part] - piece.room
            raise ImageError(
                f"{piece.file} has {sizes[piece.part]} bytes, {over} more than fit at "
                f"{piece.offset:#x}"
            )
    _check_content(folder)
    return sizes


def _check_content(folder: Path) -> None:
    files = {piece.part: (folder / piece.file).read_bytes() for piece in pieces()}
    if files["partition-table"].rstrip(b"\xff") != table().rstrip(b"\xff"):
        raise ImageError(
            "partition-table.bin is not the table of partitions.csv: make clean firmware"
        )
    if files["otadata"].strip(b"\xff"):
        raise ImageError("otadata.bin is not blank: it would choose a slot that has no image")
    board = boards.current()
    for part in ("bootloader", "app"):
        try:
            appimage.verify(files[part], board.chip_id)
        except appimage.ImageError as error:
            raise ImageError(f"{part} is no image for {board.title}: {error}") from error


def table() -> bytes:
    """Return the partition table as it has to lie in the flash."""
    return partitions.binary(partitions.load(boards.current().partitions))


def free(sizes: dict[str, int]) -> int:
    """Return how many bytes of its slot the application leaves."""
    return next(piece.room for piece in pieces() if piece.part == "app") - sizes["app"]


def flasher_args(settings: dict[str, str]) -> str:
    """Return flasher_args.json: what ESP-IDF writes, for files that lie beside it.

    The manufacturing data is not in flash_files, so that a tool that writes these keeps it.
    """
    flags = [word for name in sorted(settings) for word in (f"--{name}", settings[name])]
    content: dict[str, object] = {
        "write_flash_args": flags,
        "flash_settings": settings,
        "flash_files": {
            f"{piece.offset:#x}": piece.file for piece in pieces() if not piece.is_factory
        },
    }
    for piece in pieces():
        content[piece.part] = {
            "offset": f"{piece.offset:#x}",
            "file": piece.file,
            "encrypted": "false",
        }
    content["extra_esptool_args"] = {
        "after": "hard_reset",
        "before": "default_reset",
        "stub": True,
        "chip": boards.current().chip,
    }
    return json.dumps(content, indent=4) + "\n"


def settings_of(folder: Path) -> dict[str, str]:
    """Return flash_mode, flash_size and flash_freq of a built image."""
    try:
        return dict(json.loads((folder / FLASHER_ARGS).read_text())["flash_settings"])
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(
            f"{folder / FLASHER_ARGS} cannot be used ({error}): make firmware"
        ) from error
