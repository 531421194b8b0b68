"""cipsend_tx: MB/s from the host to a TCP peer in blocks of 8192 bytes, each by AT+CIPSEND.

Peer: socat between a pty and TCP, without commands.
"""

from __future__ import annotations

import os

from tools.bench import flow
from tools.bench.result import Bench, Result

KEY = "cipsend_tx"
_BLOCK = 8192
_PROMPT = b"\r\nOK\r\n\r\n>"
_SENT = b"\r\nRecv %d bytes\r\n\r\nSEND OK\r\n"


def run(bench: Bench) -> Result:
    """Measure module and peer in turns."""
    with (
        flow.rivals(bench) as (module, ours, pty, theirs),
        flow.raw_port(module) as port,
    ):

        def write(block: memoryview) -> None:
            for start in range(0, len(block), _BLOCK):
                send(port, block[start : start + _BLOCK])

        return flow.compare(
            lambda n: flow.push(write, n, flow.collector(ours.recv)),
            lambda n: flow.push(flow.port_writer(pty), n, flow.collector(theirs.recv)),
        )


def send(port: int, block: memoryview) -> None:
    """Send one block as a host does: command, prompt, data, SEND OK."""
    os.write(port, b"AT+CIPSEND=%d\r\n" % len(block))
    expect(port, _PROMPT)
    flow.port_writer(port)(block)
    expect(port, _SENT % len(block))


def expect(port: int, answer: bytes) -> None:
    """Read exactly this."""
    got = b""
    while len(got) < len(answer):
        got += os.read(port, len(answer) - len(got))
    if got != answer:
        raise RuntimeError(f"expected {answer!r}, got {got!r}")
