"""What the module waits for: a command, the end of one, or data. Told by the bytes of both ways.

Pure: no I/O, no clock. `wanted` is how many bytes of data are still missing; None while nobody
knows, as in passthrough.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.term import meaning

FINAL = ("OK", "ERROR", "SEND OK", "SEND FAIL", "SEND CANCELLED", "SET OK", "WRITE OK")
BUSY = "busy p..."
READY = "ready"
_PROMPT = (b">", b"> ")
_EXPLAINED = ("REASON:", "ERR CODE:")
RESTARTING = ("AT+RST", "AT+RESTORE", "AT+GSLP", "AT+SYSROLLBACK", "AT+USEROTA")


@dataclass(frozen=True)
class Event:
    """A final result, `busy p...`, `ready`, or the prompt; `line` is the command it belongs to."""

    text: str
    line: str = ""
    is_explained: bool = False  # the module said itself why

    @property
    def is_refusal(self) -> bool:
        """Tell whether a command failed."""
        return self.text in ("ERROR", "SEND FAIL", BUSY)


class Dialogue:
    """Follows a conversation; `in_data` says that the next bytes are payload."""

    def __init__(self) -> None:
        self.line = ""  # the command that was sent last
        self.is_running = False
        self.in_data = False
        self.wanted: int | None = None
        self._tail = b""
        self._is_explained = False

    def sent_line(self, line: str) -> None:
        """Take note of a command line."""
        if not self.is_running:
            self.line = line
            self.is_running = True
            self._is_explained = False

    def gave_up(self) -> None:
        """Take note that nobody waits for the result any more."""
        self.is_running = self.in_data

    def sent_data(self, data: bytes) -> None:
        """Take note of bytes sent while data is awaited."""
        if self.wanted is not None:
            self.wanted = max(0, self.wanted - len(data))
        if self.wanted == 0 or data == b"+++":
            self.in_data = False

    def received(self, data: bytes) -> list[Event]:
        """Return what these bytes say, in their order."""
        *lines, self._tail = (self._tail + data).split(b"\n")
        events = [event for line in lines if (event := self._whole(line.rstrip(b"\r")))]
        if self._tail in _PROMPT and not self.in_data:
            self._tail = b""
            self._begin_data()
            events.append(Event(">", self.line))
        return events

    def _begin_data(self) -> None:
        self.in_data = True
        self.is_running = True  # what ends the data is the command's result
        self.wanted = meaning.payload_length(self.line)
        if self.wanted == 0:
            self.in_data = False

    def _whole(self, line: bytes) -> Event | None:
        text = line.decode("latin-1")
        if text.startswith(_EXPLAINED):
            self._is_explained = True
        if text in FINAL or text == READY:
            event = Event(text, self.line, self._is_explained)
            self.is_running = self.in_data = self._is_explained = False
            return event
        return Event(text, self.line) if text == BUSY else None
