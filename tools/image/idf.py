"""How ESP-IDF is called: from $IDF_PATH, or in Espressif's container.

Owns finding both, their versions, and the command lines; what is done with the result is
build.py's. Nothing here is needed to test what it says.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.image import ROOT, ImageError, boards

SUBMODULES = ("lib/berkeley-db-1.xx",)
# First and last minor release of MicroPython whose ESP32 port builds with ours and this ESP-IDF.
_PAIRS = {"5.4": (25, 28)}
_DOCKER_PROBE_S = 60


@dataclass(frozen=True)
class Toolchain:
    """Where ESP-IDF is; `idf` None means: in the container `image`."""

    idf: Path | None
    image: str = ""

    def command(self, words: list[str], micropython: Path) -> list[str]:
        """Return what runs `idf.py WORDS`, with the project and MicroPython in reach."""
        if self.idf is None:
            return _docker(self.image, ["idf.py", *words], micropython)
        if shutil.which("idf.py"):
            return ["idf.py", *words]
        script = f". {shlex.quote(str(self.idf / 'export.sh'))} && exec idf.py {shlex.join(words)}"
        return ["bash", "-c", script]


def _docker(image: str, words: list[str], micropython: Path) -> list[str]:
    folders = [ROOT] if micropython.is_relative_to(ROOT) else [ROOT, micropython]
    mounts = [word for folder in folders for word in ("-v", f"{folder}:{folder}")]
    owner = f"{os.getuid()}:{os.getgid()}"
    settings = ["-e", "HOME=/tmp", "-e", "IDF_GIT_SAFE_DIR=*"]
    return [
        "docker",
        "run",
        "--rm",
        "-u",
        owner,
        *settings,
        *mounts,
        "-w",
        str(ROOT),
        image,
        *words,
    ]


def native(wanted: str) -> Toolchain:
    """Return ESP-IDF at $IDF_PATH; ImageError if there is none, or not the wanted release."""
    given = os.environ.get("IDF_PATH")
    if not given:
        raise ImageError(
            f"make firmware needs ESP-IDF {wanted}: set IDF_PATH to it, or let Docker bring it "
            "with make firmware DOCKER=1"
        )
    folder = Path(given).resolve()
    if not (folder / "tools/idf.py").is_file():
        raise ImageError(f"IDF_PATH={given} is no ESP-IDF (no tools/idf.py in it)")
    found = version(folder)
    if found.split(".")[:2] != wanted.split(".")[:2]:
        raise ImageError(f"IDF_PATH={given} is ESP-IDF {found}; the firmware is made for {wanted}")
    return Toolchain(folder)


def version(folder: Path) -> str:
    """Return the version of an ESP-IDF, "unknown" if it does not say."""
    path = folder / "tools/cmake/version.cmake"
    text = path.read_text() if path.is_file() else ""
    found = [
        re.search(rf"set\(IDF_VERSION_{part} (\d+)\)", text)
        for part in ("MAJOR", "MINOR", "PATCH")
    ]
    return ".".join(match[1] for match in found if match) if all(found) else "unknown"


def docker(image: str) -> Toolchain:
    """Return Espressif's container; ImageError if Docker is not there or does not answer."""
    if shutil.which("docker") is None:
        raise ImageError("make firmware DOCKER=1 needs Docker, and there is no docker command")
    try:
        probe = subprocess.run(
            ["docker", "info"], capture_output=True, text=True, timeout=_DOCKER_PROBE_S
        )
        problem = probe.stderr.strip() if probe.returncode else ""
    except subprocess.TimeoutExpired:
        problem = f"no answer for {_DOCKER_PROBE_S} s"
    if problem:
        raise ImageError(f"Docker does not run: {problem.splitlines()[-1]}")
    return Toolchain(None, image)


def check_micropython(folder: Path) -> Path:
    """Return a MicroPython tree that has what the ESP32 port needs, else ImageError."""
    if not (folder / "ports/esp32/CMakeLists.txt").is_file():
        raise ImageError(f"MICROPY_DIR={folder} is no MicroPython source tree (no ports/esp32)")
    missing = [name for name in SUBMODULES if not (folder / name / "README").is_file()]
    if missing:
        raise ImageError(
            f"MicroPython lacks {', '.join(missing)}: "
            f"git -C {folder} submodule update --init {' '.join(missing)}"
        )
    return folder


def check_pair(micropython: Path, idf: str) -> None:
    """Raise ImageError if that MicroPython does not go with that release of ESP-IDF.

    docs/porting.md has the table, and why.
    """
    header = micropython / "py/mpconfig.h"
    text = header.read_text() if header.is_file() else ""
    found = dict(re.findall(r"#define MICROPY_VERSION_(MAJOR|MINOR|MICRO) (\d+)", text))
    if len(found) != 3:
        raise ImageError(f"{micropython} does not say which release of MicroPython it is")
    release = ".".join(found.values())
    first, last = _PAIRS[".".join(idf.split(".")[:2])]
    if found["MAJOR"] != "1" or not first <= int(found["MINOR"]) <= last:
        raise ImageError(
            f"MicroPython {release} and ESP-IDF {idf} do not go together: with this ESP-IDF "
            f"it takes MicroPython 1.{first} to 1.{last}"
        )


def words(micropython: Path, out: Path, variant: str) -> list[str]:
    """Return the arguments of idf.py that build our board."""
    board = boards.current()
    given = {
        "MICROPY_BOARD": board.name,
        "MICROPY_BOARD_DIR": board.folder,
        "USER_C_MODULES": board.folder / "usermods.cmake",
        "MICROPY_LIB_DIR": ROOT / "build/deps/micropython-lib",
    }
    if variant:
        given["MICROPY_BOARD_VARIANT"] = variant
    settings = [word for name, value in given.items() for word in ("-D", f"{name}={value}")]
    return ["-C", str(micropython / "ports/esp32"), "-B", str(out), *settings, "build"]


def variants() -> list[str]:
    """Return the variants the board has."""
    return sorted(
        path.stem.removeprefix("mpconfigvariant_")
        for path in boards.current().folder.glob("mpconfigvariant_*.cmake")
    )
