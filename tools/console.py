#!/usr/bin/env python3
"""Talk to a simulated module: `make run`. Boots one and attaches to its UART1.

On a terminal: every key goes to the module, Enter as CR LF, Ctrl-] quits. From a pipe: each line
is one AT command; the next is sent when the final result of the last has come. After a `>` the
next lines are data. Ends with 0 at the end of input, with 1 if the firmware died.

Arguments are those of tools/atsim; what the module keeps lies in build/run.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import tty
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ATSIM = ROOT / "tools/atsim"
FOLDER = ROOT / "build/run"
QUIT = b"\x1d"  # Ctrl-]

_FINAL = {b"OK", b"ERROR", b"SEND OK", b"SEND FAIL", b"SEND CANCELLED", b"SET OK", b"WRITE OK"}
_BUSY = b"busy p..."
_READY = b"ready"
_RESTARTING = (b"AT+RST", b"AT+RESTORE", b"AT+GSLP", b"AT+SYSROLLBACK", b"AT+USEROTA")
_PROMPT_S = 0.03  # a prompt follows its OK at once
_DATA_S = 0.3  # silence after which more data may follow
_RESULT_S = 180.0
_READY_S = 30.0
_PR_SET_PDEATHSIG = 1


class Died(Exception):
    """The module or its simulator has ended by itself."""


def _die_with_parent() -> None:
    """Let the kernel end this process when its parent dies without a word."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Module:
    """A simulated module and its UART1."""

    def __init__(self, arguments: list[str]) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._link = FOLDER / "tty"
        self._control = FOLDER / "control.sock"
        self.log = FOLDER / "uart0.log"
        options = {
            "--link": self._link,
            "--state": FOLDER / "flash",
            "--control": self._control,
            "--log": self.log,
        }
        words = [word for pair in options.items() for word in map(str, pair)]
        self._process = subprocess.Popen(
            [sys.executable, ATSIM, *words, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours, the simulator is ended by stop()
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (there are no threads)
        )
        self.uart = -1

    def wait_ready(self) -> None:
        """Wait for the first `ready`; its bytes are still to be read. Died if it fails."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if not line.startswith("UART1 ready: "):
            raise Died(f"the simulator did not start (exit status {self._process.wait()})")
        path = line.removeprefix("UART1 ready: ").rstrip("\n")
        self.uart = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def read(self) -> bytes:
        """Return what has come on UART1; Died if nothing will ever come again."""
        try:
            data = os.read(self.uart, 65536)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            raise Died("the simulator has ended")
        return data

    def write(self, data: bytes) -> None:
        """Send bytes, waiting for room."""
        while data:
            select.select([], [self.uart], [])
            data = data[os.write(self.uart, data) :]

    def crashed(self) -> bool:
        """Tell whether the firmware has crashed since the start."""
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.settimeout(5)
                control.connect(str(self._control))
                control.sendall(b'{"do": "status"}\n')
                return bool(json.loads(control.makefile("rb").readline())["crashes"])
        except (OSError, ValueError):
            return True

    def stop(self) -> None:
        """End the simulator."""
        self._process.terminate()
        self._process.wait()


class Batch:
    """A conversation from a pipe: one command a line."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._lines: deque[bytes] = deque()  # whole lines that nobody has looked at
        self._tail = b""  # the line that has not ended yet
        self._in_data = False
        self._glue = b""  # goes between two lines of data

    def run(self) -> None:
        """Send all lines of stdin; Died if the firmware does."""
        self._wait({_READY}, _READY_S)
        for line in iter(sys.stdin.buffer.readline, b""):
            self._send(line.rstrip(b"\r\n"))
        self._show(_PROMPT_S)

    def _send(self, line: bytes) -> None:
        if not self._in_data:
            self._module.write(line + b"\r\n")
            result = self._wait(_FINAL | {_BUSY}, _RESULT_S)
            name = line.upper().partition(b"=")[0]
            if result == b"OK" and name in _RESTARTING:
                self._wait({_READY}, None)
            elif result == b"OK":
                self._show(_PROMPT_S)
                self._begin_data()
        elif line == b"+++":
            self._module.write(line)
            self._in_data = False
            self._show(1.0)  # the manual wants a second before the next command
        else:
            self._module.write(self._glue + line)
            self._glue = b"\r\n"
            if self._wait(_FINAL | {_BUSY}, _DATA_S) is not None:
                self._in_data = False
                self._show(_PROMPT_S)

    def _begin_data(self) -> None:
        self._in_data = self._tail == b">"
        self._tail = b""
        self._glue = b""

    def _next_line(self, seconds: float | None) -> bytes | None:
        """Print what comes and return the next whole line, None after that much silence."""
        while not self._lines:
            if not select.select([self._module.uart], [], [], seconds)[0]:
                return None
            data = self._module.read()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            *lines, self._tail = (self._tail + data).split(b"\r\n")
            self._lines += lines
        return self._lines.popleft()

    def _show(self, seconds: float) -> None:
        while (line := self._next_line(seconds)) is not None:
            self._check(line)

    def _wait(self, wanted: set[bytes], seconds: float | None) -> bytes | None:
        """Return the first wanted line, None if there is silence for so long."""
        while (line := self._next_line(seconds)) is not None:
            if line in wanted:
                return line
            self._check(line)
        if seconds == _RESULT_S:
            print(f"console: no final result for {_RESULT_S:.0f} s, going on", file=sys.stderr)
        elif seconds == _READY_S:
            raise Died("the module does not say ready")
        return None

    def _check(self, line: bytes) -> None:
        if line == _READY and self._module.crashed():
            raise Died("the firmware crashed")


def talk(module: Module) -> None:
    """Connect terminal and module until Ctrl-]."""
    print("Connected to UART1 of the simulated module. Enter sends CR LF, Ctrl-] quits.")
    sys.stdout.flush()
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        while True:
            readable = select.select([0, module.uart], [], [])[0]
            if module.uart in readable:
                os.write(1, module.read())
            if 0 in readable:
                keys = os.read(0, 4096)
                before_quit, quits, _ = keys.partition(QUIT)
                module.write(before_quit.replace(b"\r", b"\r\n"))
                if quits or not keys:
                    return
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        print()


def main() -> int:
    """Run the program; return its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    module = Module(sys.argv[1:])
    try:
        module.wait_ready()
        if os.isatty(0):
            talk(module)
        else:
            Batch(module).run()
        if module.crashed():
            raise Died("the firmware crashed")
    except Died as error:
        print(f"console: {error}; its log is in {module.log}", file=sys.stderr)
        time.sleep(0.1)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # nobody reads what we print
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    finally:
        module.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
