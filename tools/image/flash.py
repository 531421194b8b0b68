"""Write a built image to a module: `make flash PORT=`, with esptool over UART0.

Settings, user files, the second slot and manufacturing data stay as they are. Manufacturing data
is written only to a module that has none, or with --mfg.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import interrupt
from tools.image import ImageError, layout, merge

PAGE = 4096
BLANK = b"\xff" * PAGE


def run(port: str, baud: int, *words: str | Path) -> None:
    """Run esptool on the module; ImageError if it fails, its words are on the terminal."""
    command = merge.esptool("--port", port, "--baud", str(baud), *words)
    if subprocess.run(command).returncode != 0:
        raise ImageError(
            f"esptool cannot reach the module on {port}: hold GPIO 0 at ground, reset it, and "
            "try again (UART0, not the AT port)"
        )


def has_mfg(port: str, baud: int) -> bool:
    """Read the first page of the manufacturing data; tell whether anything is there."""
    piece = next(piece for piece in layout.pieces() if piece.is_factory)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        run(port, baud, "--after", "no-reset", "read-flash", hex(piece.offset), str(PAGE), page)
        return page.read_bytes() != BLANK


def places(folder: Path, with_mfg: bool) -> list[str]:
    """Return the addresses and files to write, as esptool takes them."""
    return [
        word
        for piece in layout.pieces()
        if with_mfg or not piece.is_factory
        for word in (hex(piece.offset), str(folder / piece.file))
    ]


def command(folder: Path, with_mfg: bool) -> list[str]:
    """Return the arguments of esptool that write the image of a folder."""
    layout.check(folder)
    settings = layout.settings_of(folder)
    flags = [word for name in sorted(settings) for word in (flag(name), settings[name])]
    return ["write-flash", *flags, *places(folder, with_mfg)]


def flag(name: str) -> str:
    """Return esptool's option for a key of flash_settings."""
    return "--" + name.replace("_", "-")


def main(arguments: list[str] | None = None) -> int:
    """Flash what the command line names; 1 if that fails."""
    parser = argparse.ArgumentParser(prog="make flash", description=__doc__)
    parser.add_argument("port", help="serial port of UART0, or a pyserial URL")
    parser.add_argument("--baud", type=int, default=460800, help="rate (default: 460800)")
    parser.add_argument("--variant", default="", help="variant of the image")
    parser.add_argument("--mfg", action="store_true", help="replace the manufacturing data")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    given = parser.parse_args(arguments)
    folder = layout.folder_of(given.variant)
    try:
        if given.dry_run:
            words = command(folder, given.mfg)
            print(" ".join(merge.esptool("--port", given.port, "--baud", str(given.baud), *words)))
            return 0
        layout.check(folder)
        with_mfg = given.mfg or not has_mfg(given.port, given.baud)
        kept = [name for name in layout.kept() if not (with_mfg and name == "mfg_nvs")]
        print(f"[flash] stays as it is: {', '.join(kept)}", flush=True)
        run(given.port, given.baud, *command(folder, with_mfg))
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
