"""A scripted serial peer on a pty: enough of an AT module to test the tools against.

It knows AT, ATE0/ATE1, AT+RST and AT+RESTORE, AT+ECHO=<text> (answers +ECHO:<text>), AT+DATA=<n>
(a data phase, answers +DATA:<payload>), AT+RAW=<text> (OK, then the text without CR LF) and
AT+LATER (a report 50 ms after OK). Everything else is an ERROR.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty


class FakeModule:
    """Serve one pty from a thread until the with block ends."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._echo = True
        self._line = bytearray()
        self._payload = 0
        self._end, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FakeModule:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        os.write(self._stop, b"x")
        self._thread.join()
        for descriptor in (self._master, self._slave, self._end, self._stop):
            os.close(descriptor)

    def say(self, data: bytes) -> None:
        """Send bytes to the host as they are."""
        os.write(self._master, data)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._end], [], [])
            if self._end in ready:
                return
            for byte in os.read(self._master, 4096):
                self._byte(bytes((byte,)))

    def _byte(self, byte: bytes) -> None:
        self._line += byte
        if self._payload:
            if len(self._line) == self._payload:
                self.say(b"+DATA:" + self._line + b"\r\nOK\r\n")
                self._line.clear()
                self._payload = 0
            return
        if self._echo:
            self.say(byte)
        if self._line.endswith(b"\r\n"):
            line = self._line[:-2].decode("latin-1")
            self._line.clear()
            self._command(line)

    def _command(self, line: str) -> None:
        name, _, rest = line.partition("=")
        if line in ("AT", "ATE0", "ATE1", "AT+LATER"):
            self._echo = {"ATE0": False, "ATE1": True}.get(line, self._echo)
            self.say(b"\r\nOK\r\n")
            if line == "AT+LATER":
                time.sleep(0.05)
                self.say(b"REPORT\r\n")
        elif line in ("AT+RST", "AT+RESTORE"):
            self._echo = True
            self.say(b"\r\nOK\r\n\r\nready\r\n")
        elif name == "AT+ECHO":
            self.say(f"+ECHO:{rest}\r\n\r\nOK\r\n".encode())
        elif name == "AT+RAW":
            self.say(f"\r\nOK\r\n{rest}".encode())
        elif name == "AT+DATA":
            self._payload = int(rest)
            self.say(b"\r\nOK\r\n\r\n>")
        else:
            self.say(b"ERR CODE:0x01090000\r\n\r\nERROR\r\n")
