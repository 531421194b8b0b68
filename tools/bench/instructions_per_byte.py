"""instructions_per_byte_tx, ..._rx: machine instructions for each byte of passthrough, 32 bit.

Counted by callgrind like instructions_per_at: two runs of the firmware's process with different
amounts of data; their difference holds no boot and no commands. Written in blocks of 2920 bytes.
"""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

from tools.atclient import Module
from tools.bench import flow, instructions_per_at
from tools.bench.result import Bench, Result

_BLOCK = 2920
_FEW, _MANY = 40 * _BLOCK, 1040 * _BLOCK
_LIMIT_S = 120.0


def run_tx(bench: Bench) -> Result:
    """Count from the host to the peer."""
    return _run(bench, _send)


def run_rx(bench: Bench) -> Result:
    """Count from the peer to the host."""
    return _run(bench, _receive)


TX = SimpleNamespace(KEY="instructions_per_byte_tx", run=run_tx)
RX = SimpleNamespace(KEY="instructions_per_byte_rx", run=run_rx)


def _run(bench: Bench, move) -> Result:  # type: ignore[no-untyped-def]
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise RuntimeError("valgrind is not installed")
    folder = bench.folder("callgrind")
    wrap = f"{valgrind} -q --tool=callgrind --callgrind-out-file={folder}/out.%p"
    simulator = bench.simulator(bits=32, environment={"ATSIM_WRAP": wrap})
    counts = []
    with (
        simulator.start(erase=True, timeout_s=_LIMIT_S),
        simulator.module(timeout_s=_LIMIT_S) as module,
        flow.listener() as accept,
    ):
        instructions_per_at.restart(module, folder)
        for count in (_FEW, _MANY):
            counts.append(_count(module, folder, accept, count, move))
    few, many = counts
    per_byte = round((many - few) / (_MANY - _FEW), 2)
    return Result(per_byte, "instructions", note=f"{_BLOCK}-byte blocks, {_MANY - _FEW} bytes")


def _count(module: Module, folder: Path, accept, count: int, move) -> int:  # type: ignore[no-untyped-def]
    module.echo_off()
    flow.join(module)
    peer = flow.accepted(accept, lambda port: module.ok(f'AT+CIPSTART="TCP","127.0.0.1",{port}'))
    flow.enter_passthrough(module)
    move(module, peer, count)
    module.quiet(100)
    module.write(b"+++")
    module.quiet(100)
    peer.close()
    return instructions_per_at.restart(module, folder)


def _send(module: Module, peer: socket.socket, count: int) -> None:
    with flow.raw_port(module) as port:
        write = flow.port_writer(port)
        read = flow.collector(peer.recv)
        for _ in range(count // _BLOCK):
            write(memoryview(bytes(_BLOCK)))
            read(_BLOCK)


def _receive(module: Module, peer: socket.socket, count: int) -> None:
    with flow.raw_port(module) as port:
        read = flow.port_reader(port)
        for _ in range(count // _BLOCK):
            peer.sendall(bytes(_BLOCK))
            read(_BLOCK)
