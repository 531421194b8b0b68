"""The command line of tools/atsim."""

import argparse
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_ESPRESSIF = bytes.fromhex("7cdfa1")
_LONGEST_BOOT_MS = 60_000
_LONGEST_PATIENCE_S = 3600
_LEAST_HEAP, _MOST_HEAP = 16 * 1024, 64 * 1024 * 1024
_CHIP_HEAP = {32: "40k", 64: "80k"}  # the same number of words

_EPILOG = """\
The world around the module is changed by tools/world, or through the control socket: one JSON
object a line, {"do": ACT, PARAMETER: VALUE}, each answered with one line. tools/world --help lists
every act and its parameters.
"""


@dataclass(frozen=True)
class Options:
    """What the command line says, with defaults filled in."""

    link: Path
    tcp: tuple[str, int] | None
    state: Path
    world: Path
    bits: int
    heap: str
    baud_timing: bool
    slow: bool
    log: Path | None
    control: Path
    erase: bool
    sanitize: bool
    user: Path | None
    boot_ms: int
    give_up_s: int
    web: tuple[str, int] | None

    @property
    def mac(self) -> bytes:
        """Return the module's MAC address: another one for each state folder, always the same."""
        number = hashlib.sha256(os.fspath(self.state.resolve()).encode()).digest()[:3]
        return _ESPRESSIF + number


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdigit() or int(text) > most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {most}")
        return int(text)

    return number


def _size(text: str) -> str:
    found = re.fullmatch(r"([1-9][0-9]{0,9})([km]?)", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 96k")
    size = int(found[1]) * {"": 1, "k": 1024, "m": 1024 * 1024}[found[2]]
    if not _LEAST_HEAP <= size <= _MOST_HEAP:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 16k and 64m")
    return text.lower()


def _path(text: str) -> Path:
    return Path(os.path.abspath(text))


def _folder(text: str) -> Path:
    if not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return _path(text)


_BUILD = ROOT / "build"
_OPTIONS: dict[str, dict[str, Any]] = {
    "--link": {
        "type": _path,
        "default": _BUILD / "ttyAT",
        "metavar": "PATH",
        "help": "symlink to the pty that stands for UART1 (default: build/ttyAT)",
    },
    "--tcp": {
        "type": _address,
        "metavar": "HOST:PORT",
        "help": "serve UART1 as a raw TCP port as well",
    },
    "--state": {
        "type": _path,
        "default": _BUILD / "flash",
        "metavar": "DIR",
        "help": "folder with the flash content, which survives restarts (default: build/flash)",
    },
    "--world": {
        "type": _path,
        "default": ROOT / "tools/worlds/home.toml",
        "metavar": "FILE",
        "help": "what is around the module (default: tools/worlds/home.toml)",
    },
    "--bits": {
        "type": int,
        "choices": (64, 32),
        "default": 64,
        "help": "word size of the MicroPython build; the chip has 32 (default: 64)",
    },
    "--heap": {
        "type": _size,
        "metavar": "SIZE",
        "help": "GC heap, for example 64k (default: 40k as on the chip, 80k with 64 bits)",
    },
    "--baud-timing": {
        "action": "store_true",
        "help": "pace UART1 at its baud rate, with a finite receiver and RTS/CTS",
    },
    "--slow": {
        "action": "store_true",
        "help": "let flash take the time it takes on a chip; status and log tell how long the "
        "firmware's loop stood still, with the time of a chip's processor",
    },
    "--log": {
        "type": _path,
        "metavar": "FILE",
        "help": "file for UART0, the log; begun anew at each start (default: stderr)",
    },
    "--control": {
        "type": _path,
        "default": _BUILD / "control.sock",
        "metavar": "PATH",
        "help": "Unix socket for control commands (default: build/control.sock)",
    },
    "--erase": {"action": "store_true", "help": "start with blank flash"},
    "--sanitize": {"action": "store_true", "help": "use the build with ASan and UBSan"},
    "--web": {
        "type": _address,
        "metavar": "HOST:PORT",
        "help": "a page for the browser: the module, its world, its log and a terminal; "
        "the log goes to a file then (default: uart0.log in the state folder)",
    },
    "--boot-ms": {
        "type": _up_to(_LONGEST_BOOT_MS),
        "default": 300,
        "metavar": "MS",
        "help": "how long ROM code and boot loader take before the firmware runs (default: 300)",
    },
    "--give-up-s": {
        "type": _up_to(_LONGEST_PATIENCE_S),
        "default": 60,
        "metavar": "S",
        "help": "how long TCP repeats what nobody answers, without an access point (default: 60)",
    },
    "--user": {
        "type": _folder,
        "metavar": "DIR",
        "help": "put the *.py files of DIR into the module's user/ folder, imported at boot",
    },
}


def parse(arguments: list[str] | None = None) -> Options:
    """Return the options; prints a message and exits with status 2 if they are wrong."""
    parser = argparse.ArgumentParser(
        prog="atsim",
        description="Boot the AT module in the foreground on a pty, as if it were a serial port.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, details in _OPTIONS.items():
        parser.add_argument(name, **details)
    values = vars(parser.parse_args(arguments))
    values["heap"] = values["heap"] or _CHIP_HEAP[values["bits"]]
    if values["web"] and not values["log"]:
        values["log"] = values["state"] / "uart0.log"
    return Options(**values)
