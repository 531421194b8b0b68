"""The AT port's only writer.

Owns: the order of bytes that leave UART1, the message filter's switch, waking a sleeping host,
and holding reports back while a counted payload is on its way. Composes no text.

A *message* is one call of `message()`: the unit that AT+SYSMSGFILTER matches. Bytes that the C
ring has no room for wait in `_backlog`; the session starts no command while any do, so a host
that stops reading stops being served, and nothing is lost or grows without end.
"""

import asyncio

import atcore
import atlink
from at.errors import StateError
from at.loop import ready

_ENOUGH = 4000  # bytes of room in the ring that a report of any length starts with
_TYPING_MS = 5  # how often to look whether a line that is under way has ended
_AWAKE_MS = 100  # a host that was woken sleeps again when nothing was said for so long
_MAX_REPORTS = 64  # reports kept for a host that does not read or wake; then the oldest goes
_MAX_KEPT = 16  # of passthrough, which may last for days
_HUSHED_MS = 20  # how often to look whether passthrough has ended


class Port:
    """The writer: messages, payload, reports."""

    def __init__(self, uart, log):
        self.uart = uart
        self.log = log
        self.filtering = False
        self.on_free = None  # function to call at once when nothing waits outside the ring
        self.is_hushed = False  # what leaves is a peer's bytes: reports are kept
        self._kept = None  # those
        self._wake_host = None
        self._is_woken = False  # it sleeps as far as we know, but was woken for what is said now
        self._is_waking = False
        self._said = 0  # reports since it was woken
        self._on_sleep = None
        self._gate = None  # lets C write received data of links between messages
        self._backlog = []
        self._reports = []
        self._holds = 0
        self._pump_task = None
        self._report_task = None
        self.settle()

    def message(self, data):
        """Write one message as soon as what came before it is out. Never blocks."""
        if self.filtering:
            data = atlink.filter_cut(data)
        self.raw(data)

    # The message filters: POSIX basic regular expressions for the head and the tail of a message.

    def filter(self, on):
        """Apply the filters from now on, or no longer."""
        self.filtering = on
        self.settle()

    def filters(self):
        """Return (head, tail, flags) of each filter, the first two as bytes."""
        return atlink.filter_list()

    def add_filter(self, head, tail, flags):
        """Add a filter; either expression may be empty. StateError if one is malformed."""
        try:
            atlink.filter_add(head, tail, flags)
        except ValueError as error:
            kind = "an extended" if flags & 1 else "a basic"
            raise StateError("not %s regular expression: %s" % (kind, error))
        except OSError as error:
            raise StateError("no room for another filter: %s" % error)

    def delete_filter(self, head, tail, flags):
        """Delete the filter with just these expressions. StateError if there is none."""
        if not atlink.filter_delete(head, tail, flags):
            raise StateError("there is no such filter")

    def clear_filters(self):
        """Delete all filters."""
        atlink.filter_clear()

    # Writing.

    def raw(self, data):
        """Write bytes that no filter may touch: payload, prompts."""
        rest = self._write(data)
        if rest:
            self._queue(bytes(rest))

    def _write(self, data):
        """Write what the ring takes now; return the rest."""
        if self._backlog:
            return data
        done = self.uart.write(data)
        return data[done:] if done < len(data) else None

    def _queue(self, data):
        self._backlog.append(data)
        self.settle()
        self.see_to_tasks()

    def see_to_tasks(self):
        """Have somebody write what waits; without memory for that, who waits tries again."""
        try:
            if self._backlog and self._pump_task is None:
                self._pump_task = asyncio.create_task(self._pump())
            if self._reports and not self._holds and self._report_task is None:
                self._report_task = asyncio.create_task(self._deliver())
        except MemoryError:
            return

    async def send(self, data):
        """Write bytes like raw(), but wait for room first: for payload that comes in pieces."""
        await self.drain()
        done = self.uart.write(data)
        if done < len(data):
            self.raw(memoryview(data)[done:])

    @property
    def congested(self):
        """Whether bytes wait outside the ring because the host does not take them."""
        return bool(self._backlog)

    async def drain(self):
        """Wait until the ring took everything."""
        while self._backlog:
            self.see_to_tasks()
            await asyncio.sleep_ms(1)

    async def room(self, count):
        """Wait until `count` bytes of the ring are free, all of it if it has less in all."""
        while self._backlog or (self.uart.room() < count and self.uart.pending()):
            self.see_to_tasks()
            await asyncio.sleep_ms(1)

    async def sent(self, timeout_ms):
        """Wait until the last bit has left the wire; False if that took too long."""
        while (self._backlog or self.uart.pending()) and timeout_ms > 0:
            self.see_to_tasks()
            await asyncio.sleep_ms(1)
            timeout_ms -= 1
        return not self._backlog and self.uart.pending() == 0

    async def _pump(self):
        start = 0  # of the first piece, what has been written
        try:
            while self._backlog:
                data = self._backlog[0]
                try:
                    start += self.uart.write(memoryview(data)[start:] if start else data)
                except MemoryError:
                    await asyncio.sleep_ms(1)
                    continue
                if start == len(data):
                    self._backlog.pop(0)
                    start = 0
                else:
                    await ready(atlink.UART_TX)
        finally:
            self._pump_task = None
            self.settle()
        if self.on_free:  # now: the host may answer to what was just written
            function = self.on_free
            self.on_free = None
            function()

    def attach(self, gate):
        """Take atnet.down_gate, which lets C write received data of links, or keeps it."""
        self._gate = gate
        self.settle()

    def wake_by(self, function):
        """Take an async function that wakes the host before reports; None: it is awake."""
        self._wake_host = function
        self._is_woken = False
        self.settle()
        if self._on_sleep:
            self._on_sleep()

    @property
    def is_asleep(self):
        """Whether data for the host has to knock() first."""
        return self._wake_host is not None and not self._is_woken

    def on_sleep(self, function):
        """Call `function` when the host falls asleep or wakes."""
        self._on_sleep = function

    async def knock(self):
        """Wake the host and let data through until there was none for a while."""
        while self._is_waking:  # somebody else does
            await asyncio.sleep_ms(1)
        if not self.is_asleep:
            return
        self._is_waking = True
        try:
            await self._wake_host()
        finally:
            self._is_waking = False
        while self._wake_host is not None and not self._is_woken:  # nor said that it is awake
            try:
                asyncio.create_task(self._doze(self._wake_host))
                self._is_woken = True
            except MemoryError:
                await asyncio.sleep_ms(1)
        self.settle()

    async def _doze(self, wake_host):
        """Take a host that was woken as asleep again once nothing was said to it for a while."""
        before = None
        while self._is_woken and self._wake_host is wake_host:
            is_quiet = not (self._backlog or self._reports or self._holds or self.uart.pending())
            said = (self._said, self.settle())
            if is_quiet and said == before:
                self.wake_by(wake_host)
                return
            before = said
            await asyncio.sleep_ms(_AWAKE_MS)

    def settle(self):
        """Say what C may write: answers, and data of links while nothing has to be first.

        Return how many pieces of data of links C has written, modulo something.
        """
        atcore.clear(not (self._backlog or self.filtering))
        if self._gate:
            is_open = not (self._backlog or self._reports or self._holds or self.is_asleep)
            return self._gate(is_open, not self.filtering)
        return 0

    # Reports: what the module says of its own accord.

    def report(self, data):
        """Send a report now, or as soon as the host is awake and no payload is being sent.

        A line that the host is typing is not broken up. While `is_hushed` it waits for speak().
        Who waits for the result of a command is awake, whatever he said before.
        """
        if self.is_hushed:
            if data in self._kept:  # the latest counts
                self._kept.remove(data)
            self._keep(self._kept, data, _MAX_KEPT)
            return
        is_free = not (self._holds or self._reports or self._backlog)
        is_awake = self._wake_host is None or self.uart.serving()
        if is_free and is_awake and not self.uart.typing():
            self.message(data)
            return
        self._keep(self._reports, data, _MAX_REPORTS)
        self.settle()
        self.see_to_tasks()

    def hush(self):
        """Keep reports from now on: what leaves the port is a peer's bytes."""
        self._kept = self._kept or []
        self.is_hushed = True

    def speak(self):
        """Send the reports that were kept; `is_hushed` ends before."""
        while self._kept:
            self.report(self._kept.pop(0))
        self._kept = None

    def _keep(self, reports, data, most):
        if len(reports) >= most:
            self.log("port: report dropped, the host does not read:", reports.pop(0))
        reports.append(data)

    def hold(self):
        """Keep reports back until release(): a counted payload is on its way to the host."""
        self._holds += 1
        self.settle()

    @property
    def is_held(self):
        """Whether a counted payload is on its way to the host."""
        return self._holds > 0

    def release(self):
        """Let reports go again, those that were kept back first."""
        self._holds -= 1
        self.settle()
        self.see_to_tasks()

    async def _deliver(self):
        try:
            while self._reports and not self._holds:
                try:
                    await self._deliver_one()
                except MemoryError:
                    await asyncio.sleep_ms(1)
        finally:
            self._report_task = None
            self.settle()

    async def _deliver_one(self):
        await self.knock()
        await self.drain()
        while self.uart.typing():
            await asyncio.sleep_ms(_TYPING_MS)
        if self._reports and not self._holds:
            self._said += 1
            self.message(self._reports[0])
            self._reports.pop(0)

    async def free(self, count):
        """Wait until a report of `count` bytes goes out at once: long ones must not pile up."""
        count = min(count, _ENOUGH)
        while (
            self.is_hushed
            or self._holds
            or self._reports
            or self._backlog
            or self.uart.room() < count
            or self.uart.typing()
        ):
            self.see_to_tasks()
            await asyncio.sleep_ms(_HUSHED_MS if self.is_hushed else 1)

    async def burst(self, parts):
        """Send a report in parts right after free(), and wait until the ring took them.

        They are not copied, but by a filter.
        """
        self._said += 1
        if self.filtering:
            self.message(b"".join([bytes(part) for part in parts]))
            return
        for part in parts:
            rest = self._write(memoryview(part))
            if rest:
                self._queue(rest)
        try:
            await self.drain()
        finally:  # cancelled: the parts are their owner's again
            self._backlog[:] = [bytes(data) for data in self._backlog]

    async def reported(self):
        """Wait until the reports there are have been sent, so that what follows comes behind."""
        while self._reports and self._report_task:
            await asyncio.sleep_ms(1)
