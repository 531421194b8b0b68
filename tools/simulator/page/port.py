"""The AT port for the page's terminal: a host like any other at the pty.

It is opened when something is sent for the first time: what the module says goes to whoever reads
first, so a page that is only looked at takes nothing from a program at the port.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

_KEPT = 65536  # bytes of what came that a page can still get


class Port:
    """The host's end of the line; offsets count all bytes that ever came."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._descriptor = -1
        self._data = bytearray()
        self._end = 0

    def send(self, text: Any) -> None:
        """Write a text to the module. ValueError if it is none, OSError if there is no port."""
        if not isinstance(text, str) or not text:
            raise ValueError("text: what is to be sent is missing")
        with self._lock:
            if self._descriptor < 0:
                self._descriptor = os.open(self._link, os.O_RDWR | os.O_NOCTTY)
                threading.Thread(target=self._read, daemon=True).start()
        data = text.encode()
        while data:
            data = data[os.write(self._descriptor, data) :]

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 4096)
            except OSError:
                data = b""
            if not data:
                return
            with self._lock:
                self._data += data
                self._end += len(data)
                del self._data[:-_KEPT]

    def since(self, start: int) -> dict[str, Any]:
        """Return what came behind an offset, as text, and the offset behind it."""
        with self._lock:
            start = min(max(start, self._end - len(self._data)), self._end)
            data = bytes(self._data[len(self._data) - (self._end - start) :])
            return {
                "at": self._end,
                "text": data.decode(errors="replace"),
                "open": self._descriptor >= 0,
            }

    def close(self) -> None:
        """Let go of the port."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
