"""The chip's image: build it with ESP-IDF, check it, merge it, write it to a module.

`layout` knows what lies where; `idf` how ESP-IDF is called; `build`, `flash` and `monitor` are
the make targets of those names. Errors that people can do something about are ImageError.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/build"))  # its files import each other by bare names


class ImageError(Exception):
    """The image cannot be built, checked or written; the text says what to do."""
