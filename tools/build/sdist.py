"""Fetch libraries that are frozen into the firmware, as pinned archives of the Python index.

pip installs no MicroPython library, so `unearth` finds and downloads the archive; fetch.py
checks and unpacks it.
"""

import os
import subprocess
from pathlib import Path

import fetch
import pins
import pyenv


def index_options() -> list[str]:
    """Return unearth's options for the package index that pip is configured to use."""
    command = [pyenv.PYTHON, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    url = os.environ.get("PIP_INDEX_URL") or configured
    return ["--index-url", url] if url else []


def download(package: str, version: str, folder: Path) -> None:
    """Download the source archive into `folder`; FetchError if the index does not give it."""
    unearth = pyenv.ensure("build").with_name("unearth")
    fetch.say(f"downloading {package} {version}")
    command = [
        unearth,
        *index_options(),
        "--no-binary",
        "--download",
        folder,
        f"{package}=={version}",
    ]
    pyenv.run(command, f"cannot download {package} {version}")


def library(name: str, wanted: str) -> Path:
    """Return the unpacked archive that pins.toml calls `name`; `wanted` is a file in it.

    Call it with the build lock held.
    """
    pin = pins.load()[name]
    target = pins.DEPS / name
    done = pins.DEPS / f".{name}-{pin['version']}"
    if done.exists() and (target / wanted).exists():
        return target
    folder = pins.DEPS / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    ((archive, sha256),) = pin["sha256"].items()
    if not (folder / archive).exists():
        download(pin["package"], pin["version"], folder)
    if not (folder / archive).exists():
        raise fetch.FetchError(
            f"the package index gives no file {archive}: see [{name}] in tools/build/pins.toml"
        )
    fetch.check_sum(folder / archive, sha256)
    fetch.unpack(folder / archive, target)
    done.touch()
    return target


def umqtt() -> Path:
    """Return the folder to freeze, umqtt/simple.py inside."""
    return library("umqtt", "umqtt/simple.py")


def microdot() -> Path:
    """Return the folder that has src/microdot/microdot.py, the part to freeze."""
    return library("microdot", "src/microdot/microdot.py")
