"""passthrough_tx: MB/s from the host through the module to a TCP peer, in passthrough.

Peer: socat between a pty and TCP, the same way.
"""

from __future__ import annotations

from tools.bench import flow
from tools.bench.result import Bench, Result

KEY = "passthrough_tx"


def run(bench: Bench) -> Result:
    """Measure module and peer in turns."""
    with flow.rivals(bench) as (module, ours, pty, theirs):
        flow.enter_passthrough(module)
        with flow.raw_port(module) as port:
            return flow.compare(
                lambda n: flow.push(flow.port_writer(port), n, flow.collector(ours.recv)),
                lambda n: flow.push(flow.port_writer(pty), n, flow.collector(theirs.recv)),
            )
