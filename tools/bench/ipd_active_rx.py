"""ipd_active_rx: MB/s of payload from a TCP peer to the host as `+IPD` messages.

Peer: socat between a pty and TCP, without heads.
"""

from __future__ import annotations

import os

from tools.bench import flow
from tools.bench.result import Bench, Result

KEY = "ipd_active_rx"
_HEAD = b"\r\n+IPD,"


def run(bench: Bench) -> Result:
    """Measure module and peer in turns."""
    with (
        flow.rivals(bench) as (module, ours, pty, theirs),
        flow.raw_port(module) as port,
    ):
        return flow.compare(
            lambda n: flow.push(ours.sendall, n, lambda count: read_messages(port, count)),
            lambda n: flow.push(theirs.sendall, n, flow.port_reader(pty)),
        )


def read_messages(port: int, count: int) -> bytes:
    """Collect `count` bytes of payload; RuntimeError if something else stands between them."""
    buffer, parts, left = bytearray(), [], count
    while left:
        end = buffer.find(b":")
        if end < 0 or len(buffer) < end + 1 + int(buffer[len(_HEAD) : end]):
            buffer += os.read(port, 65536)
            continue
        if not buffer.startswith(_HEAD):
            raise RuntimeError(f"expected a head, got {bytes(buffer[:40])!r}")
        size = int(buffer[len(_HEAD) : end])
        parts.append(bytes(buffer[end + 1 : end + 1 + size]))
        del buffer[: end + 1 + size]
        left -= size
    return b"".join(parts)
