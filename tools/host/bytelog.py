"""The log of a serial port: every byte, with its time and direction."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tools.host import privacy


class ByteLog:
    """Keep every byte with its time and direction; the answer to "what did really happen?".

    What it tells is without the secrets, ways of writing them in bytes.
    """

    def __init__(self, secrets: Sequence[bytes] = ()) -> None:
        self.secrets = secrets
        self._start = time.monotonic()
        self._entries: list[tuple[float, str, bytearray]] = []

    def add(self, direction: str, data: bytes) -> None:
        """Append bytes; direction is ``>`` (to the module), ``<`` (from it) or ``!`` (a note)."""
        now = time.monotonic() - self._start
        if self._entries and direction != "!":
            stamp, last, chunk = self._entries[-1]
            if last == direction and now - stamp < 0.005:
                chunk.extend(data)
                return
        self._entries.append((now, direction, bytearray(data)))

    def clear(self) -> None:
        """Forget all entries and start the clock anew."""
        self._start = time.monotonic()
        self._entries.clear()

    def entries(self) -> list[tuple[float, str, bytes]]:
        """Return all entries: seconds, direction, bytes."""
        whole = [(stamp, direction, bytes(data)) for stamp, direction, data in self._entries]
        return privacy.hide_pieces(whole, self.secrets) if self.secrets else whole

    def show(self, data: bytes) -> str:
        """Write bytes for people."""
        return privacy.shown(privacy.hide_bytes(data, self.secrets))

    def format(self, last: int = 60, width: int = 400) -> str:
        """Return the last entries as text, one a line: seconds, direction, escaped bytes."""
        lines = []
        entries = self.entries()
        if len(entries) > last:
            lines.append(f"  ... {len(entries) - last} earlier entries")
        for stamp, direction, data in entries[-last:]:
            text = privacy.shown(data[:width])
            more = f" ... {len(data) - width} bytes more" if len(data) > width else ""
            lines.append(f"{stamp:9.3f} {direction} {text}{more}")
        return "\n".join(lines)
