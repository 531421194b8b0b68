#!/usr/bin/env python3
"""Make sure that programs of the operating system are there: tools/build/system.py NEED...

Installs what is missing through apt when that can be done without asking (root, or sudo without
a password); otherwise names all of it in one message. A need with a question mark behind it is
left out where there is no apt. Python packages are pyenv.py's.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import interrupt

PACKAGES = {
    "gcc": "gcc libc6-dev",
    "make": "make",
    "m32": "gcc-multilib",
    "venv": "python3-venv",
    "socat": "socat",
    "mtools": "mtools",
    "valgrind": "valgrind",
    "mosquitto": "mosquitto",
    "cmake": "cmake",
    "ip": "iproute2",
    "clang": "clang libclang-rt-dev",
    "chromium": "chromium fonts-dejavu-core",
    "xtensa": "gcc-xtensa-lx106 picolibc-xtensa-lx106-elf",
}

# Browsers that Playwright can drive, by the names under which systems have them.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class MissingError(Exception):
    """Something is missing and cannot be installed from here; the text names it."""


def compiles(*flags: str, compiler: str = "gcc") -> bool:
    """Say whether a compiler can make a program (or with -c an object) with these flags."""
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, *flags, "-x", "c", "-", "-o", f"{folder}/probe"]
        source = '#include <stdio.h>\nint main(void) { return puts(""); }\n'
        return (
            subprocess.run(command, input=source, text=True, capture_output=True).returncode == 0
        )


def browser() -> str | None:
    """Return the path of a browser for the tests; None if there is none."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def has(need: str) -> bool:
    """Say whether this machine has what the need stands for."""
    if need == "chromium":
        return browser() is not None
    if need == "gcc":
        return shutil.which("gcc") is not None and compiles()
    if need == "clang":  # with its sanitizers, among which libFuzzer is
        return shutil.which("clang") is not None and compiles(
            "-fsanitize=address", compiler="clang"
        )
    if need == "m32":
        return shutil.which("gcc") is not None and compiles("-m32")
    if need == "xtensa":
        compiler = "xtensa-lx106-elf-gcc"
        return shutil.which(compiler) is not None and compiles("-c", compiler=compiler)
    if need == "venv":
        return (
            subprocess.run(
                ["python3", "-c", "import ensurepip, venv"], capture_output=True
            ).returncode
            == 0
        )
    return shutil.which(need, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None


def root_prefix() -> list[str] | None:
    """Return what makes a command run as root without a question; None if nothing does."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and subprocess.run(
            [sudo, "-n", "true"], capture_output=True, stdin=subprocess.DEVNULL
        ).returncode
        == 0
    ):
        return [sudo, "-n"]
    return None


def install(packages: list[str]) -> str:
    """Install Debian packages; return why that failed, "" if it did not."""
    prefix = root_prefix()
    if prefix is None:
        is_sudo = shutil.which("sudo") is not None
        return "not root, and sudo asks for a password" if is_sudo else "not root, and no sudo"
    if shutil.which("apt-get") is None:
        return "this machine has no apt-get"
    print(f"[build] installing {' '.join(packages)}", file=sys.stderr, flush=True)
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    add = [*command, "install", "-y", "--no-install-recommends", *packages]
    done = subprocess.run(add, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        subprocess.run([*command, "update"], capture_output=True, stdin=subprocess.DEVNULL)
        done = subprocess.run(add, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else done.stderr.strip() or "apt-get failed"


def by_hand(packages: list[str]) -> str:
    """Return the line with which somebody installs Debian packages who knows a password."""
    line = f"apt-get install {' '.join(packages)}"
    if os.geteuid() == 0:
        return line
    return f"sudo {line}" if shutil.which("sudo") else f'su - -c "{line}"'


def ensure(*needs: str) -> None:
    """Make sure of all needs (keys of PACKAGES); MissingError names what is missing."""
    missing = [need for need in needs if not has(need)]
    if not missing:
        return
    packages = [package for need in missing for package in PACKAGES[need].split()]
    problem = install(packages)
    still = [need for need in missing if not has(need)]
    if still:
        reason = problem or "installed, but still not usable"
        raise MissingError(f"missing: {', '.join(still)} ({reason})\n  {by_hand(packages)}")


def main() -> None:
    """Make sure of the needs on the command line."""
    unknown = [need for need in sys.argv[1:] if need.rstrip("?") not in PACKAGES]
    if unknown or not sys.argv[1:]:
        sys.exit(f"usage: {Path(__file__).name} NEED...   (needs: {', '.join(PACKAGES)})")
    needs = []
    for need in sys.argv[1:]:
        if need.endswith("?") and shutil.which("apt-get") is None and not has(need.rstrip("?")):
            print(f"[build] no apt-get here, so {need.rstrip('?')} is left out", file=sys.stderr)
        else:
            needs.append(need.rstrip("?"))
    try:
        ensure(*needs)
    except MissingError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    interrupt.quietly()
    main()
