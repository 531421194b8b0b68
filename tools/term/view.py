"""How the terminal shows bytes: as lines or in hexadecimal, with times and colours, and in a log.

Nothing that came is left out: bytes that are no text are shown as <1b>.
"""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

_PROMPT = b"\r\n>"
_WIDTH = 16  # bytes in a line of the hex view
_STYLES = {"OK": "green", "SEND OK": "green", "ERROR": "bold red", "FAIL": "bold red"}
_STYLES |= {"busy p...": "yellow", "ready": "cyan"}


class View:
    """Shows what comes from the port on a console; `is_prompt` says that a > came last."""

    def __init__(self, console: Console, *, is_hex: bool = False, has_times: bool = False) -> None:
        self.console = console
        self.is_hex = is_hex
        self.has_times = has_times
        self.is_prompt = False
        self._tail = b""  # of the line that has not ended
        self._recent = b""  # the last bytes, shown or not
        self._log: TextIO | None = None
        self._lock = threading.Lock()

    def log_to(self, path: Path | None) -> None:
        """Write what is sent and received to a file from now on; None: no longer."""
        with self._lock:
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
            self.is_prompt = False
            self._note(">", data)

    def received(self, data: bytes) -> None:
        """Show bytes that came."""
        with self._lock:
            self._note("<", data)
            self._tail += data
            self._recent = (self._recent + data)[-len(_PROMPT) :]
            self.is_prompt = self._recent == _PROMPT
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
        text = readable(line)
        style = "magenta" if text.startswith("+") else _STYLES.get(text, "")
        self._print(Text(text, style=style))

    def _print(self, text: Text) -> None:
        if self.has_times:
            text = Text.assemble((stamp(), "dim"), " ", text)
        self.console.print(text, soft_wrap=True)

    def _note(self, direction: str, data: bytes) -> None:
        if self._log:
            self._log.write(f"{stamp()} {direction} {readable(data, ends=True)}\n")
            self._log.flush()


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
