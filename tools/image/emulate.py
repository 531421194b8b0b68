"""Run a built image in Espressif's emulator: `make emulate BOARD=ESP32_C3_MINI_AT`.

The AT port (UART1) is a TCP port of this machine, the log is on the terminal. Ctrl-C ends it.
Written from the emulator's options; README.md says what has been run.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys

import interrupt
from tools.image import ImageError, boards, layout, merge

PROGRAM = "esp-emu"


def command(port: str, ssid: str, more: str) -> list[str]:
    """Return the emulator's command line; ImageError if something is missing."""
    board = boards.current()
    if board is boards.S2:
        raise ImageError(
            f"{PROGRAM} has no ESP32-S2: make emulate BOARD={boards.C3.name}, or board/wokwi"
        )
    program = shutil.which(PROGRAM)
    if program is None:
        raise ImageError(
            f"make emulate needs Espressif's emulator, and there is no {PROGRAM} command; "
            "make sim runs the same firmware without it"
        )
    folder = layout.folder_of("")
    layout.check(folder)
    image = folder / merge.RAW
    if not image.is_file():
        raise ImageError(f"{image} is missing: make firmware BOARD={board.name} comes first")
    words = [program, "--chip", board.chip, "--uart1-tcp", port, "--wifi-ssid", ssid]
    return [*words, *shlex.split(more), str(image)]


def main(arguments: list[str] | None = None) -> int:
    """Become the emulator; 1 if that cannot be."""
    parser = argparse.ArgumentParser(prog="make emulate", description=__doc__)
    parser.add_argument("--uart1", default="127.0.0.1:2323", help="HOST:PORT of the AT port")
    parser.add_argument("--ssid", default="emulated", help="the access point that is emulated")
    parser.add_argument("--more", default="", help="further options of the emulator")
    given = parser.parse_args(arguments)
    try:
        words = command(given.uart1, given.ssid, given.more)
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"[emulate] AT port: socket://{given.uart1}, network {given.ssid}", flush=True)
    os.execv(words[0], words)
    return 0


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
