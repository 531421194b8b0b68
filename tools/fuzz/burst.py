"""A burst: what is sent to a module in one go, with acts of its peers and its world in between.

Owns the form in which bursts are kept on disk. Ports stand as <name> in what is sent, since they
differ from run to run; whoever sends a burst puts the numbers in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Act = dict[str, Any]


@dataclass
class Burst:
    """Bytes and acts, one after the other with a pause of some ms before each."""

    number: int
    kind: str
    chunks: list[tuple[int, bytes | Act]] = field(default_factory=list)

    def add(self, data: bytes, pause_ms: int = 0) -> None:
        """Append bytes."""
        if data:
            self.chunks.append((pause_ms, data))

    def line(self, text: str, pause_ms: int = 0) -> None:
        """Append a command line."""
        self.add(text.encode("latin-1") + b"\r\n", pause_ms)

    def act(self, pause_ms: int = 0, **act: Any) -> None:
        """Append an act: `peer` names one of tools/fuzz/peers.py, `do` one of the simulator.

        `host="answer"` waits until the last line has an answer, for `ms` at most; `host="join"`
        has the module join with `line`, if need be; `host="deaf"` reads nothing for `ms`;
        `host="flips"` changes bits of the partition `part`, chosen by `seed`.
        """
        self.chunks.append((pause_ms, act))

    @property
    def data(self) -> bytes:
        """Return all bytes in a row."""
        return b"".join(data for _, data in self.chunks if isinstance(data, bytes))

    @property
    def acts(self) -> list[Act]:
        """Return all acts."""
        return [act for _, act in self.chunks if not isinstance(act, bytes)]


def save(path: Path, bursts: Iterable[Burst]) -> None:
    """Write bursts as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as out:
        for burst in bursts:
            chunks = [
                [pause, what.hex() if isinstance(what, bytes) else what]
                for pause, what in burst.chunks
            ]
            entry = {"number": burst.number, "kind": burst.kind, "chunks": chunks}
            out.write(json.dumps(entry) + "\n")


def load(path: Path) -> list[Burst]:
    """Read bursts that save() wrote."""
    bursts = []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        chunks = [
            (pause, bytes.fromhex(what) if isinstance(what, str) else what)
            for pause, what in entry["chunks"]
        ]
        bursts.append(Burst(entry["number"], entry["kind"], chunks))
    return bursts
