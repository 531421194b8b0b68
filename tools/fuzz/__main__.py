"""`python -m tools.fuzz`: fuzz a simulated module (built with sanitizers) for a while.

The exit status is 0 if nothing was found, 1 otherwise; then the input is under build/fuzz/ and
`--replay FILE` sends it again. FUZZ_SECONDS sets how long (default 60).
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tools.build import interrupt
from tools.catalogue.declarations import ROOT, all_commands
from tools.fuzz.burst import Burst, load
from tools.fuzz.bursts import Bursts
from tools.fuzz.drive import Driver, FuzzFailure
from tools.fuzz.peers import Peers
from tools.fuzz.phases import World
from tools.host.atclient import Module
from tools.host.simprocess import Simulator

_FOLDER = ROOT / "build" / "fuzz"
_SAY_S = 10.0  # between progress lines when the output is not a terminal


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzzer and return its exit status."""
    options = _options(arguments)
    console = Console()
    console.print(f"fuzzing for {options.seconds} s, seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        more = ("--heap", options.heap) if options.heap else ()
        more += ("--slow",) if options.slow else ()
        simulator = Simulator(folder, bits=options.bits, sanitize=not options.plain, options=more)
        with simulator.start(erase=True), simulator.module() as module, Peers(simulator) as peers:
            driver = Driver(simulator, module, peers)
            bursts = _bursts(options, module, peers)
            failures = _run(console, driver, bursts, options)
            if failures:
                (_FOLDER / f"failure-{options.seed}.log").write_text(simulator.log_text())
    console.print(
        f"{failures} failures: {driver.bursts} bursts, {driver.sent_bytes} bytes, "
        f"{driver.restarts} asked-for restarts"
    )
    spent = ", ".join(f"{kind} {s:.0f}" for kind, s in driver.seconds.most_common())
    console.print(f"seconds: {spent}", highlight=False)
    console.print("heard: " + ", ".join(f"{n} {what}" for what, n in driver.heard.most_common(30)))
    return int(failures > 0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    default = float(os.environ.get("FUZZ_SECONDS") or 60)
    parser.add_argument("--seconds", type=float, default=default)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--bits", type=int, choices=(32, 64), default=64)
    parser.add_argument("--heap", help="GC heap, for example 56k, to run out of it more often")
    parser.add_argument("--slow", action="store_true", help="flash takes its time")
    parser.add_argument("--plain", action="store_true", help="the build without sanitizers")
    parser.add_argument("--first", type=int, default=0, help="number of the first burst")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at a failure")
    parser.add_argument("--replay", type=Path, help="bursts saved by a failing run")
    return parser.parse_args(arguments)


def _bursts(options: argparse.Namespace, module: Module, peers: Peers) -> Iterable[Burst]:
    if options.replay:
        return load(options.replay)
    module.echo_off()
    partitions = re.findall(r'SYSFLASH:"(\w+)"', "\n".join(module.ok("AT+SYSFLASH?")))
    words = (*partitions, "fuzz", "TCP", "UDP", "SSL", "127.0.0.1", "peer.test", "espressif")
    world = World(words, ports=frozenset(peers.ports))
    return _endless(Bursts(options.seed, all_commands(), world), options.first)


def _endless(maker: Bursts, number: int) -> Iterator[Burst]:
    while True:
        yield maker.make(number)
        number += 1


def _run(
    console: Console, driver: Driver, bursts: Iterable[Burst], options: argparse.Namespace
) -> int:
    """Send bursts until the time is over or one fails; return how many failed."""
    start = said = time.monotonic()
    failures = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("fuzzing", total=options.seconds)
        for burst in bursts:
            now = time.monotonic()
            if now - start >= options.seconds or (failures and not options.keep_going):
                break
            text = f"{driver.bursts} bursts, {driver.restarts} restarts"
            progress.update(task, completed=now - start, description=text)
            if not console.is_terminal and now - said >= _SAY_S:
                said = now
                console.print(f"{now - start:6.0f} s: {text}", highlight=False)
            try:
                driver.run(burst)
            except FuzzFailure as failure:
                failures += 1
                path = driver.save(_FOLDER, options.seed)
                console.print(f"FAILED: {failure}", style="red", highlight=False, markup=False)
                console.print(f"input: {path}\nagain: python -m tools.fuzz --replay {path}")
                if not driver.alive():
                    break
    return failures


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
