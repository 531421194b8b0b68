"""A script that uses the module atlink in the real build, with a host beside."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from tests_host.c.netscript import LIMIT_S, command

PRELUDE = """
import atlink, micropython, sys, time
from atlink import wait, UART_RX, UART_TX, EVENT

def uart(cts=20, rts=19):
    return atlink.UART(1, 17, 21, cts, rts)

def event(port, ms=5000):
    wait(ms, UART_RX)
    return port.poll()

def failing(call, *args):
    try:
        call(*args)
    except Exception as error:
        return type(error).__name__, error.args[0]
    return "no error"
"""


class Device:
    """A script on the device; `host` is the far end of its UART, `chip` that of its events."""

    def __init__(self, flavour: str, folder: Path, kind: int = socket.SOCK_STREAM) -> None:
        self.flavour = flavour
        self.folder = folder
        self.host, self.uart = socket.socketpair(socket.AF_UNIX, kind)
        self.chip, self.events = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.host, self.chip):
            end.settimeout(LIMIT_S)
        self.process: subprocess.Popen[str] | None = None

    def start(self, source: str, *, wired: bool = True) -> Device:
        script = self.folder / "script.py"
        script.write_text(PRELUDE + source)
        fds = self.uart.fileno(), self.events.fileno()
        names = {"ATLINK_UART1_FD": str(fds[0]), "ATLINK_EVENT_FD": str(fds[1])} if wired else {}
        self.process = subprocess.Popen(
            command(self.flavour, script),
            env={**os.environ, **names},
            pass_fds=fds,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def hears(self, expected: bytes) -> bool:
        """Whether the next bytes at the host's end are these."""
        heard = b""
        while len(heard) < len(expected):
            heard += self.host.recv(len(expected) - len(heard))
        return heard == expected

    def printed(self) -> str:
        """Wait for the next line that the script prints."""
        assert self.process and self.process.stdout
        return self.process.stdout.readline().strip()

    def finish(self) -> list[str]:
        """Wait for the end of the script; return what it printed."""
        assert self.process
        out, _ = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, out
        return out.splitlines()

    def close(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        for end in (self.host, self.uart, self.chip, self.events):
            end.close()
