"""One event loop for all the supervisor waits for: descriptors, times and signals.

Knows nothing of what they mean.
"""

import heapq
import itertools
import os
import selectors
import signal
import time
from collections.abc import Callable

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Timer:
    """A call at a time to come, until cancel()."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Make sure that the call does not come."""
        self.callback = None


class Loop:
    """Descriptors, timers and signals, one after the other."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = itertools.count()
        self._signals: dict[int, Callable[[], None]] = {}
        self._running = False
        self.why = ""  # it was stopped

    def watch(self, fd: int, events: int, callback: Callable[[int], None]) -> None:
        """Call back with the ready events of fd; events 0 ends that."""
        known = fd in self._selector.get_map()
        if not events:
            if known:
                self._selector.unregister(fd)
        elif known:
            self._selector.modify(fd, events, callback)
        else:
            self._selector.register(fd, events, callback)

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back once after some seconds."""
        timer = Timer(callback)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._count), timer))
        return timer

    def on_signal(self, number: int, callback: Callable[[], None]) -> None:
        """Call back between two other calls when the signal arrives."""
        if not self._signals:
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            os.set_blocking(writer, False)
            signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
            self.watch(reader, READ, lambda _: self._take_signals(reader))
        self._signals[number] = callback
        signal.signal(number, lambda *_: None)

    def _take_signals(self, reader: int) -> None:
        for number in set(os.read(reader, 4096)):
            self._signals[number]()

    def stop(self, why: str = "") -> None:
        """Return from run() after the present call."""
        self.why = why
        self._running = False

    def run(self) -> None:
        """Wait and call until stop()."""
        self._running = True
        while self._running:
            for key, events in self._selector.select(self._until_next()):
                # An earlier call may have ended the watch, and given its number to another file.
                current = self._selector.get_map().get(key.fd)
                if current is not None and current.data is key.data:
                    key.data(events)
            self._call_due()

    def _until_next(self) -> float | None:
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _call_due(self) -> None:
        now = time.monotonic()
        while self._running and self._timers and self._timers[0][0] <= now:
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                callback()
