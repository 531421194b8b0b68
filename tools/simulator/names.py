"""Names that only one running simulator may hold: a state folder, a link, a control socket.

The kernel forgets them when their holder dies, however that happens, and leaves no files behind.
"""

import fcntl
import os
import socket
from pathlib import Path

from tools.simulator.errors import SimulatorError


def hold_folder(folder: Path) -> int:
    """Return a descriptor that keeps the folder ours; SimulatorError if another has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise SimulatorError(
            f"{folder} is in use by another simulated module; give this one a --state of its own"
        ) from None
    return descriptor


def hold_name(kind: str, name: str) -> socket.socket | None:
    """Return a socket that keeps the name ours as long as it is open, None if another has it.

    Addresses are held for all users of this PC, whose loopback interface is one.
    """
    owner = "all" if kind == "address" else os.getuid()
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0atsim-{owner}-{kind}-{name}"[:107])
    except OSError:
        holder.close()
        return None
    return holder


def hold_path(path: Path, option: str) -> socket.socket:
    """Keep a path ours that is made at start and removed at the end."""
    import hashlib

    name = str(path.parent.resolve() / path.name)
    holder = hold_name("path", hashlib.sha256(name.encode()).hexdigest())
    if holder is None:
        raise SimulatorError(
            f"{path} belongs to another simulated module; give this one a {option} of its own"
        )
    return holder
