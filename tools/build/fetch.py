"""Fetch the pinned sources into build/deps: once, checked against their sums, then offline.

Owns where MicroPython and Mbed TLS come from: $MICROPY_DIR, else Debian's source packages
(aptsource.py), else a git clone of the pinned tag. Libraries of the Python index are sdist.py's;
compiling is firmware.py's.
"""

import hashlib
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import aptsource
import pins
from chores import FetchError, locked, say


def check_sum(path: Path, sha256: str) -> None:
    """Raise FetchError, and put the file out of the way, unless it has that SHA-256."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        bad = path.with_name(path.name + ".bad")
        path.replace(bad)
        raise FetchError(
            f"{path.name} is not the pinned file\n"
            f"  pinned SHA-256 {sha256}\n  found          {found}\n"
            f"  kept for a look as {bad}; the pin is in tools/build/pins.toml"
        )


def unpack(archive: Path, target: Path) -> None:
    """Unpack an archive so that its one top folder becomes `target`: all of it or nothing."""
    scratch = target.with_name(target.name + ".part")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        with tarfile.open(archive) as tar:
            # Older Pythons have no filters; the names of a pinned archive can be trusted.
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            tar.extractall(scratch, **safely)
        (top,) = scratch.iterdir()
        shutil.rmtree(target, ignore_errors=True)
        top.replace(target)
    except (tarfile.TarError, lzma.LZMAError, EOFError, ValueError, OSError) as error:
        raise FetchError(f"cannot unpack {archive}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def debian_archive(pin: dict, suite: str) -> Path:
    """Return the checked upstream archive of a Debian source package, downloaded if need be."""
    folder = pins.DEPS / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    sums = pin["sha256"]
    if not all((folder / name).exists() for name in sums):
        say(
            f"downloading the Debian source package {pin['debian_source']} {pin['debian_version']}"
        )
        aptsource.download(pin, suite, folder, pins.DEPS / "apt")
    for name, sha256 in sums.items():
        check_sum(folder / name, sha256)
    return next(folder / name for name in sums if ".orig.tar." in name)


def git_clone(pin: dict, target: Path) -> None:
    """Clone the pinned tag: all of it or nothing."""
    say(f"cloning {pin['git']} at {pin['git_tag']}")
    scratch = target.with_name(target.name + ".part")
    shutil.rmtree(scratch, ignore_errors=True)
    command = ["git", "-c", "advice.detachedHead=false", "clone", "-q", "--depth", "1"]
    command += ["--branch", pin["git_tag"], pin["git"], str(scratch)]
    if subprocess.run(command, stdin=subprocess.DEVNULL).returncode != 0:
        shutil.rmtree(scratch, ignore_errors=True)
        raise FetchError(f"cannot clone {pin['git']}")
    shutil.rmtree(target, ignore_errors=True)
    scratch.replace(target)


def get_source(name: str, target: Path) -> None:
    """Put the pinned source of "micropython" or "mbedtls" at `target`, from Debian or git."""
    pin, suite = pins.load()[name], pins.load()["debian"]["suite"]
    try:
        unpack(debian_archive(pin, suite), target)
    except aptsource.AptError as apt_error:
        say(str(apt_error))
        try:
            git_clone(pin, target)
        except FetchError as git_error:
            raise FetchError(
                f"no source of {name} {pin['version']}:\n  {apt_error}\n  {git_error}"
            ) from git_error


def micropython() -> Path:
    """Return MicroPython's source folder, Mbed TLS inside; call it with the lock held."""
    given = os.environ.get("MICROPY_DIR")
    if given:
        return check_given(Path(given).resolve())
    pin = pins.load()
    target = pins.DEPS / f"micropython-{pin['micropython']['version']}"
    mbedtls = target / "lib/mbedtls"
    if not (target / "py/mpconfig.h").exists():
        get_source("micropython", target)
    if not (mbedtls / f".{pin['mbedtls']['version']}").exists():
        get_source("mbedtls", mbedtls)
        (mbedtls / f".{pin['mbedtls']['version']}").touch()
    return target


def check_given(folder: Path) -> Path:
    """Return $MICROPY_DIR if it is a complete MicroPython tree; it is only read, never written."""
    if not (folder / "py/mpconfig.h").exists():
        raise FetchError(
            f"MICROPY_DIR={folder} is no MicroPython source tree (no py/mpconfig.h in it)"
        )
    if not (folder / "lib/mbedtls/library/ssl_tls.c").exists():
        raise FetchError(
            f"{folder}/lib/mbedtls is empty: git -C {folder} submodule update --init lib/mbedtls"
        )
    return folder


def micropython_lib() -> Path:
    """Return the folder that stands for micropython-lib, which MicroPython's make insists on."""
    folder = pins.DEPS / "micropython-lib"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text("Nothing is taken from micropython-lib here.\n")
    return folder


if __name__ == "__main__":
    try:
        with locked():
            print(micropython())
    except FetchError as error:
        sys.exit(f"error: {error}")
