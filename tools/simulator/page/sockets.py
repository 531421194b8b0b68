"""The sockets of the firmware's process, as the kernel's tables have them."""

from __future__ import annotations

import ipaddress
import os
import struct
from pathlib import Path

_TABLES = ("tcp", "tcp6", "udp", "udp6")
_STATES = {1: "open", 2: "connecting", 4: "closing", 5: "closing", 6: "closing", 7: "unconnected"}
_STATES |= {8: "ended by the peer", 9: "closing", 10: "listening"}
Row = dict[str, str]


def sockets_of(pid: int | None) -> list[Row]:
    """Return kind, local and remote address and state of each socket; [] without a process."""
    inodes = _inodes(pid)
    rows = []
    for table in _TABLES:
        try:
            lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[9] in inodes:
                state = _STATES.get(int(fields[3], 16), fields[3])
                rows.append(
                    {
                        "kind": table[:3].upper(),
                        "local": _address(fields[1]),
                        "remote": _address(fields[2]),
                        "state": state,
                    }
                )
    return rows


def _inodes(pid: int | None) -> set[str]:
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # it has ended meanwhile
        pass
    return found


def _address(text: str) -> str:
    """Turn 0100007F:0050 (words of the machine's order, port) into 127.0.0.1:80."""
    words, port = text.split(":")
    raw = b"".join(
        struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8)
    )
    address = ipaddress.ip_address(raw)
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{int(port, 16)}"
