"""Where the event loop waits: one C call that ends when the UART, a link or the chip has news.

Replaces asyncio's select-based queue, so that the chip can sleep and nothing is allocated.
Each source (a bit of atlink.wait) has at most one waiter: a task, by `await ready(bit)`, or a
plain function set with `on(bit, function)`, which is called when no task waits.
"""

import sys
import time
from asyncio import core  # type: ignore - the stubs do not have it

from micropython import const

import atlink

_LINKS = const(1 << 8)  # the first source that is a link
_SENTRY_MS = const(5000)


class _Queue:
    """What asyncio.core calls where its own IOQueue would stand."""

    def __init__(self):
        self.map = {0: None}  # bit -> task; 0 is there because asyncio ends when this is empty
        self.callbacks = {}  # bit -> function without arguments
        self.mask = 0
        self.sentry = None  # function that is called about every _SENTRY_MS, or None
        self.called_ms = 0

    def wait_io_event(self, timeout_ms):
        """Sleep for at most `timeout_ms`; -1 means until a task has something to do."""
        core.cur_task = None  # callbacks run in no task, so they may cancel the last one
        while True:
            found = atlink.wait(self._until_sentry(timeout_ms), self.mask)
            while found:
                bit = found & -found
                found ^= bit
                if bit in self.map:
                    self._wake(bit)
                elif bit in self.callbacks:
                    self._call(bit)
            if timeout_ms >= 0 or core._task_queue.peek():
                return

    def _until_sentry(self, timeout_ms):
        """Call the sentry if it is time; return how long to sleep before it is time again."""
        if self.sentry is None:
            return timeout_ms
        now = time.ticks_ms()
        left = _SENTRY_MS - time.ticks_diff(now, self.called_ms)
        if left <= 0:
            self.called_ms = now
            self.sentry()
            left = _SENTRY_MS
        return left if timeout_ms < 0 or left < timeout_ms else timeout_ms

    def _call(self, bit):
        """Call a source's function; the loop, and with it the module, outlives what it raises."""
        try:
            self.callbacks[bit]()
        except MemoryError as error:  # the source stays ready: it is called again
            sys.print_exception(error)
        except Exception as error:  # noqa: BLE001 - a link that fails so would fail for ever
            print("a source of the loop failed unexpectedly:")
            sys.print_exception(error)
            if bit >= _LINKS:
                on(bit, None)

    def _wake(self, bit):
        task = self.map.pop(bit)
        if bit not in self.callbacks:
            self.mask &= ~bit
        if task is not None:
            task.data = None
            core._task_queue.push(task)

    def wait(self, bit):
        """Park the current task until the source is ready."""
        if bit in self.map:
            raise RuntimeError("a task waits for source %d already" % bit)
        self.map[bit] = core.cur_task
        self.mask |= bit
        core.cur_task.data = self

    def remove(self, task):
        """Forget a task that is cancelled while it waits (called by asyncio)."""
        for bit in list(self.map):
            if self.map[bit] is task:
                del self.map[bit]
                if bit not in self.callbacks:
                    self.mask &= ~bit


class _Ready:
    """Awaitable for ready(); one object for all, because a wait begins as soon as it is made."""

    bit = 0

    def __iter__(self):
        return self

    def __await__(self):
        """Never called: the type checker looks for it in what `await` takes."""
        yield

    def __next__(self):
        if self.bit:
            queue.wait(self.bit)
            self.bit = 0
            return
        raise StopIteration


_ready = _Ready()
queue = _Queue()
core._io_queue = queue


def ready(bit):
    """Wait until a source of atlink.wait() is ready: `await ready(atlink.UART_TX)`."""
    _ready.bit = bit
    return _ready


def on(bit, function):
    """Call `function` whenever the source is ready and no task waits for it; None ends that."""
    if function is None:
        queue.callbacks.pop(bit, None)
        if bit not in queue.map:
            queue.mask &= ~bit
    else:
        queue.callbacks[bit] = function
        queue.mask |= bit


def pause(bit):
    """Do not look at a source until a task waits for it or `on` is called again."""
    if bit not in queue.map:
        queue.mask &= ~bit


def watch_over(function):
    """Call `function` at once and then every 5 s or so, as long as the loop turns."""
    queue.sentry = function
    queue.called_ms = time.ticks_ms()
    function()
