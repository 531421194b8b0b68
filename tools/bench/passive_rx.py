"""passive_rx: MB/s of payload from a TCP peer to a host that asks with AT+CIPRECVDATA.

Peer: socat between a pty and TCP, without asking.
"""

from __future__ import annotations

import os

from tools.bench import flow
from tools.bench.result import Bench, Result

KEY = "passive_rx"
_ASK = b"AT+CIPRECVDATA=65536\r\n"
_END = b"\r\nOK\r\n"
_ANSWER = b"+CIPRECVDATA:"
_NOTICE = b"\r\n+IPD,"


def run(bench: Bench) -> Result:
    """Measure module and peer in turns."""
    with flow.rivals(bench) as (module, ours, pty, theirs):
        module.ok("AT+CIPRECVTYPE=1")
        with flow.raw_port(module) as port:
            reader = Reader(port, _ASK)
            return flow.compare(
                lambda n: flow.push(ours.sendall, n, reader.read),
                lambda n: flow.push(theirs.sendall, n, flow.port_reader(pty)),
            )


class Reader:
    """A host that asks whenever a notice has come."""

    def __init__(self, port: int, ask: bytes) -> None:
        self._port = port
        self._ask = ask
        self._buffer = bytearray()

    def read(self, count: int) -> bytes:
        """Collect `count` bytes of payload."""
        parts, left = [], count
        while left:
            parts.append(self.ask())
            left -= len(parts[-1])
        return b"".join(parts)

    def ask(self) -> bytes:
        """Wait for a notice, ask, return what the answer holds."""
        self._until(_NOTICE)
        self._until(b"\r\n")
        os.write(self._port, self._ask)
        self._until(_ANSWER)
        size = int(self._until(b","))
        while len(self._buffer) < size:
            self._more()
        part = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._until(_END)
        return part

    def _until(self, mark: bytes) -> bytes:
        """Take everything up to the mark, and the mark; return what stood before it."""
        while (at := self._buffer.find(mark)) < 0:
            self._more()
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return found

    def _more(self) -> None:
        self._buffer += os.read(self._port, 65536)
