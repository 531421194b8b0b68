"""tls_passthrough_rx: MB/s from a TLS peer through the module to the host, in passthrough.

Peer: socat between a pty and OPENSSL. The module has the TLS of the chip: Mbed TLS with 1.2.
"""

from __future__ import annotations

from tools.bench import flow
from tools.bench.result import Bench, Result

KEY = "tls_passthrough_rx"


def run(bench: Bench) -> Result:
    """Measure module and peer in turns."""
    with flow.rivals(bench, secure=True) as (module, ours, pty, theirs):
        flow.enter_passthrough(module)
        with flow.raw_port(module) as port:
            return flow.compare(
                lambda n: flow.push(ours.sendall, n, flow.port_reader(port)),
                lambda n: flow.push(theirs.sendall, n, flow.port_reader(pty)),
            )
