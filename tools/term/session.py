"""A terminal for the AT port: `tools/terminal.py [PORT]`, and `make run`.

PORT is a device or any pyserial URL; without one a simulated module is booted, with the arguments
of tools/atsim that stand behind `--`. On a terminal: lines are edited here, with history and Tab;
a line that begins with a colon is for the terminal itself (`:help`); Ctrl-] quits. From a pipe:
each line is one AT command, the next is sent when the result of the last has come; after a `>`
the next lines are data. The exit status is 1 if the port went away or the firmware died.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tools.term import colon
from tools.term.batch import Batch
from tools.term.dialogue import READY
from tools.term.link import Link, TerminalError, open_port
from tools.term.simulated import Died, Simulated
from tools.term.view import View

ENDINGS = {"crlf": b"\r\n", "cr": b"\r", "lf": b"\n", "none": b""}
_READY_S = 30.0
_HISTORY = "~/.local/state/esp-at-terminal/history"


def arguments_of(words: list[str] | None) -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        prog="tools/terminal.py",
        usage="%(prog)s [options] [PORT] [-- options of tools/atsim]",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("port", nargs="?", help="serial port of the module, or a pyserial URL")
    parser.add_argument("--baud", type=int, default=115200, help="rate (default: 115200)")
    parser.add_argument("--rtscts", action="store_true", help="hardware flow control")
    parser.add_argument("--enter", choices=sorted(ENDINGS), default="crlf", help="end of a line")
    parser.add_argument("--hex", action="store_true", help="show bytes in hexadecimal")
    parser.add_argument("--times", action="store_true", help="put the time before each line")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write everything to a file")
    parser.add_argument("--reset", action="store_true", help="reset the module by RTS first")
    parser.add_argument(
        "--stop-on-error", action="store_true", help="from a pipe: end with 1 at the first ERROR"
    )
    parser.add_argument(
        "--no-results",
        action="store_true",
        help="the other end is no AT port: no results are awaited, Ctrl-C and Ctrl-D are sent",
    )
    words = list(sys.argv[1:] if words is None else words)
    cut = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:cut])
    given.simulator = words[cut + 1 :]
    return given


def main(words: list[str] | None = None) -> int:
    """Run a session; return the exit status."""
    given = arguments_of(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    module = None if given.port else Simulated(given.simulator)
    try:
        if module:
            module.wait_ready()
        return _session(given, module)
    except (TerminalError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    except Died as error:
        print(f"terminal: {error}; its log is in {module and module.log}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    finally:
        if module:
            module.stop()
    return 1


def _session(given: argparse.Namespace, module: Simulated | None) -> int:
    is_tty = sys.stdin.isatty()
    raw = None if is_tty else sys.stdout.buffer
    view = View(Console(highlight=False), is_hex=given.hex, has_times=given.times, raw=raw)
    view.log_to(given.log)
    url = str(module.link) if module else given.port
    port = open_port(url, given.baud, given.rtscts, is_whole=module is not None)
    link = Link(
        port,
        view,
        ENDINGS[given.enter],
        reopens=is_tty and module is None,
        has_results=not given.no_results,
    )
    if module:
        link.control = module.control
    try:
        with link, _quiet(given.no_results) if is_tty else contextlib.nullcontext():
            if is_tty:
                print("\n".join(module.greeting() if module else [_greeting(given)]), flush=True)
            if given.reset:
                colon.reset(link, "")
            status = _talk(given, link, module) if is_tty else _pipe(given, link, module)
            if link.problem and module:
                raise Died(link.problem if module.crashed() else "the simulator has ended")
    finally:
        view.close()
    if link.is_unheard:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    if link.problem:
        print(f"error: {link.problem}", file=sys.stderr)
        return 1
    return status


def _greeting(given: argparse.Namespace) -> str:
    return f"{given.port}, {given.baud} baud. :help lists commands, Ctrl-] quits."


def _talk(given: argparse.Namespace, link: Link, module: Simulated | None) -> int:
    from tools.term.screen import Screen

    history = Path(os.environ.get("AT_HISTORY", _HISTORY)).expanduser()
    history.parent.mkdir(parents=True, exist_ok=True)
    ask = module.reason if module else lambda _: ""
    Screen(link, history, passes_controls=given.no_results, ask=ask).run()
    if module and module.crashed() and not link.problem:
        raise Died("the firmware crashed")
    return 0


@contextlib.contextmanager
def _quiet(passes_controls: bool) -> Iterator[None]:
    """Let keys that come while no line is edited wait for the next one, unseen."""
    before = termios.tcgetattr(0)
    quiet = [*before]
    quiet[0] &= ~(termios.ICRNL | termios.IXON)
    quiet[3] &= ~(termios.ECHO | termios.ICANON | (termios.ISIG if passes_controls else 0))

    def leave_at_once(*_: object) -> None:
        """Give the terminal back; a simulated module ends with this process."""
        termios.tcsetattr(0, termios.TCSANOW, before)
        os._exit(1)

    signal.signal(signal.SIGTERM, leave_at_once)  # an exception would end in the line editor
    termios.tcsetattr(0, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def _pipe(given: argparse.Namespace, link: Link, module: Simulated | None) -> int:
    if module and not link.wait(lambda event: event.text == READY, _READY_S):
        raise Died("the module does not say ready")
    batch = Batch(
        link,
        has_results=not given.no_results,
        stops=given.stop_on_error,
        is_bad=module.crashed if module else lambda: False,
    )
    status = batch.run(iter(sys.stdin.buffer.readline, b""))
    if module and module.crashed():
        time.sleep(0.1)  # the last words reach the log
        raise Died("the firmware crashed")
    return status
