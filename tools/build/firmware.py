#!/usr/bin/env python3
"""Build the firmware for this PC: MicroPython's unix port as board/SIM describes it.

    tools/build/firmware.py [--bits 64|32] [--sanitize]

prints the path of the executable; nothing changed since the last build costs a few milliseconds.
Sources are fetched by fetch.py; several processes may call this at once.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import interrupt

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
# Folders and files: all that goes into the firmware, and what makes C of it.
INPUTS = (
    "firmware",
    "board",  # of the other boards the names that their C uses
    "tools/simulator/chip",
    "tools/simulator/simchip",
    "tools/build",
    "tools/catalogue/declarations.py",
    "tools/catalogue/words.py",
    "tests_host/firmware/romother.py",
    "tests_host/firmware/romsamples.py",
)
USER_MODULES = ("firmware/atlink", "firmware/atrom", "tools/simulator/simchip")
SUFFIXES = (".c", ".h", ".py", ".mk", ".toml", ".html", ".css", ".js")
# MicroPython itself calls memcpy() with NULL and a length of 0: the one check that is off.
SANITIZE = (
    "-fsanitize=address,undefined -fno-sanitize=nonnull-attribute -fno-omit-frame-pointer "
    "--param asan-use-after-return=0"
)


class BuildError(Exception):
    """The firmware does not build; what the compiler said is already on stderr."""


def flavour(bits: int, sanitize: bool) -> str:
    """Return the name of a build: 64, 32, 64-asan or 32-asan."""
    return f"{bits}-asan" if sanitize else str(bits)


def inputs() -> list[str]:
    """Return the paths of all files that go into the firmware."""
    paths = [str(ROOT / name) for name in INPUTS]
    for folder in paths[:]:
        for top, _, names in os.walk(folder):
            paths += (f"{top}/{name}" for name in names)
    return sorted(path for path in paths if path.endswith(SUFFIXES) and os.path.isfile(path))


def fingerprint() -> str:
    """Return a sum over names, sizes and times of all that goes into the firmware."""
    total = hashlib.sha256(os.environ.get("MICROPY_DIR", "").encode())
    for path in inputs():
        status = os.stat(path)
        total.update(f"{path} {status.st_mtime_ns} {status.st_size}\n".encode())
    return total.hexdigest()


def settings_sum(variables: dict, source_pins: list) -> str:
    """Return a sum over flags, settings and sources, whose changes make does not see."""
    given = (variables, source_pins, os.environ.get("MICROPY_DIR"))
    total = hashlib.sha256(repr(given).encode())
    files = [*ROOT.glob("board/SIM/*.mk"), *ROOT.glob("board/SIM/*.h")]
    files += [path for module in USER_MODULES for path in (ROOT / module).rglob("*.mk")]
    for path in sorted(files):
        total.update(path.read_bytes())
    return total.hexdigest()


def link_user_modules() -> Path:
    """Return a folder with a link to each C module that exists, for MicroPython's make."""
    folder = BUILD / "usermods"
    folder.mkdir(parents=True, exist_ok=True)
    for module in USER_MODULES:
        link = folder / Path(module).name
        if (ROOT / module / "micropython.mk").exists():
            if not link.is_symlink():
                link.symlink_to(ROOT / module)
        else:
            link.unlink(missing_ok=True)
    return folder


