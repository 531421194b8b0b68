"""What every step of the build shares: its error, its progress lines, its locks.

Imports next to nothing, because each start of the simulated module asks whether all is built.
"""

import fcntl
import sys
from contextlib import contextmanager

import pins


class FetchError(Exception):
    """A source cannot be had, or is not the pinned one; the text tells the user what to do."""


def say(text: str) -> None:
    """Print a progress line on stderr, so that stdout stays free for results."""
    print(f"[build] {text}", file=sys.stderr, flush=True)


@contextmanager
def locked(name: str = "build"):
    """Hold the lock of that name: several processes may fetch and build at once."""
    pins.BUILD.mkdir(exist_ok=True)
    with (pins.BUILD / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
