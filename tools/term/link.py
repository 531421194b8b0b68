"""A port, whoever it belongs to: what comes from it is shown, followed, and waited for.

A thread reads. When the port goes away, it is opened again as soon as it is back, if wanted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import serial

from tools.term.dialogue import Dialogue, Event
from tools.term.view import View

_TICK_S = 0.05
_REOPEN_S = 0.5
_GREETING_S = 0.3


class TerminalError(Exception):
    """The port cannot be used, or a line not be done; the text says why."""


class WholePort(serial.Serial):
    """A port whose first bytes are kept: pyserial drops what came before it was opened."""

    def _reset_input_buffer(self) -> None:
        """Called by open() of pyserial 3.5."""


def open_port(url: str, baud: int, rtscts: bool, *, is_whole: bool = False) -> serial.Serial:
    """Open a device or URL; TerminalError says why it cannot be.

    `is_whole` keeps what a device has said already.
    """
    try:
        if is_whole:
            port = WholePort()
            port.port = url
        else:
            port = serial.serial_for_url(url, do_not_open=True)
        port.baudrate, port.timeout, port.rtscts = baud, _TICK_S, rtscts
        port.dtr = port.rts = False  # a development board must not be held in reset
        port.open()
    except (OSError, ValueError) as error:
        raise TerminalError(f"cannot open {url}: {error}") from error
    return port


class Link:
    """An open port; `told` is called with each Event, in the thread that reads."""

    def __init__(
        self,
        port: serial.Serial,
        view: View,
        ending: bytes,
        *,
        reopens: bool = False,
        has_results: bool = True,
    ) -> None:
        self.port = port
        self.view = view
        self.ending = ending
        self.dialogue = Dialogue()
        self.told: Callable[[Event], None] = lambda _: None
        self.problem = ""
        self.is_unheard = False
        self.control: Path | None = None  # the socket of a simulated module's world
        self._reopens = reopens
        self.has_results = has_results  # else a `>` is nobody's wish for data
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._is_over = threading.Event()
        self._last = time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Link:
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()
        self._reader.join()
        self.port.close()

    @property
    def is_over(self) -> bool:
        """Tell whether the session has ended, by the user or because the port went away."""
        return self._is_over.is_set()

    def end(self) -> None:
        """End the session."""
        self._is_over.set()
        with self._news:
            self._news.notify_all()

    # What comes.

    def _read(self) -> None:
        while not self.is_over:
            try:
                data = self.port.read(self.port.in_waiting or 1)
            except (OSError, TypeError) as error:  # TypeError: closed under pyserial's feet
                self.lost(error)
                continue
            if data:
                self._received(data)
            else:
                self.view.idle()

    def _received(self, data: bytes) -> None:
        try:
            self.view.received(data)
        except BrokenPipeError:  # nobody reads what we print
            self.is_unheard = True
            self.end()
        events = self.dialogue.received(data) if self.has_results else []
        for event in events:
            self.told(event)
        with self._news:
            self._last = time.monotonic()
            self._events += events
            self._news.notify_all()

    def lost(self, error: Exception) -> None:
        """Take note that the port cannot be used any more: wait for it, or end the session."""
        if self.is_over:
            return
        self.problem = f"the port went away: {error}"
        if not self._reopens:
            self.end()
            return
        self.view.note(f"{self.problem}; waiting for it to come back (Ctrl-] quits)", "yellow")
        self.port.close()
        while not self._is_over.wait(_REOPEN_S):
            try:
                self.port.open()
            except (OSError, ValueError):
                continue
            self.problem = ""
            self.dialogue.__init__()
            self.view.note("the port is back", "yellow")
            return

    # What goes.

    def send_line(self, text: str) -> None:
        """Send a command line with its line end."""
        self.view.expect_echo(text)
        self.dialogue.sent_line(text)
        self._write(text.encode("utf-8", "surrogateescape") + self.ending)

    def send_data(self, data: bytes) -> None:
        """Send exactly these bytes."""
        self.dialogue.sent_data(data)
        self._write(data)

    def _write(self, data: bytes) -> None:
        self.view.sent(data)
        try:
            self.port.write(data)
        except (OSError, TypeError) as error:
            if not self._reopens:
                self.lost(error)
            raise TerminalError("the port is not there, nothing was sent") from error

    # Waiting, for a session that goes line by line.

    def forget(self) -> None:
        """Forget the events that nobody waited for."""
        with self._news:
            self._events.clear()

    def wait(self, wanted: Callable[[Event], bool], seconds: float | None) -> Event | None:
        """Return the first event that is wanted; None at the end, or after that much silence."""
        with self._news:
            self._last = time.monotonic()
            while True:
                while self._events:
                    event = self._events.pop(0)
                    if wanted(event):
                        return event
                if self.is_over:  # what is wanted may have ended the session
                    return None
                left = None if seconds is None else self._last + seconds - time.monotonic()
                if left is not None and left <= 0:
                    return None
                # In slices: a Ctrl-C that comes as the wait begins is noticed at the end of one.
                self._news.wait(_TICK_S if left is None else min(left, _TICK_S))

    def settle(self, seconds: float = _GREETING_S) -> None:
        """Wait until nothing has come for so long."""
        self.wait(lambda _: False, seconds)
