"""The state machine of the AT port: from a line to its final result.

    IDLE      a line is looked up, bound and started, by C if it is right (docs/internals.md);
              echo is done in C as bytes arrive
    RUNNING   an `async def` handler runs; other lines are dropped and answered `busy p...`
    PROMPT    the running handler takes a counted payload after `>`

Owns: which command runs, the final result and its ERR CODE. A handler sees the session as `at`:
the services are attributes of it, `reply`, `line` and `prompt` speak to the host.
"""

import asyncio
import gc
import sys

import atcore
import atlink
from at.command import COMMANDS, find, find_event, users
from at.errors import (
    Abandoned,
    Aborted,
    ATError,
    NotAT,
    NotSupported,
    ParamError,
    WrongForm,
    expected,
    is_memory,
)
from at.loop import cancel, patient
from at.payload import Payload
from at.wire import reply
from at.wire.bind import bind, describe
from at.wire.grammar import SET, TEST, split_arguments, split_line

_WIFI = ("wifi_", "stati")  # how events begin that are its news
_NEWS = _WIFI + ("link_",)  # what AT+SYSMSG bit 2 is about
_TOO_LONG = "a command line has at most 256 bytes before CR LF"
_SWALLOW_STEP_MS = 2
_SKIPS = 8  # at each step, each of what was read at once
_UNWIND_STEPS = 10  # of a millisecond, until whatever an aborted command waited for is given up
_DRAIN_MS = 5000  # how long a restart or a new baud rate waits for the answer to leave


