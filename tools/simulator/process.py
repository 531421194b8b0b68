"""The firmware's process: how it is started, what it shares with the supervisor, how it ended."""

import os
import signal
import socket
import subprocess
from collections.abc import Sequence

# Exit statuses, as in simchip/board.h; any other end is a crash.
RESET, SLEEP, POWER_CUT, WATCHDOG = 64, 65, 66, 67


class FirmwareProcess:
    """One start of the firmware; `bus` carries its requests, `events` news in both directions."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], uart: int, log: int
    ) -> None:
        self.bus, bus_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.events, events_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.bus.setblocking(False)
        self.events.setblocking(False)
        inherited = {name: value for name, value in os.environ.items() if _passes(name)}
        try:
            self._popen = subprocess.Popen(
                command,
                env={
                    **inherited,
                    **environment,
                    "ATLINK_UART1_FD": str(uart),
                    "ATLINK_EVENT_FD": str(events_end.fileno()),
                    "SIM_BUS_FD": str(bus_end.fileno()),
                    "TZ": "UTC0",
                },
                pass_fds=(uart, bus_end.fileno(), events_end.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # a Ctrl-C at the terminal is for the supervisor
            )
        finally:
            bus_end.close()
            events_end.close()
        self.pid = self._popen.pid

    def ended(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process runs."""
        return self._popen.poll()

    def kill(self) -> None:
        """Take its power away."""
        self._popen.kill()
        self._popen.wait()

    def close(self) -> None:
        """Let go of what was shared."""
        self.bus.close()
        self.events.close()


def _passes(name: str) -> bool:
    """Tell whether the firmware may see a variable of our environment."""
    known = ("PATH", "LANG", "LC_ALL", "ATLINK_WIDE")
    return name in known or name.startswith(("ASAN_", "UBSAN_", "VALGRIND"))


def describe(status: int) -> str:
    """Return in words how a crashed process ended."""
    if status == WATCHDOG:
        return "watchdog"
    if status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"