class Progress:
    """Says on stderr how many files are compiled: now and then, on a terminal in one line."""

    def __init__(self) -> None:
        self._files = 0
        self._is_live = sys.stderr.isatty()
        self._every_s = 0.2 if self._is_live else 15.0
        self._said = time.monotonic()

    def see(self, line: str) -> None:
        """Take in a line of make's."""
        self._files += line.startswith(("CC ", "MPY "))
        now = time.monotonic()
        if now - self._said >= self._every_s:
            self._said = now
            end = "\r" if self._is_live else "\n"
            print(f"[build] {self._files} files compiled", end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line."""
        if self._is_live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def run_make(folder: Path, variables: dict) -> None:
    """Run make on two cores; on failure show all it printed and raise BuildError."""
    # A compiler cache may write relative paths into dependency files: so it is one for make.
    if "BUILD" in variables:
        # make is in the real folder: links on the way there count for nothing.
        target = os.path.relpath(variables["BUILD"].resolve(), folder.resolve())
        variables = {**variables, "BUILD": target}
    command = [
        "make",
        "-j2",
        "-C",
        str(folder),
        *(f"{key}={value}" for key, value in variables.items()),
    ]
    # MicroPython asks git for its version: not this project's git.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parents[2])}
    for inherited in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"):
        environment.pop(inherited, None)
    said = []
    progress = Progress()
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            progress.see(line)
    progress.end()
    if process.returncode != 0:
        noise = ("CC ", "GEN ", "MPY ", "mkdir ", "QSTR ", "Command ")
        lines = [line for line in said if not line.startswith(noise)]
        raise BuildError("\n".join(lines[-60:]))


def build_mpy_cross(source: Path, parts) -> Path:
    """Return mpy-cross, built once for this source."""
    program = BUILD / "mpy-cross" / "mpy-cross"
    stamp = program.with_name("source")
    name = os.path.relpath(source, ROOT)
    if not program.exists() or not stamp.exists() or stamp.read_text() != name:
        parts.say("compiling mpy-cross")
        shutil.rmtree(program.parent, ignore_errors=True)
        run_make(source / "mpy-cross", {"BUILD": program.parent})
        stamp.write_text(name)
    return program


def make_variables(bits: int, sanitize: bool) -> dict:
    """Return the variables MicroPython's make takes for one flavour."""
    variables = {
        "BUILD": BUILD / "sim" / flavour(bits, sanitize),
        "VARIANT_DIR": ROOT / "board/SIM",
        "FROZEN_MANIFEST": ROOT / "board/SIM/manifest.py",
        "USER_C_MODULES": BUILD / "usermods",
        "MPY_LIB_DIR": BUILD / "deps/micropython-lib",
        "MICROPY_MPYCROSS": BUILD / "mpy-cross/mpy-cross",
        "STRIP": "",
    }
    if bits == 32:
        variables["MICROPY_FORCE_32BIT"] = 1
    if sanitize:
        variables |= {
            "CFLAGS_EXTRA": SANITIZE,
            "COPT": "-O1 -g -fdata-sections -ffunction-sections",
            "LDFLAGS_EXTRA": "-fsanitize=address,undefined -lpthread",
        }
    return variables


def wanted_settings(bits: int, sanitize: bool) -> str:
    """Return what the file `settings` of a flavour holds if make can go on with what is there."""
    import pins

    variables = make_variables(bits, sanitize)
    return settings_sum(variables, [pins.load()[name] for name in ("micropython", "mbedtls")])


def write_application(source: Path) -> None:
    """Write the application as constant C data, for every flavour and the chip (rom/image.py)."""
    import fetch
    import sdist
    import webpage
    from rom import image

    sdist.umqtt()
    sdist.microdot()
    webpage.write()
    image.write(source, build_mpy_cross(source, fetch), run_make, fetch.say)


def compile_flavour(bits: int, sanitize: bool) -> None:
    """Fetch what is missing and compile one flavour; call it with the lock held."""
    import commandtable
    import fetch
    import system

    system.ensure("gcc", "make", *(["m32"] if bits == 32 else []))
    target = BUILD / "sim" / flavour(bits, sanitize)
    source = fetch.micropython()
    fetch.micropython_lib()
    link_user_modules()
    commandtable.write()
    write_application(source)
    settings = target / "settings"
    wanted = wanted_settings(bits, sanitize)
    if not settings.exists() or settings.read_text() != wanted:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        settings.write_text(wanted)
    fetch.say(f"compiling the firmware ({flavour(bits, sanitize)})")
    run_make(source / "ports/unix", make_variables(bits, sanitize))


def build(bits: int = 64, sanitize: bool = False) -> Path:
    """Return the path of the up-to-date executable; BuildError if it does not build."""
    target = BUILD / "sim" / flavour(bits, sanitize)
    program, stamp = target / "micropython", target / "fingerprint"

    def is_current() -> bool:
        return program.exists() and stamp.exists() and stamp.read_text() == fingerprint()

    if not is_current():
        import chores

        with chores.locked():
            if not is_current():
                # Taken before compiling: a file saved meanwhile makes the next call build again.
                inputs = fingerprint()
                compile_flavour(bits, sanitize)
                stamp.write_text(inputs)
    return program


def main() -> None:
    """Build the flavour the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bits", type=int, choices=(64, 32), default=64, help="word size (default: 64)"
    )
    parser.add_argument("--sanitize", action="store_true", help="with ASan and UBSan")
    arguments = parser.parse_args()
    try:
        print(build(arguments.bits, arguments.sanitize))
    except Exception as error:
        if type(error).__name__ not in ("BuildError", "FetchError", "MissingError", "RomError"):
            raise
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    interrupt.quietly()
    main()
