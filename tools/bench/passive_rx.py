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
            reader = _Reader(port)
            return flow.compare(
                lambda n: flow.push(ours.sendall, n, reader.read),
                lambda n: flow.push(theirs.sendall, n, flow.port_reader(pty)),
            )


class _Reader:
    """A host that asks whenever a notice has come."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._buffer = bytearray()

    def read(self, count: int) -> bytes:
        """Collect `count` bytes of payload."""
        parts, left = [], count
        while left:
            self._until(_NOTICE)
            self._until(b"\r\n")
            os.write(self._port, _ASK)
            self._until(_ANSWER)
            size = int(self._until(b","))
            while len(self._buffer) < size:
                self._more()
            parts.append(bytes(self._buffer[:size]))
            del self._buffer[:size]
            self._until(_END)
            left -= size
        return b"".join(parts)

    def _until(self, mark: bytes) -> bytes:
        """Take everything up to the mark, and the mark; return what stood before it."""
        while (at := self._buffer.find(mark)) < 0:
            self._more()
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return found

    def _more(self) -> None:
        self._buffer += os.read(self._port, 65536)
