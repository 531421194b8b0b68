"""instructions_*, allocations_*, collections_*: what commands and data cost, 32-bit build.

Counted by callgrind (counting.py) over the scenes of scenes.py. Peer: the build before, if BEFORE
names it. Counts of one scene serve all its keys.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tools.bench import before, scenes
from tools.bench.counting import LIMIT_S, Counting, Counts, at_rest, counted
from tools.bench.result import Bench, Result
from tools.host.simprocess import ROOT

_WARM_UP = 3
_IDLE_S = 60.0


@functools.cache
def scene_counts(name: str, checkout: Path) -> Counts:
    """Return what all turns of a scene cost in a checkout's firmware."""
    scene = scenes.SCENES[name]

    def work(counting: Counting, host: scenes.Host) -> Counts:
        scene.prepare(host)
        for _ in range(_WARM_UP):
            scene.turn(host)
        return counting.count(lambda: [scene.turn(host) for _ in range(scene.turns)])

    return _with_host(work, checkout)


@functools.cache
def first_counts(checkout: Path) -> list[tuple[int, str]]:
    """Return instructions and command of the first use of each group after a start.

    Not after the first start of all, in which the file system is made.
    """

    def work(counting: Counting, host: scenes.Host) -> list[tuple[int, str]]:
        host.module.echo_off()
        return [
            (counting.count(lambda line=line: host.ask(line)).instructions, line)
            for line in scenes.FIRST
        ]

    return _with_host(work, checkout, lived=True)


def idle_counts(checkout: Path) -> Counts:
    """Return what a minute without commands costs."""
    return _with_host(
        lambda counting, _: counting.count(lambda: time.sleep(_IDLE_S)),
        checkout,
    )


def _with_host(
    work: Callable[[Counting, scenes.Host], Any], checkout: Path, lived: bool = False
) -> Any:
    with (
        tempfile.TemporaryDirectory() as folder,
        counted(Path(folder), checkout, lived) as counting,
        counting.simulator.module(timeout_s=LIMIT_S) as module,
        scenes.host_of(module) as host,
    ):
        at_rest(module)
        return work(counting, host)


def _compared(measure: Callable[[Path], float], unit: str, note: str) -> Result:
    """Measure ours, and the build before if it is there."""
    peer = before.checkout()
    return Result(measure(ROOT), unit, measure(peer) if peer else None, note)


def _per_turn(name: str, what: str) -> Callable[[Bench], Result]:
    scene = scenes.SCENES[name]
    things = scene.turns * scene.per_turn

    def measure(checkout: Path) -> float:
        each = getattr(scene_counts(name, checkout), what) / things
        return round(each) if what == "instructions" else round(each, 1)

    return lambda _: _compared(measure, what, f"mean of {things}")


def _first_use(_: Bench) -> Result:
    *_, second, worst = sorted(first_counts(ROOT))
    note = f"worst of {len(scenes.FIRST)} groups: {worst[1]}; then {second[1]} {second[0]:,}"
    return _compared(lambda checkout: max(first_counts(checkout))[0], "instructions", note)


def _idle(_: Bench) -> Result:
    return _compared(
        lambda checkout: idle_counts(checkout).instructions, "instructions", "after the boot"
    )


def _collections(_: Bench) -> Result:
    return _compared(
        lambda checkout: scene_counts("mixed", checkout).collections,
        "collections",
        "2000 each of AT, AT+GMR, AT+SYSSTORE?, AT+CIPSEND, AT+CIPRECVDATA",
    )


def _benchmark(key: str, run: Callable[[Bench], Result]) -> SimpleNamespace:
    return SimpleNamespace(KEY=key, run=run)


_INSTRUCTIONS = {
    "instructions_per_at": "at",
    "instructions_per_gmr": "gmr",
    "instructions_per_sysstore_query": "sysstore_query",
    "instructions_per_cipsend_64": "cipsend_64",
    "instructions_per_recvdata_64": "recvdata_64",
    "instructions_per_ipd_64": "ipd_64",
    "instructions_per_mqtt_in_64": "mqtt_in_64",
    "instructions_per_mqttpub_64": "mqttpub_64",
    "instructions_per_mqtt_tls_in_64": "mqtt_tls_in_64",
    "instructions_per_mqtt_tls_pub_64": "mqtt_tls_pub_64",
    "instructions_per_mqtt_ws_in_64": "mqtt_ws_in_64",
    "instructions_per_mqtt_ws_pub_64": "mqtt_ws_pub_64",
    "instructions_per_mqtt_cut_in_64": "mqtt_cut_in_64",
    "instructions_per_mqtt_ws_cut_in_64": "mqtt_ws_cut_in_64",
    "instructions_unknown": "unknown",
    "instructions_group_mix": "group_mix",
}
_ALLOCATIONS = {
    "allocations_per_at": "at",
    "allocations_per_cipsend_64": "cipsend_64",
    "allocations_per_recvdata_64": "recvdata_64",
    "allocations_per_mqtt_in_64": "mqtt_in_64",
}
BENCHMARKS = (
    *(_benchmark(key, _per_turn(name, "instructions")) for key, name in _INSTRUCTIONS.items()),
    _benchmark("instructions_first_use", _first_use),
    _benchmark("instructions_idle_minute", _idle),
    *(_benchmark(key, _per_turn(name, "allocations")) for key, name in _ALLOCATIONS.items()),
    _benchmark("collections_10000", _collections),
)
