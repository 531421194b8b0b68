"""static_ram: bytes of .data and .bss of atlink and atchip, compiled for the chip.

The chip's own sources through Debian's Xtensa compiler (tools/build/chipcheck.py), so that what
only the chip or only this PC has is told apart. Peer: the build before, if BEFORE names it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.bench import before
from tools.bench.result import Bench, Result
from tools.host.simprocess import ROOT

KEY = "static_ram"
_COMPILER = "xtensa"
_LARGEST = 6  # symbols that are named


def run(bench: Bench) -> Result:
    """Compile and add up."""
    symbols = symbols_of(bench.folder("ours"), ROOT)
    peer = before.checkout()
    theirs = sum(symbols_of(bench.folder("before"), peer).values()) if peer else None
    largest = sorted(symbols, key=lambda name: -symbols[name])[:_LARGEST]
    note = ", ".join(f"{name} {symbols[name]}" for name in largest)
    return Result(sum(symbols.values()), "bytes", theirs, note)


def symbols_of(folder: Path, checkout: Path) -> dict[str, int]:
    """Return the bytes of each variable, FILE.NAME; FILE.padding is what stands between them.

    RuntimeError if a file does not compile.
    """
    sys.path.insert(0, str(ROOT / "tools/build"))
    import chipcheck
    import fetch
    import system

    system.ensure("xtensa")
    files = [path for path in chipcheck.sources(checkout) if "board" not in path.parts]
    jobs = [(_COMPILER, path) for path in files]
    complaints = chipcheck.compile_into(folder, fetch.micropython(), jobs, checkout)
    if complaints:
        raise RuntimeError("\n".join(complaints))
    sizes: dict[str, int] = {}
    for path in files:
        found = _symbols(chipcheck.object_of(_COMPILER, path, folder))
        for name, size in found.items():
            sizes[f"{path.stem}.{name}"] = size
    return sizes


def _symbols(compiled: Path) -> dict[str, int]:
    named = {}
    for line in _run("xtensa-lx106-elf-nm", "-S", str(compiled)).splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "bBdD":
            named[fields[3]] = int(fields[1], 16)
    _, data, bss, *_ = _run("xtensa-lx106-elf-size", str(compiled)).splitlines()[1].split()
    padding = int(data) + int(bss) - sum(named.values())
    return named | ({"padding": padding} if padding else {})


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
