"""tools/atsim: read the command line, have the firmware built, run the supervisor.

Variables for tests and benchmarks: ATSIM_WRAP is put in front of the firmware's command line,
ATSIM_APP runs a MicroPython file in place of the frozen application.
"""

import os
import shlex
import signal
import sys
from functools import partial
from pathlib import Path

from tools.simulator import options as command_line
from tools.simulator.errors import SimulatorError
from tools.simulator.loop import Loop
from tools.simulator.names import hold_folder
from tools.simulator.supervisor import Supervisor


def build_firmware(bits: int, sanitize: bool) -> Path:
    """Return the up-to-date executable; SimulatorError if it cannot be built."""
    sys.path.insert(0, str(command_line.ROOT / "tools/build"))
    import firmware

    try:
        return firmware.build(bits, sanitize)
    except Exception as error:
        # Their modules are loaded on first use, so the classes cannot be named here.
        if type(error).__name__ not in ("BuildError", "FetchError", "MissingError"):
            raise
        raise SimulatorError(f"the firmware does not build:\n{error}") from error


def firmware_command(executable: Path, heap: str) -> list[str]:
    """Return the command line of the firmware's process."""
    app = os.environ.get("ATSIM_APP")
    start = [os.path.abspath(app)] if app else ["-m", "chipstart"]
    wrap = shlex.split(os.environ.get("ATSIM_WRAP", ""))
    return [*wrap, str(executable), "-X", f"heapsize={heap}", *start]


def run(options: command_line.Options) -> None:
    """Run one simulated module until a signal ends it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options.state.mkdir(parents=True, exist_ok=True)
    held = hold_folder(options.state)
    executable = build_firmware(options.bits, options.sanitize)
    loop = Loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
            loop.on_signal(number, partial(loop.stop, signal.Signals(number).name))
    command = firmware_command(executable, options.heap)
    supervisor = Supervisor(options, loop, command, executable)
    loop.on_signal(signal.SIGCHLD, supervisor.child_ended)
    page = None
    try:
        if options.web and options.log:
            from tools.simulator.page.server import Page  # an HTTP server, which few want

            page = Page(options.web, options.control, options.log, options.link)
            print(f"page: {page.url}", file=sys.stderr, flush=True)
        supervisor.power_on()
        loop.run()
        supervisor.say(f"ended by {loop.why}")
    finally:
        if page:
            page.close()
        supervisor.close()
        os.close(held)


def main() -> int:
    """Run the program; return its exit status."""
    options = command_line.parse()
    try:
        run(options)
    except (SimulatorError, OSError) as error:
        print(f"atsim: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the loop was there
        return 0
    return 0
