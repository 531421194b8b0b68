"""The AT engine's core in C: the event loop's queue, well-formed command lines, answers.

What C takes from Python and why: docs/internals.md. `at.loop` and `at.session` stand on it.
"""

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

def start(asyncio: ModuleType, /) -> None:
    """Stand in for the IOQueue of `asyncio` (asyncio.core); nobody waits for anything yet."""

def ready(source: int, /) -> Awaitable[None]:
    """Wait until a source (a bit of atlink.wait) is ready: `await ready(atlink.UART_TX)`.

    Await it at once: there is one such object. RuntimeError if a task waits for it already.
    ValueError: no such source.
    """

def on(source: int, function: Callable[[], object] | None, /) -> None:
    """Call `function` whenever the source is ready and no task waits for it; None ends that."""

def wake(source: int, /) -> None:
    """Let the task go on that waits for a source from which nothing more will come."""

def function(source: int, /) -> Callable[[], object] | None:
    """Return what `on` was given."""

def watch_over(function: Callable[[], object], period_ms: int, /) -> None:
    """Call `function` at once and then about every `period_ms`, as long as the loop turns."""

def cancel(task: Any, /) -> None:
    """Do what task.cancel() does, even if there is no memory to make a CancelledError."""

def patient(function: Callable[..., Any], /) -> Callable[..., Any]:
    """Return what calls `function`; without memory, even after a collection, it returns None."""

def tidy() -> None:
    """Collect garbage, unless the upper half of the heap is free in one piece."""

def serve(session: Any, by_name: dict[str, Any] | None, of_users: list[Any], /) -> None:
    """Take command lines for a session, with the firmware's commands and a user's (at.command).

    `by_name` None leaves every line to the session.

    The session is told what C leaves to it: _begin(command or None, start) a line, of which C may
    have found the command, and that its parameters begin at `start`; _event(event) of UART.poll(),
    _launch(coroutine) of a handler, _end(outcome), _say(message), _put(bytes) that no filter sees,
    _say_busy().
    """

def receive() -> None:
    """Take every event of the AT port: run well-formed lines, leave the rest to the session."""

def listen() -> None:
    """Assemble a command line, as UART.listen(), and have receive() called when one is there."""

def clear(on: bool, /) -> None:
    """Say whether messages may go straight to the ring: no filter, nothing that waits for room."""

def abort(outcome: BaseException) -> bool:
    """End a block that send() has collected and is sending; False if there is none."""

def send(
    link: int,
    length: int,
    failed: Callable[[Any, Any, bool], bytes],
    links: Any,
    whose: Any,
    /,
) -> bool:
    """Take a block of 1..8192 bytes after `>` and send it to a link; a handler returns the True.

    False: there is no memory for it. Ends the command itself, with SEND OK or SEND CANCELLED. If
    the link does not take it, with what `failed(links, whose, began)` returns (a result code) or
    raises.
    """

def message(topic: bytes, payload: bytes, retain: int, key: bytes | None, /) -> bytes:
    """Return a PUBLISH packet of QoS 0; with a key of 4 bytes it is in a WebSocket frame.

    ValueError: longer than MQTT allows, or than 65535 bytes in a frame.
    """

def take_messages(buffer: memoryview, count: int, is_web: bool, /) -> int:
    """Write +MQTTSUBRECV for whole messages of QoS 0 at the beginning of buffer[:count].

    `is_web`: they are in WebSocket frames. Return how many bytes that was; what follows, or must
    wait for something, is the caller's. -n says that n bytes are left, at the beginning of the
    buffer now: they begin a message that fits into it. ValueError: count. Never allocates.
    """

class _Answer:  # a built-in function: as an attribute of a class it is not bound
    def __call__(self, *parts: int | str | bytes | bytearray | memoryview) -> None: ...

reply: _Answer
"""Write `+NAME:v1,v2` CR LF of the command that runs: integers in decimal, text in quotes.

Control bytes of the text become `?`.
"""

line: _Answer
"""Write parts (text or bytes), one behind the other, and CR LF."""

def refuse(code: int, reason: str, /) -> None:
    """Log why the command that runs fails; write what AT+SYSLOG wants to be said, and ERROR."""

def log(*words: object) -> None:
    """Print a line on the log port: milliseconds since begin_log(), words with spaces between."""

def begin_log() -> None:
    """Count from now on."""

def is_spare(error: BaseException, /) -> bool:
    """Tell whether this is MicroPython's spare exception, used if there is no memory for another.

    Its type and its arguments are those of the last error that found none, and there may be no
    arguments (mp_obj_exception_make_new() of MicroPython 1.25).
    """
