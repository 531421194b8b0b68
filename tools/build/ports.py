#!/usr/bin/env python3
"""Look at a serial port before anything is built or installed: tools/build/ports.py TARGET PORT.

Prints the port to use: the one given, or the only one there is. Otherwise says which there are.
Only the standard library is at hand here. A URL of pyserial is taken as it is.
"""

import argparse
import glob
import os
import pwd
import sys
from pathlib import Path

import interrupt

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("/dev/ttyUSB*", "/dev/ttyACM*", "/dev/cu.usb*")
# What the port of a target is.
USES = {
    "conformance": "the module's AT port (UART1)",
    "flash": "the module's serial port (UART0)",
    "monitor": "the module's log port (UART0)",
}


class PortError(Exception):
    """There is no port to use; the text says which there are, or what to do."""


def found(patterns: tuple[str, ...] = PATTERNS) -> list[str]:
    """Return the serial ports of this machine."""
    return sorted(path for pattern in patterns for path in glob.glob(pattern))


def described(ports: list[str]) -> str:
    """Return a list of ports for people, with what their adapters say of themselves."""
    names = {os.path.realpath(link): link for link in glob.glob("/dev/serial/by-id/*")}
    lines = [f"  {port}  {Path(names.get(port, '')).name}".rstrip() for port in ports]
    return "\n".join(lines) if lines else "  (none: is it plugged in, is the cable one for data?)"


def may_open(port: str) -> bool:
    """Tell whether this user may read and write a port."""
    return os.access(port, os.R_OK | os.W_OK)


def choose(target: str, port: str) -> str:
    """Return the port to use; PortError if there is none, or it may not be opened."""
    ports = found()
    if not port:
        if len(ports) != 1:
            raise PortError(
                f"make {target} needs PORT=, {USES[target]}. Serial ports here:\n"
                + described(ports)
            )
        port = ports[0]
    if "://" in port:
        return port
    if not os.path.exists(port):
        raise PortError(f"there is no port {port}. Serial ports here:\n{described(ports)}")
    if not may_open(port):
        user = pwd.getpwuid(os.getuid()).pw_name
        raise PortError(
            f"{port} may not be opened by {user}: sudo usermod -aG dialout {user}, "
            "log out and in again (the group of the port is shown by ls -l)"
        )
    return port


def check_image(variant: str) -> None:
    """Raise PortError unless there is an image to flash."""
    folder = ROOT / "build" / ("firmware" + (f"-{variant.lower()}" if variant else ""))
    if not (folder / "application.bin").exists():
        how = f" VARIANT={variant}" if variant else ""
        raise PortError(f"there is no image to flash: make firmware{how} builds it")


def main(arguments: list[str] | None = None) -> int:
    """Print the port; 1 with a message if there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=USES)
    parser.add_argument("port")
    parser.add_argument("--variant", default="")
    parser.add_argument("--quiet", action="store_true", help="say only what is wrong")
    given = parser.parse_args(arguments)
    problems, port = [], ""
    try:
        port = choose(given.target, given.port)
    except PortError as error:
        problems.append(error)
    if given.target == "flash":
        try:
            check_image(given.variant)
        except PortError as error:
            problems.append(error)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if problems:
        return 1
    if port != given.port and not given.quiet:
        print(f"[{given.target}] taking the only serial port, {port}", file=sys.stderr)
    print(port)
    return 0


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
