"""What a benchmark returns, and what it may ask for: simulated modules in a folder of its own."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.host.simprocess import Simulator


@dataclass(frozen=True)
class Result:
    """One number; peer is the same thing done by a well-known program in the same run."""

    value: float
    unit: str
    peer: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Return value / peer."""
        return None if not self.peer else self.value / self.peer

    def as_json(self) -> dict[str, Any]:
        """Return the entry of build/bench.json."""
        ratio = None if self.ratio is None else round(self.ratio, 3)
        return {"value": self.value, "unit": self.unit, "peer": self.peer, "ratio": ratio}


class Bench:
    """The place a benchmark runs in; `tell` takes the share of it that is done, 0 to 1."""

    def __init__(self, folder: Path, tell: Callable[[float], None] = lambda _: None) -> None:
        self._folder = folder
        self._count = 0
        self.tell = tell

    def simulator(self, **options: Any) -> Simulator:
        """Prepare a simulated module with blank flash of its own; keywords as for Simulator."""
        self._count += 1
        return Simulator(self._folder / f"module{self._count}", **options)

    def folder(self, name: str) -> Path:
        """Return a new empty folder."""
        path = self._folder / name
        path.mkdir(parents=True)
        return path


def median(values: list[float], digits: int = 2) -> float:
    """Return the rounded median."""
    return round(statistics.median(values), digits)


def machine() -> dict[str, Any]:
    """Describe this PC, so that numbers are only compared with their like."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    cores = sum(
        line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines()
    )
    return {
        "cpu": model,
        "cores": cores,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
