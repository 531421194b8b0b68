"""The build before, as the peer of ours: BEFORE=PATH names another checkout of this project.

Its tracked files are copied to build/before and built there, so that the checkout itself stays as
it is. Ours and the copy are compiled alike: 32 bit, not as position-independent executables.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.host.simprocess import ROOT

_COPY = ROOT / "build" / "before"
_SHARED = ("deps", "venv")  # of build/: the same downloads serve both
_FLAGS = {"CFLAGS_EXTRA": "-fno-pie", "LDFLAGS_EXTRA": "-no-pie"}  # older checkouts have none


@functools.cache
def checkout() -> Path | None:
    """Return the copy, built and up to date; None if no checkout is named."""
    named = os.environ.get("BEFORE")
    if not named:
        return None
    source = Path(named).resolve()
    if not (source / "tools" / "atsim").exists():
        raise RuntimeError(f"BEFORE={named} is no checkout of this project")
    _copy(source)
    build = _COPY / "tools" / "build" / "firmware.py"
    done = subprocess.run(
        [sys.executable, str(build), "--bits", "32"],
        env={**os.environ, **_FLAGS},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the build before does not build: {done.stderr[-2000:]}")
    return _COPY


def _copy(source: Path) -> None:
    """Bring the copy in step with the checkout; files that are the same keep their times."""
    listed = subprocess.run(
        ["git", "-C", str(source), "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    names = {name for name in listed.stdout.split("\0") if name and (source / name).is_file()}
    for name in names:
        theirs, ours = source / name, _COPY / name
        if not ours.exists() or ours.read_bytes() != theirs.read_bytes():
            ours.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(theirs, ours)
    for path in sorted(_COPY.rglob("*")):
        name = path.relative_to(_COPY)
        is_made = name.parts[0] == "build" or "__pycache__" in name.parts
        if path.is_file() and not is_made and str(name) not in names:
            path.unlink()
    for name in _SHARED:
        link = _COPY / "build" / name
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            link.symlink_to(ROOT / "build" / name)
