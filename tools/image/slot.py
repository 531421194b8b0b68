"""The room in the slot by account: what an image was linked to, and what has changed since.

Owns the arithmetic behind the table of docs/porting.md, which `python -m tools.image.slot` writes.
ESP-IDF links; `make firmware` has the last word. Bytes everywhere.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.build import interrupt, partitions
from tools.image.memory import ROOT, Row

PAGE = ROOT / "docs" / "porting.md"
_BEGIN = "<!-- slot: written by make docs -->"
_END = "<!-- end -->"
_COMPILER = "xtensa"

# Linked with ESP-IDF 5.4: the image of 2026-11-21, before objects were in flash. Its parts were
# compiled like those of now.
LINKED = 1_494_256
APPLICATION_THEN = 291_262  # bytecode, names, constants
C_THEN = 51_080  # atlink, atchip and board.c, with -Os
# Measured on that image.
WITHOUT_BTREE = 23_000
COMPILED_ONCE = 24_600  # C that was compiled again for the executable, without -Os
# Counted there: framebuf, uctypes, websocket and the prompt in a browser.
WITHOUT_MODULES = 15_000

# What may not be exceeded, and what has to be left.
APPLICATION = 330_000
C = 80_000
FREE = 60 * 1024


def slot() -> int:
    """Return the bytes of a slot."""
    return next(part.size for part in partitions.load() if part.name == "ota_0")


def account() -> list[Row]:
    """Return the rows that add up to the image."""
    return [
        Row("linked with ESP-IDF 5.4, before objects were in flash", LINKED, "measured"),
        Row("the application, its objects in flash", APPLICATION - APPLICATION_THEN, "at most"),
        Row("the firmware's C", C - C_THEN, "at most; Debian's Xtensa compiler"),
        Row("without `btree`", -WITHOUT_BTREE, "measured"),
        Row("C that was compiled twice, compiled once with `-Os`", -COMPILED_ONCE, "measured"),
        Row(
            "without `framebuf`, `uctypes`, `websocket`, browser prompt",
            -WITHOUT_MODULES,
            "counted",
        ),
    ]


def free(rows: list[Row]) -> int:
    """Return what the account leaves of a slot."""
    return slot() - sum(row.count for row in rows)


def sizes(folder: Path) -> dict[str, int]:
    """Compile for the chip; return the bytes in flash of `application` and `c`.

    RuntimeError if a file does not compile.
    """
    sys.path.insert(0, str(ROOT / "tools/build"))
    import chipcheck
    import fetch
    import system

    system.ensure(_COMPILER)
    files = chipcheck.sources()
    complaints = chipcheck.compile_into(
        folder, fetch.micropython(), [(_COMPILER, path) for path in files]
    )
    if complaints:
        raise RuntimeError("\n".join(complaints))
    found = {"application": 0, "c": 0}
    for path in files:
        compiled = chipcheck.object_of(_COMPILER, path, folder)
        command = ["xtensa-lx106-elf-size", str(compiled)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        text, data, *_ = said.splitlines()[1].split()
        found["application" if path.stem == "application" else "c"] += int(text) + int(data)
    return found


def table() -> str:
    """Return the account as a table of Markdown."""
    rows = account()
    lines = ["| | bytes | |", "|---|---|---|"]
    lines += [f"| {row.item} | {row.count:,} | {row.why} |" for row in rows]
    lines.append(f"| the image | {sum(row.count for row in rows):,} | |")
    lines.append(f"| **free of a slot of {slot():,}** | **{free(rows):,}** | at least {FREE:,} |")
    return "\n".join(lines) + "\n"


def render(text: str) -> str:
    """Return the page with the table of now."""
    start, _, rest = text.partition(_BEGIN)
    _, _, end = rest.partition(_END)
    return f"{start}{_BEGIN}\n\n{table()}\n{_END}{end}"


if __name__ == "__main__":
    interrupt.quietly()
    PAGE.write_text(render(PAGE.read_text()))
