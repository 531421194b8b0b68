"""instructions_per_byte_tx, ..._rx: machine instructions for each byte of passthrough, 32 bit.

Counted by callgrind (counting.py), written in blocks of 2920 bytes. Peer: the build before, if
BEFORE names it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from tools.bench import before, flow, scenes
from tools.bench.counting import LIMIT_S, counted
from tools.bench.result import Bench, Result
from tools.host.simprocess import ROOT

_BLOCK = 2920
_BLOCKS = 1000
Turn = Callable[[scenes.Host], object]


def _send(host: scenes.Host) -> None:
    flow.port_writer(host.port)(memoryview(bytes(_BLOCK)))
    flow.collector(host.peer.recv)(_BLOCK)


def _receive(host: scenes.Host) -> None:
    host.peer.sendall(bytes(_BLOCK))
    flow.port_reader(host.port)(_BLOCK)


def _per_byte(folder: Path, checkout: Path, turn: Turn) -> float:
    with (
        counted(folder, checkout) as counting,
        counting.simulator.module(timeout_s=LIMIT_S) as module,
        scenes.host_of(module) as host,
    ):
        module.echo_off()
        host.link()
        flow.enter_passthrough(module)
        for _ in range(40):
            turn(host)
        counts = counting.count(lambda: [turn(host) for _ in range(_BLOCKS)])
        return round(counts.instructions / (_BLOCKS * _BLOCK), 2)


def _benchmark(way: str, turn: Turn) -> SimpleNamespace:
    def run(bench: Bench) -> Result:
        peer = before.checkout()
        theirs = _per_byte(bench.folder("before"), peer, turn) if peer else None
        note = f"{_BLOCKS} blocks of {_BLOCK} bytes"
        return Result(_per_byte(bench.folder("ours"), ROOT, turn), "instructions", theirs, note)

    return SimpleNamespace(KEY=f"instructions_per_byte_{way}", run=run)


TX, RX = _benchmark("tx", _send), _benchmark("rx", _receive)
