"""Lines that begin with a colon: they are for the terminal itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from serial.tools import list_ports

from tools.term import meaning
from tools.term.link import Link, TerminalError

_CHUNK = 1024
_PROMPT_S = 10.0  # how long the prompt for a file may take
_RESET_S = 0.1


def run(link: Link, text: str) -> None:
    """Do a line that begins with a colon; TerminalError says why it cannot be done."""
    name, _, rest = text[1:].partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        raise TerminalError(f"there is no :{name}; :help lists what there is")
    command(link, rest.strip())


def show_help(_link: Link, rest: str) -> None:
    """Show these commands, or a command of the module: :help AT+CWJAP."""
    if rest:
        try:
            lines = meaning.describe(rest)
        except KeyError as error:
            raise TerminalError(str(error.args[0])) from None
    else:
        width = max(len(name) for name in COMMANDS) + 2
        lines = [f":{name:{width}}{_summary(each)}" for name, each in COMMANDS.items()]
    print("\n".join(lines))


def _summary(command: Callable[[Link, str], None]) -> str:
    return (command.__doc__ or "").splitlines()[0]


def toggle_hex(link: Link, _rest: str) -> None:
    """Turn the hex view on or off."""
    link.view.is_hex = not link.view.is_hex


def toggle_times(link: Link, _rest: str) -> None:
    """Turn times on or off."""
    link.view.has_times = not link.view.has_times


def send_raw(link: Link, rest: str) -> None:
    r"""Send bytes without line end: :raw \x1b[A or :raw +++ (escapes as in Python)."""
    try:
        data = rest.encode("latin-1", "backslashreplace").decode("unicode_escape")
        link.send_data(data.encode("latin-1"))
    except UnicodeError as error:
        raise TerminalError(f"no such escape: {error}") from error


def set_baud(link: Link, rest: str) -> None:
    """Change the rate of this end, after AT+UART_CUR: :baud 921600."""
    try:
        link.port.baudrate = int(rest)
    except (ValueError, OSError) as error:
        raise TerminalError(f"{rest!r} is no rate of this port: {error}") from error


def send_file(link: Link, rest: str) -> None:
    """Send a file: :send FILE [COMMAND]; the command ({size}: of the file) goes first."""
    name, _, command = rest.partition(" ")
    try:
        data = Path(name).expanduser().read_bytes()
    except OSError as error:
        raise TerminalError(f"cannot read the file: {error}") from error
    if command:
        link.forget()
        link.send_line(command.replace("{size}", str(len(data))))
        if not link.wait(lambda event: event.text == ">", _PROMPT_S):
            raise TerminalError(f"no prompt (>) came within {_PROMPT_S:.0f} s; nothing was sent")
    _stream(link, name, data)


def _stream(link: Link, name: str, data: bytes) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TransferSpeedColumn())
    console = link.view.console
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(Path(name).name, total=len(data))
        for start in range(0, len(data), _CHUNK):
            link.send_data(data[start : start + _CHUNK])
            link.port.flush()
            bar.update(task, completed=min(start + _CHUNK, len(data)))
    link.view.note(f"{len(data)} bytes of {name} sent", "dim")


def write_log(link: Link, rest: str) -> None:
    """Write everything to a file from now on: :log FILE; without a name, no longer."""
    try:
        link.view.log_to(Path(rest).expanduser() if rest else None)
    except OSError as error:
        raise TerminalError(f"cannot write the log: {error}") from error


def list_all_ports(_link: Link, _rest: str) -> None:
    """List the serial ports of this PC."""
    found = sorted(list_ports.comports())
    for each in found:
        print(f"{each.device:20} {each.description}")
    if not found:
        print("no serial ports")


def reset(link: Link, _rest: str) -> None:
    """Pulse RTS, which resets most development boards (on UART0)."""
    link.port.dtr = False
    link.port.rts = True
    time.sleep(_RESET_S)
    link.port.rts = False


def change_world(link: Link, rest: str) -> None:
    """Change what is around the simulated module: :world ap_down espressif; :world lists acts."""
    from tools.simulator import worldcli

    if link.control is None:
        raise TerminalError("there is no world to change: the module is not a simulated one")
    try:
        print(worldcli.do(link.control, worldcli.split(rest)))
    except worldcli.WorldError as error:
        raise TerminalError(str(error)) from error


def leave(link: Link, _rest: str) -> None:
    """End the session; Ctrl-] and Ctrl-D do as well."""
    link.end()


COMMANDS: dict[str, Callable[[Link, str], None]] = {
    "help": show_help,
    "hex": toggle_hex,
    "times": toggle_times,
    "raw": send_raw,
    "baud": set_baud,
    "send": send_file,
    "log": write_log,
    "ports": list_all_ports,
    "reset": reset,
    "world": change_world,
    "quit": leave,
}


def complain(error: TerminalError) -> None:
    """Say on stderr what could not be done."""
    print(f"terminal: {error}", file=sys.stderr)
