"""UART1 at the speed of its line settings (--baud-timing): a paced relay.

Towards the firmware stand a FIFO of 128 bytes and the driver's ring of 2048. When they are full,
RTS stops the hosts if flow control has it; otherwise bytes overrun and are lost, as on the chip.
From the firmware, CTS holds bytes back if flow control has it; otherwise they are lost when the
host does not take them.
"""

import array
import fcntl
import os
import socket
import termios
import time
from collections.abc import Callable

from tools.simulator.line import Hosts, Relay
from tools.simulator.loop import READ, Loop, Timer

_FIFO = 128
_RING = 2048
_RTS_THRESHOLD = 122  # bytes in the FIFO at which RTS says stop, with the ring full
_FLOW_RTS = 1
_FLOW_CTS = 2
_TICK_S = 0.004
_BURST_S = 0.02  # time that a late tick may make up for
_ROUNDING = 1e-3  # of a byte: a byte that is due must not wait because of a floating point bit
_SEND_BUFFER = 4096  # the firmware's bytes on the way: the kernel allows hardly less
_STOP_BITS = {1: 1.0, 2: 1.5, 3: 2.0}


def byte_seconds(baud: int, bits: int, stop: int, parity: int) -> float:
    """Return how long one byte takes: start bit, data bits, parity bit if any, stop bits."""
    return (1 + bits + (1 if parity else 0) + _STOP_BITS[stop]) / baud


class Pace:
    """How many bytes may go by now."""

    def __init__(self) -> None:
        self.byte_s = 10 / 115200
        self._since = 0.0

    def start(self) -> None:
        """Begin: the first byte is complete one byte's time from now."""
        self._since = time.monotonic()

    def earned(self) -> int:
        """Return how many bytes had time to go since the last spend()."""
        now = time.monotonic()
        self._since = max(self._since, now - max(_BURST_S, 2 * self.byte_s))
        return int((now - self._since) / self.byte_s + _ROUNDING)

    def spend(self, count: int) -> None:
        """Account for bytes that went."""
        self._since += count * self.byte_s


class _Pump:
    """Calls move(count) at the pace until it returns False, that is: has nothing to move."""

    def __init__(self, loop: Loop, move: Callable[[int], bool]) -> None:
        self.pace = Pace()
        self._loop = loop
        self._move = move
        self._timer: Timer | None = None

    @property
    def running(self) -> bool:
        """Tell whether it is at work."""
        return self._timer is not None

    def start(self) -> None:
        """Go to work, if it is not already."""
        if self._timer is None:
            self.pace.start()
            self._wait()

    def stop(self) -> None:
        """Rest until start()."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = self._loop.after(max(_TICK_S, self.pace.byte_s), self._tick)

    def _tick(self) -> None:
        self._wait()
        count = self.pace.earned()
        if count and not self._move(count):
            self.stop()


class PacedRelay(Relay):
    """A relay with a baud rate, a finite receiver and flow control. `cts` is the host's word."""

    def __init__(self, loop: Loop, hosts: Hosts, on_ready: Callable[[], None]) -> None:
        super().__init__(loop, hosts, on_ready)
        self.counters = {"overruns": 0, "lost": 0}
        self.cts = 1
        self._flow = 0
        self._receiver: int | None = None
        self._rx = _Pump(loop, self._move_in)
        self._tx = _Pump(loop, self._move_out)

    def firmware_end(self) -> int:
        """Return the descriptor for the next firmware process; settings are those of power-up."""
        descriptor = super().firmware_end()
        self.configure([115200, 8, 1, 0, 0])
        assert self._firmware is not None
        self._firmware.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        return descriptor

    def started(self) -> None:
        """Keep a copy of the firmware's end, to see how much it has not read."""
        assert self._firmware is not None
        # Not socket.dup(): that would make the firmware's end block.
        self._receiver = os.dup(self._firmware.fileno())
        super().started()

    def configure(self, settings: list[int]) -> None:
        """Pace both directions at [baud, data bits, stop (AT code), parity, flow] from now on."""
        *frame, self._flow = settings
        self._rx.pace.byte_s = self._tx.pace.byte_s = byte_seconds(*frame)

    def disconnect(self) -> None:
        """Let go of the firmware; bytes in its FIFO are gone with it."""
        self._rx.stop()
        self._tx.stop()
        if self._receiver is not None:
            os.close(self._receiver)
            self._receiver = None
        super().disconnect()

    # From the firmware to the hosts.

    def watch_end(self) -> None:
        """Wait for bytes of the firmware, unless they are being moved."""
        if self.end is not None and not self._tx.running:
            self.loop.watch(self.end.fileno(), READ, self.on_firmware)

    def on_firmware(self, _: int) -> None:
        """Begin to move what the firmware says."""
        assert self.end is not None
        self.loop.watch(self.end.fileno(), 0, self.on_firmware)
        self._tx.start()

    def _move_out(self, count: int) -> bool:
        if self.end is None:
            return False
        stopped = self.hosts.blocked or not self.cts
        if stopped and self._flow & _FLOW_CTS:
            self._tx.pace.spend(count)  # the time has passed, nothing went
            return True
        try:
            data = self.end.recv(count)
        except BlockingIOError:
            self._tx.stop()
            self.watch_end()
            return False
        except OSError:
            data = b""
        if not data:
            return False  # it has ended
        self._tx.pace.spend(len(data))
        self.heard(data)
        if not self.cts:
            self.counters["lost"] += len(data)
        elif self._flow & _FLOW_CTS:
            self.hosts.send(data)
        else:
            self.counters["lost"] += self.hosts.send_or_lose(data)
        return True

    # From the hosts to the firmware.

    def on_input(self) -> None:
        """Begin to move what a host says; without firmware it is lost."""
        if self.end is None or self._receiver is None:
            self.hosts.take(_RING)
            return
        self.hosts.listen(False)
        self._rx.start()

    def on_drained(self) -> None:
        """Leave it to the next tick to go on."""

    def _unread(self) -> int:
        assert self._receiver is not None
        count = array.array("i", [0])
        fcntl.ioctl(self._receiver, termios.FIONREAD, count)
        return count[0]

    def _move_in(self, count: int) -> bool:
        if self.end is None or self._receiver is None:
            return False
        room = _RING + _FIFO - self._unread()
        if self._flow & _FLOW_RTS:
            room -= _FIFO - _RTS_THRESHOLD
            if room <= 0:
                self._rx.pace.spend(count)
                return True
            count = min(count, room)
        data = self.hosts.take(count)
        if not data:
            self.hosts.listen(True)
            return False
        self._rx.pace.spend(len(data))
        taken = data[: max(room, 0)]
        self.counters["overruns"] += len(data) - len(taken)
        try:
            self.end.send(taken)
        except OSError:  # it has just ended
            return False
        return True
