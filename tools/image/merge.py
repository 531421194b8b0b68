"""Merge the files of an image into one, with esptool.

`factory.hex` holds the pieces and nothing between them: writing it leaves settings, user files
and the second slot alone. `factory_erase.bin` is for programmers that know only raw bytes: from
the start of the flash to the end of the application, blank where there is no piece, so it also
erases all that lies between.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.image import ImageError, boards, layout

HEX = "factory.hex"
RAW = "factory_erase.bin"


def esptool(*words: str | Path) -> list[str]:
    """Return the command line of the pinned esptool."""
    return [sys.executable, "-m", "esptool", "--chip", boards.current().chip, *map(str, words)]


def _merge(folder: Path, form: str, name: str) -> None:
    places = [
        word for piece in layout.pieces() for word in (hex(piece.offset), folder / piece.file)
    ]
    command = esptool("merge-bin", "--format", form, "-o", folder / name, *places)
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise ImageError(f"esptool cannot merge: {(done.stdout + done.stderr).strip()[-1000:]}")


def both(folder: Path) -> None:
    """Write factory.hex and factory_erase.bin into the folder of an image."""
    _merge(folder, "hex", HEX)
    _merge(folder, "raw", RAW)
