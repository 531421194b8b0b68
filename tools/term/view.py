"""How the terminal shows bytes: as they are, as lines or in hexadecimal, with times, and in a log.

Nothing that came is left out, but for the echo of a line that stands there already: bytes that
are no text are shown as <1b>. The log has whole lines, the echo too.
"""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import BinaryIO, TextIO

from rich.console import Console
from rich.text import Text

_WIDTH = 16  # bytes in a line of the hex view
_STYLES = {"OK": "green", "SEND OK": "green", "ERROR": "bold red", "FAIL": "bold red"}
_STYLES |= {"busy p...": "yellow", "ready": "cyan"}


class View:
    """Shows what comes from the port on a console; with `raw`, writes it there as it is."""

    def __init__(
        self,
        console: Console,
        *,
        is_hex: bool = False,
        has_times: bool = False,
        raw: BinaryIO | None = None,
    ) -> None:
        self.console = console
        self.is_hex = is_hex
        self.has_times = has_times
        self._raw = raw
        self._tail = b""  # of the line that has not ended
        self._echo: bytes | None = None
        self._log: TextIO | None = None
        self._unlogged = {"<": b"", ">": b""}  # lines that have not ended
        self._lock = threading.RLock()

    def log_to(self, path: Path | None) -> None:
        """Write what is sent and received to a file from now on; None: no longer."""
        with self._lock:
            self._flush_log()
            if self._log:
                self._log.close()
            self._log = path.open("a", encoding="utf-8") if path else None

    def close(self) -> None:
        """Show what is left and close the log."""
        self.idle()
        self.log_to(None)

    def sent(self, data: bytes) -> None:
        """Take note of bytes on their way to the module."""
        with self._lock:
            self._note(">", data)

    def expect_echo(self, line: str) -> None:
        """Leave the next line out if it repeats this one, which the user sees already."""
        self._echo = line.encode("utf-8", "surrogateescape") if line else None

    def note(self, text: str, style: str = "") -> None:
        """Show a line of the terminal's own."""
        with self._lock:
            self.console.print(text, style=style, soft_wrap=True, markup=False)

    def received(self, data: bytes) -> None:
        """Show bytes that came."""
        with self._lock:
            self._note("<", data)
            if self._raw and not (self.is_hex or self.has_times):
                self._raw.write(data)
                self._raw.flush()
                return
            self._tail += data
            if self.is_hex:
                self._show_hex()
            else:
                *lines, self._tail = self._tail.split(b"\n")
                for line in lines:
                    self._line(line.removesuffix(b"\r"))

    def idle(self) -> None:
        """Show the start of a line that does not go on, such as a prompt."""
        with self._lock:
            if self._tail:
                tail, self._tail = self._tail, b""
                self._show_rest(tail)

    def _show_rest(self, tail: bytes) -> None:
        if self.is_hex:
            self._dump(tail)
        else:
            self._line(tail)

    def _show_hex(self) -> None:
        while len(self._tail) >= _WIDTH:
            self._dump(self._tail[:_WIDTH])
            self._tail = self._tail[_WIDTH:]

    def _dump(self, data: bytes) -> None:
        plain = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
        self._print(Text(f"{data.hex(' '):{_WIDTH * 3}} {plain}"))

    def _line(self, line: bytes) -> None:
        echo, self._echo = self._echo, None
        if echo is not None and line == echo:
            return
        text = readable(line)
        style = "magenta" if text.startswith("+") else _STYLES.get(text, "")
        self._print(Text(text, style=style))

    def _print(self, text: Text) -> None:
        if self.has_times:
            text = Text.assemble((stamp(), "dim"), " ", text)
        self.console.print(text, soft_wrap=True)

    def _note(self, direction: str, data: bytes) -> None:
        if not self._log:
            return
        other = "<" if direction == ">" else ">"
        self._write_log(other)  # half a line stands before what came after it
        self._unlogged[direction] += data
        *lines, rest = self._unlogged[direction].split(b"\n")
        for line in lines:
            self._unlogged[direction] = line + b"\n"
            self._write_log(direction)
        self._unlogged[direction] = rest

    def _write_log(self, direction: str) -> None:
        data, self._unlogged[direction] = self._unlogged[direction], b""
        if self._log and data:
            self._log.write(f"{stamp()} {direction} {readable(data, ends=True)}\n")
            self._log.flush()

    def _flush_log(self) -> None:
        for direction in self._unlogged:
            self._write_log(direction)


def stamp() -> str:
    """Return the time of day with milliseconds."""
    return datetime.datetime.now().strftime("%H:%M:%S.%f")[:-3]


def readable(data: bytes, *, ends: bool = False) -> str:
    r"""Write bytes as text; those that are none as <1b>, with `ends` CR and LF as \r and \n."""
    text = data.decode("utf-8", "surrogateescape")
    out = []
    for char in text:
        code = ord(char)
        if ends and char in "\r\n":
            out.append("\\r" if char == "\r" else "\\n")
        elif 0xDC80 <= code <= 0xDCFF:
            out.append(f"<{code - 0xDC00:02x}>")
        else:
            out.append(char if char == "\t" or (code >= 32 and code != 127) else f"<{code:02x}>")
    return "".join(out)
