"""Build the chip's image: `make firmware [VARIANT=PSRAM] [DOCKER=1]`.

Needs $IDF_PATH (ESP-IDF 5.4) or Docker; MicroPython from $MICROPY_DIR, else a clone of the pinned
tag. Leaves in build/firmware (build/firmware-psram for the variant) one file for each place in
the flash, flasher_args.json, and two merged images (merge.py).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import commandtable
import fetch
import firmware
import interrupt
import pins
from rom.maker import RomError
from tools.image import ROOT, ImageError, boards, idf, layout, merge, show

BUILD = ROOT / "build"
# Where ESP-IDF's own flasher_args.json names what we call otherwise.
_PARTS = ("bootloader", "partition-table", "otadata", "app")


def micropython() -> Path:
    """Return MicroPython's source: $MICROPY_DIR, or a clone of the pinned tag."""
    given = os.environ.get("MICROPY_DIR")
    if given:
        return idf.check_micropython(Path(given).resolve())
    pin = pins.load()["micropython"]
    target = pins.DEPS / f"micropython-{pin['version']}-esp32"
    if not (target / "ports/esp32/CMakeLists.txt").is_file():
        pins.DEPS.mkdir(parents=True, exist_ok=True)
        fetch.git_clone(pin, target)
    command = ["git", "-C", target, "submodule", "-q", "update", "--init", "--depth", "1"]
    if not all((target / name / "README").is_file() for name in idf.SUBMODULES):
        subprocess.run([*command, *idf.SUBMODULES], stdin=subprocess.DEVNULL)
    return idf.check_micropython(target)


def run(command: list[str], log: Path) -> None:
    """Run ESP-IDF's build; its words go to the terminal and to a file."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    with (
        log.open("w") as file,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            print(line, end="", flush=True)
    if process.returncode != 0:
        raise ImageError(
            f"ESP-IDF's build failed (exit status {process.returncode}); all it said: {log}"
        )


def collect(out: Path, mfg: Path, target: Path) -> dict[str, int]:
    """Copy what ESP-IDF built to the target folder, check it, return the sizes of the pieces."""
    try:
        given = json.loads((out / layout.FLASHER_ARGS).read_text())
        sources = {part: (given[part]["offset"], out / given[part]["file"]) for part in _PARTS}
        settings = dict(given["flash_settings"])
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(
            f"{out / layout.FLASHER_ARGS} is not what ESP-IDF writes: {error!r}"
        ) from error
    scratch = target.with_name(target.name + ".part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for piece in layout.pieces():
        offset, source = sources.get(piece.part, (hex(piece.offset), mfg))
        if int(offset, 0) != piece.offset:
            raise ImageError(f"{piece.part} was built for {offset}, not for {piece.offset:#x}")
        if not source.is_file():
            raise ImageError(f"{source} is missing, though {layout.FLASHER_ARGS} names it")
        shutil.copyfile(source, scratch / piece.file)
    if (out / "micropython.elf").is_file():
        shutil.copyfile(out / "micropython.elf", scratch / "application.elf")
    (scratch / layout.FLASHER_ARGS).write_text(layout.flasher_args(settings))
    sizes = layout.check(scratch)
    merge.both(scratch)
    shutil.rmtree(target, ignore_errors=True)
    scratch.rename(target)
    return sizes


def mfg_table() -> list[Path]:
    """Return the table of the board's manufacturing data and its image; nothing for the usual one.

    Boards differ in the pins of the AT port.
    """
    board = boards.current()
    if board is boards.S2:
        return []
    text = (ROOT / "tools/mfg/mfg_nvs.csv").read_text()
    for key, pin in zip(("tx", "rx", "cts", "rts"), board.pins, strict=True):
        text = re.sub(rf"^(uart_{key}_pin,data,i32,).*$", rf"\g<1>{pin}", text, flags=re.M)
    table = BUILD / f"mfg_nvs{board.suffix}.csv"
    BUILD.mkdir(parents=True, exist_ok=True)
    if not table.exists() or table.read_text() != text:
        table.write_text(text)
    return [table, BUILD / f"mfg_nvs{board.suffix}.bin"]


def build(variant: str, in_docker: bool) -> dict[str, int]:
    """Build one variant and return the sizes of its pieces."""
    pin = pins.load()["idf"]
    tools = idf.docker(pin["docker"]) if in_docker else idf.native(pin["version"])
    with fetch.locked("idf"):
        source = micropython()
        idf.check_pair(source, idf.version(tools.idf) if tools.idf else pin["version"])
        fetch.micropython_lib()
        commandtable.write()
        firmware.write_application(fetch.micropython())
        maker = [sys.executable, ROOT / "tools/mfg/build.py", *mfg_table()]
        mfg = subprocess.run(maker, stdout=subprocess.PIPE, text=True)
        if mfg.returncode != 0:
            raise ImageError("there is no manufacturing data: make mfg failed")
        target = layout.folder_of(variant)
        out = BUILD / f"idf-{target.name}"
        out.mkdir(parents=True, exist_ok=True)
        fetch.say(f"ESP-IDF builds {boards.current().name} {variant}".rstrip())
        words = idf.words(source, out, variant)
        run(tools.command(words, source), BUILD / f"{target.name}.log")
        return collect(out, Path(mfg.stdout.strip()), target)


def main(arguments: list[str] | None = None) -> int:
    """Build what the command line names; 1 if that fails."""
    parser = argparse.ArgumentParser(prog="make firmware", description=__doc__)
    parser.add_argument(
        "--variant", default="", choices=["", *idf.variants()], help="variant of the board"
    )
    parser.add_argument("--docker", action="store_true", help="in Espressif's container")
    given = parser.parse_args(arguments)
    try:
        sizes = build(given.variant, given.docker)
    except (ImageError, RomError, firmware.BuildError, fetch.FetchError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show.sizes(layout.folder_of(given.variant), sizes)
    return 0


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
