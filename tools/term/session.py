"""A terminal for the AT port: `tools/terminal.py PORT`.

What you type goes out line by line with CR LF, with history and editing; bytes that came out of
turn stay readable. A line that begins with a colon is for the terminal itself (`:help`). PORT is
a device or any pyserial URL. Without a terminal on stdin each line is sent as it comes.
"""

from __future__ import annotations

import argparse
import contextlib
import readline  # noqa: F401 - gives input() its editing and history
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import serial
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from tools.term.view import View

ENDINGS = {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n", "none": b""}
_CHUNK = 1024
_TICK_S = 0.05
_PROMPT_S = 10.0  # how long the prompt for a file may take
_QUIET_S = 0.3  # what still comes after the last line of a pipe
_RESET_S = 0.1


class TerminalError(Exception):
    """The port cannot be used, or a file not be sent; the text says why."""


class Terminal:
    """A port, what comes from it, and the commands that begin with a colon."""

    def __init__(self, port: serial.Serial, view: View, ending: bytes) -> None:
        self._port = port
        self._view = view
        self._ending = ending
        self._is_over = threading.Event()
        self._prompted = threading.Event()
        self._last = time.monotonic()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.problem = ""

    def __enter__(self) -> Terminal:
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_over.set()
        self._reader.join()
        self._port.close()

    @property
    def is_over(self) -> bool:
        """Tell whether the session has ended, by the user or because the port went away."""
        return self._is_over.is_set()

    def _read(self) -> None:
        try:
            while not self.is_over:
                data = self._port.read(self._port.in_waiting or 1)
                if data:
                    self._last = time.monotonic()
                    self._view.received(data)
                    if self._view.is_prompt:
                        self._prompted.set()
                else:
                    self._view.idle()
        except OSError as error:  # a serial.SerialException is one
            self.lost(error)

    def lost(self, error: OSError) -> None:
        """End the session because the port cannot be used any more."""
        self.problem = f"the port went away: {error}"
        self._is_over.set()

    def settle(self) -> None:
        """Wait until nothing more comes."""
        self._last = time.monotonic()
        while not self.is_over and time.monotonic() - self._last < _QUIET_S:
            time.sleep(_TICK_S)

    def line(self, text: str) -> None:
        """Do what a line says: one for the terminal, or one for the module."""
        if not text.startswith(":"):
            self._send(text.encode() + self._ending)
            return
        name, _, rest = text[1:].partition(" ")
        command = COMMANDS.get(name)
        if command is None:
            raise TerminalError(f"there is no :{name}; :help lists what there is")
        command(self, rest.strip())

    def _send(self, data: bytes) -> None:
        self._prompted.clear()
        self._view.sent(data)
        self._port.write(data)

    # Lines that begin with a colon. Each takes the rest of its line.

    def help(self, _rest: str) -> None:
        """Show the commands of the terminal."""
        width = max(len(name) for name in COMMANDS) + 2
        for name, command in COMMANDS.items():
            print(f":{name:{width}}{(command.__doc__ or '').splitlines()[0]}")

    def hex(self, _rest: str) -> None:
        """Turn the hex view on or off."""
        self._view.is_hex = not self._view.is_hex

    def times(self, _rest: str) -> None:
        """Turn times on or off."""
        self._view.has_times = not self._view.has_times

    def raw(self, rest: str) -> None:
        r"""Send bytes without line end: :raw \x1b[A or :raw +++ (escapes as in Python)."""
        try:
            data = rest.encode("latin-1", "backslashreplace").decode("unicode_escape")
            self._send(data.encode("latin-1"))
        except UnicodeError as error:
            raise TerminalError(f"no such escape: {error}") from error

    def baud(self, rest: str) -> None:
        """Change the rate of this end, after AT+UART_CUR: :baud 921600."""
        try:
            self._port.baudrate = int(rest)
        except (ValueError, OSError) as error:
            raise TerminalError(f"{rest!r} is no rate of this port: {error}") from error

    def send(self, rest: str) -> None:
        """Send a file: :send FILE [COMMAND]; the command goes first, and its > is awaited."""
        name, _, command = rest.partition(" ")
        try:
            data = Path(name).expanduser().read_bytes()
        except OSError as error:
            raise TerminalError(f"cannot read the file: {error}") from error
        if command:
            self._send(command.replace("{size}", str(len(data))).encode() + self._ending)
            if not self._prompted.wait(_PROMPT_S):
                raise TerminalError(
                    f"no prompt (>) came within {_PROMPT_S:.0f} s; nothing was sent"
                )
        self._stream(name, data)

    def _stream(self, name: str, data: bytes) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TransferSpeedColumn())
        console = self._view.console
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
            task = bar.add_task(Path(name).name, total=len(data))
            for start in range(0, len(data), _CHUNK):
                self._port.write(data[start : start + _CHUNK])
                self._port.flush()
                bar.update(task, completed=min(start + _CHUNK, len(data)))
        console.print(f"{len(data)} bytes of {name} sent", style="dim", soft_wrap=True)

    def log(self, rest: str) -> None:
        """Write everything to a file from now on: :log FILE; without a name, no longer."""
        try:
            self._view.log_to(Path(rest).expanduser() if rest else None)
        except OSError as error:
            raise TerminalError(f"cannot write the log: {error}") from error

    def reset(self, _rest: str) -> None:
        """Pulse RTS, which resets most development boards (on UART0)."""
        self._port.dtr = False
        self._port.rts = True
        time.sleep(_RESET_S)
        self._port.rts = False

    def quit(self, _rest: str) -> None:
        """End the session; Ctrl-D does as well."""
        self._is_over.set()


