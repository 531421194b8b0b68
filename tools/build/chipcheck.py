#!/usr/bin/env python3
"""Compile the chip's C code without ESP-IDF: every file for Xtensa, and for 32 bits on this PC.

The declarations in tests_host/chip/idf_decls stand for the headers of ESP-IDF and lwIP, Debian's
Xtensa compiler and C library for those of the chip. Nothing is linked: this proves syntax,
types, argument counts and warnings (-Wall -Wextra -Werror), no more.
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import interrupt

ROOT = Path(__file__).resolve().parents[2]
IDF_DECLS = "tests_host/chip/idf_decls"
DECLARATIONS = ROOT / IDF_DECLS
SOURCES = ("firmware/atlink", "firmware/atchip", "firmware/atrom", "board/ESP32_S2_MINI_AT")
OBJECTS = "build/usermods/objects"  # written by rom/image.py; its names are its own
NOT_ON_THE_CHIP = ("port_unix.c", "port_unix_group.c", "port_unix_route.c", "port_unix_table.c")
COMPILERS = {
    # ESP-IDF's own <time.h> has these clocks as well.
    "xtensa": (
        "xtensa-lx106-elf-gcc",
        "-mlongcalls",
        "-D_POSIX_TIMERS=1",
        *("-D_POSIX_MONOTONIC_CLOCK=1",),
    ),
    "m32": ("gcc", "-m32"),
}
# Mbed TLS takes the options of the simulated chip, which has the chip's.
FLAGS = (
    *("-std=gnu17", "-Os", "-c", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-DFFCONF_H=0"),
    '-DMBEDTLS_CONFIG_FILE="mbedtls_chip.h"',
    *("-DMICROPY_PERSISTENT_CODE_LOAD=1", "-DMICROPY_QSTR_BYTES_IN_HASH=1"),
)
QSTR = re.compile(r"MP_QSTR_(\w*)")
ROOT_POINTER = re.compile(r"MP_REGISTER_ROOT_POINTER\((.*)\);")
FUNCTION = re.compile(r"\bFUNCTION\((\w+)\)")


def sources(root: Path = ROOT) -> list[Path]:
    """Return every C file that the chip's build compiles; root may be another checkout."""
    files = [path for folder in SOURCES for path in sorted((root / folder).rglob("*.c"))]
    files += [path for path in (root / OBJECTS / "application.c",) if path.exists()]
    return [path for path in files if path.name not in NOT_ON_THE_CHIP]


def names_of(files: list[Path]) -> set[str]:
    """Return the qstrs that some files use."""
    texts = [path.read_text() for path in files]
    return {name for text in texts for one in (QSTR, FUNCTION) for name in one.findall(text)}


def write_generated(folder: Path, micropython: Path, root: Path) -> None:
    """Write the headers that MicroPython's build generates, with names but no values."""
    genhdr = folder / "genhdr"
    genhdr.mkdir()
    files = [path for path in sources(root) if path.parent != root / OBJECTS]
    files += (root / OBJECTS).glob("names.c")
    names = names_of([*files, *(micropython / "py").glob("*.h")]) - {""}
    rows = ['QDEF0(MP_QSTRnull, 0, 0, "")', 'QDEF0(MP_QSTR_, 0, 0, "")']
    rows += [f'QDEF1(MP_QSTR_{name}, 0, {len(name)}, "{name}")' for name in sorted(names)]
    (genhdr / "qstrdefs.generated.h").write_text("\n".join(rows) + "\n")
    pointers = [row for path in sources(root) for row in ROOT_POINTER.findall(path.read_text())]
    (genhdr / "root_pointers.h").write_text("".join(f"{row};\n" for row in pointers))
    for name in ("moduledefs.h", "mpversion.h"):
        (genhdr / name).write_text("")


def object_of(compiler: str, path: Path, folder: Path) -> Path:
    """Return where the compiled file goes."""
    return folder / f"{path.parent.name}-{path.stem}-{compiler}.o"


def command(
    compiler: str, path: Path, folder: Path, micropython: Path, root: Path = ROOT
) -> list[str]:
    """Return how one file is compiled."""
    declarations = root / IDF_DECLS
    include = [
        *(declarations, declarations / "micropython", folder, root / "board/SIM"),
        *(root / "firmware/atlink", root / "firmware/atchip", root / "firmware/atrom"),
        root / "build/generated",
    ]
    # Warnings of others are none of ours.
    foreign = [micropython, micropython / "lib/mbedtls/include"]
    output = object_of(compiler, path, folder)
    return [
        *COMPILERS[compiler],
        *FLAGS,
        *(f"-I{place}" for place in include),
        *(f"-isystem{place}" for place in foreign),
        *("-o", str(output), str(path)),
    ]


def compile_into(
    folder: Path, micropython: Path, jobs: list[tuple[str, Path]], root: Path = ROOT
) -> list[str]:
    """Compile files, each with its compiler, into a folder; return what the compilers say."""
    write_generated(folder, micropython, root)

    def run(job: tuple[str, Path]) -> str:
        done = subprocess.run(
            command(*job, folder, micropython, root), capture_output=True, text=True
        )
        return done.stderr if done.returncode else ""

    with ThreadPoolExecutor(2) as pool:
        return [text for text in pool.map(run, jobs) if text]


def compile_all(micropython: Path, files: list[Path]) -> list[str]:
    """Return what the compilers say of the files; nothing if all is well."""
    with tempfile.TemporaryDirectory() as name:
        jobs = [(compiler, path) for compiler in COMPILERS for path in files]
        return compile_into(Path(name), micropython, jobs)


def main() -> None:
    """Compile everything; complain and fail if something does not compile."""
    import commandtable
    import fetch
    import firmware
    import system

    commandtable.write()
    try:
        system.ensure("gcc", "m32", "xtensa")
        with fetch.locked():
            firmware.write_application(fetch.micropython())
        complaints = compile_all(fetch.micropython(), sources())
    except (system.MissingError, fetch.FetchError, firmware.BuildError) as error:
        sys.exit(f"error: {error}")
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    interrupt.quietly()
    main()
