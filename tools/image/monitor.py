"""Show the module's log (UART0) with times: `make monitor PORT=`. Ctrl-] quits.

Keys go to the module: the log port has MicroPython's prompt, too. `make flash` leaves a module
running; here it is not reset, unless with --reset.
"""

from __future__ import annotations

import argparse
import sys

import interrupt
from tools.term import session


def main(arguments: list[str] | None = None) -> int:
    """Watch the port the command line names."""
    parser = argparse.ArgumentParser(prog="make monitor", description=__doc__)
    parser.add_argument("port", help="serial port of UART0, or a pyserial URL")
    parser.add_argument("--baud", type=int, default=115200, help="rate (default: 115200)")
    parser.add_argument("--reset", action="store_true", help="reset the module first")
    given = parser.parse_args(arguments)
    words = [given.port, "--baud", str(given.baud), "--times", "--enter", "cr", "--no-results"]
    return session.main(words + (["--reset"] if given.reset else []))


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
