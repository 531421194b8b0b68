"""Somebody at a terminal: keys in, screen out, in a pseudo-terminal."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pyte

from pins import ROOT

_LIMIT_S = 60.0
_COLUMNS, _LINES = 100, 40


class Person:
    """Somebody at a terminal of 100 x 40 characters."""

    def __init__(self, folder, *command):
        self.master, slave = pty.openpty()
        self._screen = pyte.Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self._screen)
        environment = {
            **os.environ,
            "TERM": "xterm",
            "COLUMNS": str(_COLUMNS),
            "LINES": str(_LINES),
            "AT_HISTORY": str(folder / "history"),
        }
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def text(self):
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def sees(self, text, times=1):
        """Wait until the screen shows a text, so many times."""
        until = time.monotonic() + _LIMIT_S
        while self.text().count(text) < times:
            assert time.monotonic() < until, f"no {text!r} on\n{self.text()}"
            self._look()

    def sees_not(self, text):
        """Wait until the screen does not show a text."""
        until = time.monotonic() + _LIMIT_S
        while text in self.text():
            assert time.monotonic() < until, f"{text!r} on\n{self.text()}"
            self._look()

    def _look(self):
        if select.select([self.master], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):  # the other end is gone
                data = os.read(self.master, 65536)
                if b"\x1b[6n" in data:  # where is the cursor?
                    at = self._screen.cursor
                    os.write(self.master, f"\x1b[{at.y + 1};{at.x + 1}R".encode())
                self._stream.feed(data)

    def leaves(self):
        """Wait for the end of the program; return its exit status."""
        until = time.monotonic() + _LIMIT_S
        while self.process.poll() is None and time.monotonic() < until:
            self._look()
        return self.process.wait(1)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.leaves()
        os.close(self.master)