COMMANDS: dict[str, Callable[[Terminal, str], None]] = {
    name: getattr(Terminal, name)
    for name in ("help", "hex", "times", "raw", "baud", "send", "log", "reset", "quit")
}


def open_port(url: str, baud: int, rtscts: bool) -> serial.Serial:
    """Open a device or URL; TerminalError says why it cannot be."""
    try:
        port = serial.serial_for_url(url, do_not_open=True)
        port.baudrate, port.timeout, port.rtscts = baud, _TICK_S, rtscts
        port.dtr = port.rts = False  # a development board must not be held in reset
        port.open()
    except (OSError, ValueError) as error:
        raise TerminalError(f"cannot open {url}: {error}") from error
    return port


def talk(terminal: Terminal) -> None:
    """Pass lines on until there are no more."""
    is_tty = sys.stdin.isatty()
    while not terminal.is_over:
        try:
            text = input() if is_tty else sys.stdin.readline()
        except EOFError:
            return
        if not is_tty and not text:
            terminal.settle()
            return
        try:
            terminal.line(text.rstrip("\r\n"))
        except TerminalError as error:
            print(f"terminal: {error}", file=sys.stderr)
        except OSError as error:  # a serial.SerialException is one
            terminal.lost(error)
        if not is_tty:
            terminal.settle()


def arguments_of(words: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        prog="tools/terminal.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("port", help="serial port of the module, or a pyserial URL")
    parser.add_argument("--baud", type=int, default=115200, help="rate (default: 115200)")
    parser.add_argument("--rtscts", action="store_true", help="hardware flow control")
    parser.add_argument("--enter", choices=sorted(ENDINGS), default="crlf", help="end of a line")
    parser.add_argument("--hex", action="store_true", help="show bytes in hexadecimal")
    parser.add_argument("--times", action="store_true", help="put the time before each line")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write everything to a file")
    parser.add_argument("--reset", action="store_true", help="reset the module by RTS first")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Run a session; 1 if the port cannot be opened or went away."""
    given = arguments_of(words)
    view = View(Console(highlight=False), is_hex=given.hex, has_times=given.times)
    try:
        view.log_to(given.log)
        port = open_port(given.port, given.baud, given.rtscts)
    except (TerminalError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if sys.stdin.isatty():
        print(f"{given.port}, {given.baud} baud. :help lists commands, Ctrl-D quits.")
    with Terminal(port, view, ENDINGS[given.enter]) as terminal:
        if given.reset:
            terminal.line(":reset")
        with contextlib.suppress(KeyboardInterrupt):
            talk(terminal)
    view.close()
    if terminal.problem:
        print(f"error: {terminal.problem}", file=sys.stderr)
        return 1
    return 0