class Session(Payload):
    """The AT port's state, and what handlers call `at`."""

    def __init__(self, uart, port, settings, log):
        super().__init__(uart, port)
        self.settings = settings
        self.log = log
        self.name = ""  # of the command that runs, with its +
        self.mux = False  # AT+CIPMUX=1: commands carry a link ID
        self.restart = None  # function that restarts the module at once
        self.on_demand = {}  # name of a service -> function (session) that builds it
        self._then = None
        self._is_running = False  # a coroutine, by _run()
        self._task = None  # which does
        self._is_aborted = False
        # Services are not told that there was no memory for a report: they have something to do.
        self.emit = patient(self._report)
        self._was_keeping = None  # AT+SYSSTORE, while a command with an old ending runs
        atcore.serve(self, COMMANDS, users)

    def attach(self, **services):
        """Make services and values attributes of the session, for handlers."""
        for name, service in services.items():
            setattr(self, name, service)

    def __getattr__(self, name):
        """Build a service on first use."""
        if name not in self.on_demand:
            raise AttributeError(name)
        service = self.on_demand[name](self)
        setattr(self, name, service)
        return service

    def start(self):
        """Serve the port: the next line is a command."""
        atcore.listen()

    def start_after(self, coroutine):
        """Serve the port when the coroutine is over, as if a command had begun it."""
        self._launch(coroutine)

    def _event(self, event):
        """Answer what atcore.receive() leaves to us: no line, or one while a command runs."""
        if event == atlink.TOO_LONG:
            try:
                outcome = NotAT(_TOO_LONG)
            except MemoryError as error:
                outcome = error
            self._end(outcome)
        elif event == atlink.BUSY:
            try:
                line = self.uart.line()
                if line == b"AT+RST":
                    asyncio.create_task(self._settle(self.restart))  # takes memory: first
                    self.port.message(b"\r\nWill force to restart!!!\r\n")
                elif line != b"AT+ABORT" or not self._abort():
                    self._say_busy()
            except MemoryError:
                self._say_busy()

    def _abort(self):
        """End the running command; return whether there is one that can be ended.

        A counted answer that is on its way to the host is completed first.
        """
        if not self._is_running:
            return atcore.abort(Aborted())  # a block that C is sending
        if self._task and self.port.is_held:
            asyncio.create_task(self._abort_later(self._task))
        else:
            self._is_aborted = True  # if it has not even begun
            if self._task:
                cancel(self._task)
        return True

    async def _abort_later(self, task):
        while self.port.is_held and self._task is task:
            await asyncio.sleep_ms(1)
        if self._task is task:
            cancel(task)

    def _say(self, message):
        """Write a message that C composed."""
        self.port.message(message)

    def _put(self, data):
        """Write what no filter may touch."""
        self.port.raw(data)

    # One command, from line to result.

    def _begin(self, entry, start):
        """Run a line that C did not take: rare, wrong, or a user's own command.

        With `entry` it sets that command, and its parameters begin at `start`.
        """
        self.name = entry.name if entry else ""
        self._then = None
        self._keep_surplus = False
        try:
            line = self.uart.line(start)
            outcome = self._set(entry, line) if entry else self._dispatch(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the port goes on
            outcome = error
        if outcome is not None and hasattr(outcome, "send"):
            self._launch(outcome)
        elif outcome is not True:
            self._end(outcome)

    def _launch(self, coroutine):
        """Run what an async handler returned, as the one running command."""
        self.uart.busy()
        self._is_aborted = False
        self._is_running = True
        # Most that lives long is made by such a command: not above the garbage of those before it,
        # where it would cut the free heap to pieces.
        atcore.tidy()
        try:
            asyncio.create_task(self._run(coroutine))
        except MemoryError as error:
            self._end(error)

    def _dispatch(self, line):
        """Run a line's handler; return its result, or a coroutine that still has to run."""
        name, form, text = split_line(line)
        self.name = name
        entry = find(name) or self._by_old_name(name)
        if entry is None:
            raise NotSupported("no command AT" + name)
        if form == TEST:
            if entry.handler(SET) is None:
                raise WrongForm("AT%s has no set form to describe" % name)
            return self._describe(entry)
        handler = entry.handler(form)
        if handler is None:
            raise WrongForm("AT%s does not have this form" % name)
        return self._set(entry, text) if form == SET else handler(self)

    def _set(self, entry, text):
        tokens = ()
        try:
            tokens, quoted = split_arguments(text, entry.is_bare)
            values = bind(entry.params, tokens, quoted, self.mux, entry.is_bare)
        except ParamError as error:
            if entry.refusal is None:
                raise
            raise entry.refusal(error, tokens)
        return entry.handler(SET)(self, *values)

    def _by_old_name(self, name):
        """Return the command behind +X_CUR (nothing is kept) or +X_DEF (it is), or None."""
        ending = name[-4:]
        entry = find(name[:-4]) if ending in ("_CUR", "_DEF") else None
        if entry is None or not entry.has_old_endings:
            return None
        self._was_keeping = self.settings.keeping
        self.settings.keeping = ending == "_DEF"
        return entry

    def _describe(self, entry):
        if entry.text is not None:
            self.line(entry.text)
            return
        for text in describe(entry.params):
            self.line(self.name, ":", text)

    async def _run(self, coroutine):
        self._task = asyncio.current_task()
        try:
            try:
                if self._is_aborted:
                    coroutine.close()
                    raise Aborted
                outcome = await coroutine
            except asyncio.CancelledError:
                outcome = await self._unwind()
        except Abandoned as error:
            self.surplus()  # what comes now is a command again
            outcome = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the port goes on
            outcome = self._known(error)
        self._task = None
        # What was announced and not taken must not become commands. No memory is needed here.
        quiet_ms = 0
        while self.uart.remaining() and quiet_ms < atlink.SILENCE_MS:
            quiet_ms = 0 if self._skip() else quiet_ms + _SWALLOW_STEP_MS
            await asyncio.sleep_ms(_SWALLOW_STEP_MS)
        self._end(outcome, not self._keep_surplus)
        atcore.receive()

    def _skip(self):
        """Drop payload that has come, as fast as a line of 5 Mbaud brings it; False: none has."""
        for done in range(_SKIPS):
            if not self.uart.skip():
                return done > 0
        return True

    async def _unwind(self):
        """Let everything end that an aborted command waited for; return what it ends with."""
        for _ in range(_UNWIND_STEPS):
            try:
                await asyncio.sleep_ms(1)
            except asyncio.CancelledError:  # a host that says it twice
                pass
        return Aborted()

    def _end(self, outcome, has_surplus=False):
        """Write the final result and serve the port again, whatever happens on the way.

        Stray bytes behind a payload, or half a line, are answered before the result.
        """
        try:
            while has_surplus and self.uart.fragment():
                self._say_busy()
            self._conclude(outcome)
        except Exception:  # noqa: BLE001 - no memory left, or an error that cannot be printed
            try:
                gc.collect()
                self.port.message(b"\r\nERROR\r\n")
            finally:
                self.start()

    def _conclude(self, outcome):
        """Write the final result; take the next line, or do what was put off until now."""
        self._is_running = False
        if outcome is MemoryError:
            outcome = ATError("out of memory")
        if self._was_keeping is not None:
            self.settings.keeping = self._was_keeping
            self._was_keeping = None
        if isinstance(outcome, Exception):
            self._then = None
        then = self._then
        if then:
            asyncio.create_task(self._settle(then))  # takes memory: before there is a result
        if outcome is None:
            self.port.message(b"\r\nOK\r\n")
        elif isinstance(outcome, Exception):
            self._fail(outcome)
        elif outcome:
            self.port.message(reply.result(outcome))
        if not then:
            self._serve_again()

    def _serve_again(self):
        """Take the next line, once the host has taken what waits for it."""
        if self.port.congested:
            try:
                asyncio.create_task(self.port.drain())  # it sees to it that somebody writes
                self.port.on_free = self._resume
                return
            except MemoryError:  # then at once
                pass
        self.start()

    def _resume(self):
        self.start()
        atcore.receive()

    async def _settle(self, then):
        """Let the answer leave, do what had to wait for that, and serve the port again."""
        try:
            await self.port.sent(_DRAIN_MS)
            then()
        except Exception as error:  # noqa: BLE001 - whatever it is, the port goes on
            print("what had to wait for the answer failed unexpectedly:")
            sys.print_exception(error)
        finally:
            self._resume()

    def _fail(self, error):
        known = self._known(error)
        if not isinstance(known, ATError):
            raise MemoryError  # _end() says so without any
        atcore.refuse(known.code(), known.reason)

    def _known(self, error):
        """Return the ATError for what a handler raised; log it, if nobody expects it."""
        try:
            if not isinstance(error, ATError):
                if is_memory(error):
                    self.log("no memory:", error)
                else:
                    self.log("AT%s failed unexpectedly:" % self.name)
                    sys.print_exception(error)
            return expected(error)
        except MemoryError:
            return MemoryError  # the class: it is made when there may be memory

    def explain(self, error):
        """Write what AT+SYSLOG wants to be said of an ATError in front of the final result."""
        if self.syslog:
            if self.syslog == 2:
                self.line("REASON:", reply.plain(error.reason))
            self.port.message(reply.error_line(error.code()))

    def _report(self, kind, *details):
        """Report an event of a service: the row of `events`, as one line of the AT port.

        While passthrough keeps reports, those of Wi-Fi and its link are dropped (manual 3.1.15).
        """
        if self.port.is_hushed and kind[:5] in (_WIFI if self.links.is_shut else _NEWS):
            return
        text = find_event(kind)
        if callable(text):
            text = text(self, *details)
        elif details:
            text = text % details
        if text is not None:
            line = text.encode() if isinstance(text, str) else bytes(text)
            self.port.report(line + b"\r\n")

    async def deliver(self, kind, parts, *details, end=b"\r\n"):
        """Report an event with data behind its text, once the host takes it; nothing is copied.

        While passthrough runs, AT+SYSMSG bit 2 lets it through, or it waits for the end.
        """
        text = find_event(kind)
        head = text(self, *details) if callable(text) else text % details
        parts = [head.encode() if isinstance(head, str) else head] + parts + [end]
        await self.port.knock()
        await self.port.free(sum([len(part) for part in parts]))
        await self.port.burst(parts)

    # What handlers call.

    reply = atcore.reply  # (*values): `+NAME:v1,v2`, integers in decimal, text in quotes
    line = atcore.line  # (*parts): the parts, one behind the other, as a line

    def then(self, function):
        """Call `function` once the final result OK has left the wire; not after ERROR."""
        self._then = function

    def hush(self):
        """Keep reports back unless AT+SYSMSG lets them through: passthrough has the port."""
        if not self.settings.get("sysmsg") & 4:
            self.port.hush()
