"""`python -m tools.bench [KEY...]`: run benchmarks, print a table, write build/bench.json.

Without keys all run but the soaks, which take long and are asked for by name. Results of keys
that did not run are kept from the last file, if it was written on the same machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from tools.bench import (
    at_roundtrip,
    boot,
    cipsend_tx,
    costs,
    heap_after_boot,
    heap_peak_suite,
    heap_size,
    image_size,
    instructions_per_byte,
    ipd_active_rx,
    line_rates,
    loop_silence,
    passive_reads_64,
    passive_rx,
    passthrough,
    soak,
    soak_mqtt,
    soak_slow,
    static_ram,
)
from tools.bench.pace import Pace
from tools.bench.result import Bench, Result, machine
from tools.build import interrupt
from tools.catalogue.declarations import ROOT

OUTPUT = ROOT / "build" / "bench.json"
BENCHMARKS: tuple[Any, ...] = (  # modules, or what has their KEY and run()
    at_roundtrip,
    boot,
    passthrough.TX,
    passthrough.RX,
    ipd_active_rx,
    cipsend_tx,
    passive_rx,
    passive_reads_64,
    passthrough.TLS_RX,
    *line_rates.BENCHMARKS,
    *costs.BENCHMARKS,
    instructions_per_byte.TX,
    instructions_per_byte.RX,
    heap_size,
    heap_after_boot,
    heap_peak_suite,
    loop_silence,
    static_ram,
    image_size,
)
_WIDTH = 160  # of the table in a file
ON_REQUEST: tuple[Any, ...] = (soak, soak_mqtt, soak_slow)


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen benchmarks; the exit status is 1 if one could not be measured."""
    known = {module.KEY: module for module in BENCHMARKS + ON_REQUEST}
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("keys", nargs="*", help=f"some of: {', '.join(known)}")
    keys = parser.parse_args(arguments).keys or [module.KEY for module in BENCHMARKS]
    unknown = sorted(set(keys) - set(known))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    results: dict[str, Result] = {}
    failed = []
    with Pace(console, len(keys)) as pace:
        for key in keys:
            pace.begin(key)
            with tempfile.TemporaryDirectory() as folder:
                try:
                    results[key] = known[key].run(Bench(Path(folder), pace.tell))
                except Exception as error:  # noqa: BLE001  (one failure must not hide the others)
                    failed.append(key)
                    console.print(f"{key}: not measured: {error}", highlight=False, markup=False)
    console.print(table(results))
    save(results, OUTPUT)
    return int(bool(failed))


def table(results: dict[str, Result]) -> Table:
    """Show results for people."""
    fixed = (
        Column(name, no_wrap=True) for name in ("benchmark", "value", "unit", "peer", "ratio")
    )
    out = Table(*fixed, "how")
    for key, result in results.items():
        peer = "" if result.peer is None else f"{result.peer:,}"
        ratio = "" if result.ratio is None else f"{result.ratio:.3f}"
        out.add_row(key, f"{result.value:,}", result.unit, peer, ratio, result.note)
    return out


def save(results: dict[str, Result], path: Path) -> None:
    """Write the file, keeping what an earlier run on this machine measured."""
    here = machine()
    kept: dict[str, Any] = {}
    if path.exists():
        old = json.loads(path.read_text())
        kept = old["results"] if old.get("machine") == here else {}
    kept |= {key: result.as_json() for key, result in results.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": here, "results": kept}, indent=1) + "\n")


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
