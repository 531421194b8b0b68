"""Where the project's parts lie and which versions it pins.

Reads pins.toml, the one file with versions and sums; the file itself says how to move to a newer
release.
"""

import re
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (before tomllib is not found)
    sys.exit("error: Python 3.11 or newer is needed, this is " + sys.version.split()[0])

import tomllib

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
DEPS = BUILD / "deps"
PINS = Path(__file__).with_name("pins.toml")

if not re.fullmatch(r"[\w./+@~-]+", str(ROOT)):
    sys.exit(
        f"error: the path of this checkout has a character that MicroPython's make cannot "
        f"work with, a space for example; move it: {ROOT}"
    )


def load() -> dict:
    """Return pins.toml as a dictionary."""
    with PINS.open("rb") as file:
        return tomllib.load(file)
