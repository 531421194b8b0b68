#!/usr/bin/env python3
"""Put the pinned Python packages into build/venv: tools/build/pyenv.py GROUP...

Groups are the lists of pins.toml. A group that is already there costs a few milliseconds and no
network. Two have a folder of their own: "stubs" in build/typings, "clients" in build/clients.
"""

import os
import sys
from pathlib import Path

import chores
import interrupt
import pins
from chores import FetchError

VENV = pins.BUILD / "venv"
PYTHON = VENV / "bin/python"
TYPINGS = pins.BUILD / "typings"
CLIENTS = pins.BUILD / "clients"
# Groups that have a folder of their own: types that only pyright reads; client libraries whose
# hardware packages are not wanted, so they come alone.
TARGETS = {"stubs": TYPINGS, "clients": CLIENTS}


def run(command: list, problem: str) -> None:
    """Run a command quietly; FetchError with its last words if it fails."""
    import subprocess  # here and below: a start that installs nothing does without

    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")
    }
    done = subprocess.run(
        [str(word) for word in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise FetchError(f"{problem}:\n{done.stdout.strip()[-2000:]}")


def create() -> None:
    """Make build/venv if there is none, or none that works."""
    if PYTHON.exists() and (VENV / "complete").exists():
        return
    import system

    try:
        system.ensure("venv")
    except system.MissingError as error:
        raise FetchError(str(error)) from error
    chores.say("creating build/venv")
    run([sys.executable, "-m", "venv", "--clear", VENV], "cannot create build/venv")
    (VENV / "complete").touch()


def replaced_modules() -> list[str]:
    """Return the modules the firmware brings itself: their stubs are not the truth."""
    return sorted(path.stem for path in (pins.ROOT / "firmware/lib").glob("*.py"))


def stamp_file(group: str) -> Path:
    """Return the file that says what was installed for the group."""
    return TARGETS.get(group, VENV) / f"group-{group}"


def wanted(group: str, all_pins: dict) -> str:
    """Return what the stamp file of an up-to-date group holds."""
    replaced = replaced_modules() if group == "stubs" else []
    return repr((all_pins["python"][group], all_pins["python-constraints"], replaced))


def is_current(group: str, all_pins: dict) -> bool:
    """Say whether what pins.toml names for the group is installed."""
    stamp = stamp_file(group)
    return (
        stamp.exists()
        and stamp.read_text() == wanted(group, all_pins)
        and (VENV / "complete").exists()
    )


def install(group: str, all_pins: dict) -> None:
    """Install one group."""
    packages = all_pins["python"][group]
    chores.say(f"installing Python packages ({group}): {', '.join(packages)}")
    constraints = VENV / "constraints.txt"
    constraints.write_text(
        "".join(f"{name}=={version}\n" for name, version in all_pins["python-constraints"].items())
    )
    target = []
    if group in TARGETS:
        target = ["--target", TARGETS[group], *(["--no-deps"] if group == "clients" else [])]
        import shutil

        shutil.rmtree(TARGETS[group], ignore_errors=True)  # pip leaves older versions there
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-c",
        constraints,
    ]
    run([*command, *target, *packages], f"cannot install the Python packages of {group}")
    for name in replaced_modules() if group == "stubs" else []:
        for folder in (TYPINGS, TYPINGS / "stdlib"):
            (folder / f"{name}.pyi").unlink(missing_ok=True)


def ensure(*groups: str) -> Path:
    """Return the Python of build/venv with the packages of these groups, or raise FetchError."""
    all_pins = pins.load()
    if all(is_current(group, all_pins) for group in groups):
        return PYTHON
    with chores.locked("pyenv"):
        create()
        for group in groups:
            if not is_current(group, all_pins):
                install(group, all_pins)
                stamp_file(group).write_text(wanted(group, all_pins))
    return PYTHON


def main() -> None:
    """Install the groups on the command line; print the Python to use."""
    known = list(pins.load()["python"])
    unknown = [name for name in sys.argv[1:] if name not in known]
    if unknown or not sys.argv[1:]:
        sys.exit(f"usage: {Path(__file__).name} GROUP...   (groups: {', '.join(known)})")
    try:
        print(ensure(*sys.argv[1:]))
    except FetchError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    interrupt.quietly()
    main()
