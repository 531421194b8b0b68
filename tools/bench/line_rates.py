"""line_tx_115200, line_rx_115200, line_tx_5000000, line_rx_5000000: kB/s in passthrough.

Here the simulated module's port is as slow as its rate says, with flow control: what the sizes of
the buffers cost is seen here, not on a pty. 32-bit build, as on the chip. Peer: the build before,
if BEFORE names it, in turns of one run.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tools.bench import before, flow
from tools.bench.result import Bench, Result, median
from tools.host.simprocess import ROOT

_SLICES = 3
_SECONDS = 3  # that a slice takes at full speed
_BITS_A_BYTE = 10


@dataclass(frozen=True)
class LineRate:
    """One direction at one rate in baud."""

    way: str
    baud: int

    @property
    def KEY(self) -> str:  # noqa: N802  (the name every benchmark has)
        """Name of the benchmark."""
        return f"line_{self.way}_{self.baud}"

    def run(self, bench: Bench) -> Result:
        """Measure ours and the build before in turns."""
        peer = before.checkout()
        checkouts = [ROOT, *([peer] if peer else [])]
        rates: list[list[float]] = [[] for _ in checkouts]
        full = self.baud / _BITS_A_BYTE / 1e3
        count = round(full * 1e3) * _SECONDS
        with ExitStack() as stack:
            transfers = [self._linked(bench, checkout, stack) for checkout in checkouts]
            for _ in range(_SLICES):
                for transfer, rate in zip(transfers, rates, strict=True):
                    rate.append(count / flow.timed(transfer, count) / 1e3)
        theirs = median(rates[1]) if peer else None
        note = f"{_SLICES} x {count} bytes, the line takes {full:.1f}, SHA-256 equal"
        return Result(median(rates[0]), "kB/s", theirs, note)

    def _linked(self, bench: Bench, checkout: Path, stack: ExitStack) -> flow.Transfer:
        """Return what moves bytes over a link in passthrough at our rate."""
        module = stack.enter_context(
            flow.joined(bench, bits=32, checkout=checkout, options=("--baud-timing",))
        )
        accept = stack.enter_context(flow.listener())
        module.ok(f"AT+UART_CUR={self.baud},8,1,0,3")
        peer = flow.accepted(
            accept, lambda port: module.ok(f'AT+CIPSTART="TCP","127.0.0.1",{port}')
        )
        flow.enter_passthrough(module)
        port = stack.enter_context(flow.raw_port(module))
        if self.way == "rx":
            return lambda n: flow.push(peer.sendall, n, flow.port_reader(port))
        return lambda n: flow.push(flow.port_writer(port), n, flow.collector(peer.recv))


BENCHMARKS = tuple(LineRate(way, baud) for baud in (115200, 5000000) for way in ("tx", "rx"))
