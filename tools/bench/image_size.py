"""image_size: bytes of the application and of the C modules' code, 32-bit build.

Counted in the object files of the build: text and read-only data of the application (its
bytecode, objects and names) and of atlink and atrom. A build of before the objects were in flash
has the bytecode in frozen_content.o: there it is all but the symbols of the imitated chip. x86
code is not Xtensa code, so this is for comparing one version with another; the chip's image is
sized by `make firmware`. Peer: the build before, if BEFORE names it.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tools.bench import before
from tools.bench.result import Bench, Result
from tools.host.simprocess import ROOT

KEY = "image_size"
_BUILD = Path("build", "sim", "32")
_IMITATED = ROOT / "tools" / "simulator" / "chip"
# symbols of frozen code begin with one of these, then the module's name with _ for / and .
_KINDS = r"(?:fun_data|proto_fun|const_\w*?|children|raw_code|frozen_module|const_table_data)_"


def run(bench: Bench) -> Result:
    """Add up both parts."""
    bench.simulator(bits=32).start(erase=True).stop()  # builds it if it is not there
    frozen, module = parts(ROOT / _BUILD)
    peer = before.checkout()
    theirs = sum(parts(peer / _BUILD)) if peer else None
    return Result(frozen + module, "bytes", theirs, f"application {frozen}, C {module}")


def parts(build: Path) -> tuple[int, int]:
    """Return the bytes of the application and of the C modules in a folder of objects."""
    module = [path for path in build.rglob("*.o") if {"atlink", "atrom"} & set(path.parts)]
    application = build / "objects/application.o"
    if application.exists():
        return code_bytes([application]), code_bytes(module)
    return frozen_bytes(build / "frozen_content.o"), code_bytes(module)


def frozen_bytes(path: Path) -> int:
    """Return text and read-only data, their strings too, but for symbols of imitated modules."""
    names = "|".join(map(re.escape, imitated_names())) or "-"
    imitated = re.compile(rf"{_KINDS}(?:{names})(?:_|$)")
    total = code_bytes([path])
    for line in _run("nm", "-S", str(path)).splitlines():
        fields = line.split()
        if len(fields) == 4 and imitated.match(fields[3]):
            total -= int(fields[1], 16)
    return total


def imitated_names() -> list[str]:
    """Return the modules that stand for the chip, which a real image does not hold."""
    return sorted(path.stem for path in _IMITATED.iterdir() if path.stem != "__pycache__")


def code_bytes(paths: list[Path]) -> int:
    """Return text and read-only data of object files; RuntimeError if there are none."""
    if not paths:
        raise RuntimeError("no object files of atlink in the 32-bit build")
    lines = _run("size", *map(str, paths)).splitlines()[1:]
    return sum(int(line.split()[0]) for line in lines)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
