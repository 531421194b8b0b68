"""Somebody at a terminal: keys in, screen out, in a pseudo-terminal."""

import os
import pty
import signal
import subprocess
import sys
import threading

import pyte

from pins import ROOT

_LIMIT_S = 200.0  # of a busy machine
_COLUMNS, _LINES = 100, 40


class Terminal(pyte.Screen):
    """A terminal of 100 x 40 characters, which answers questions as terminals do: at once."""

    def __init__(self, master):
        super().__init__(_COLUMNS, _LINES)
        self._master = master
        self.asked = 0  # how often it was asked something

    def write_process_input(self, data):
        os.write(self._master, data.encode())
        self.asked += 1


class Person:
    """Somebody in front of a program, whom `close` lets go."""

    def __init__(self, folder, *command):
        self.master, slave = pty.openpty()
        self.screen = Terminal(self.master)
        self._news = threading.Condition()
        environment = {
            **os.environ,
            "TERM": "xterm",
            "COLUMNS": str(_COLUMNS),
            "LINES": str(_LINES),
            "AT_HISTORY": str(folder / "history"),
        }
        self.process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, *command],  # Ctrl-C can be a signal
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        self._eyes = threading.Thread(target=self._look, daemon=True)
        self._eyes.start()

    def _look(self):
        stream = pyte.ByteStream(self.screen)
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # nobody has the other end open any more
                return
            with self._news:
                stream.feed(data)
                self._news.notify_all()

    def type(self, keys):
        os.write(self.master, keys.encode())

    def text(self):
        with self._news:
            return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def waits(self, condition):
        """Wait until what the screen shows is as wanted."""
        with self._news:
            is_so = self._news.wait_for(lambda: condition(self.text()), _LIMIT_S)
        assert is_so, self.text()

    def sees(self, text, times=1):
        """Wait until the screen shows a text, so many times."""
        self.waits(lambda shown: shown.count(text) >= times)

    def sees_not(self, text):
        """Wait until the screen does not show a text."""
        self.waits(lambda shown: text not in shown)

    def leaves(self):
        """Wait for the end of the program; return its exit status."""
        return self.process.wait(_LIMIT_S)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.leaves()
        finally:
            self.process.kill()
            self._eyes.join(_LIMIT_S)
            os.close(self.master)
