"""What the C core of atlink has to do, said again in Python, slowly and one byte at a time.

The classes here have the same interface as those of atlinkharness.py, which drive the C code;
test_atlink_core.py gives both the same input and compares. Nothing here is shared with the C side
but the rules: docs/wire.md and the manual, as the header files of firmware/atlink/core state them.
"""

from __future__ import annotations

import re

NONE, LINE, TOO_LONG, BUSY, DATA = range(5)
HOLDING, LISTENING, DROPPING, COUNTING, STREAMING = range(5)
UNCOUNTED = 2**32 - 1
NEVER = 2**64 - 1
GUARD_US = 20_000


class Receiver:
    """The receive machine: lines, echo, stray bytes."""

    def __init__(self) -> None:
        self.mode = HOLDING
        self.event = NONE
        self.echoes = True
        self.partial = bytearray()
        self.complete = b""
        self.remaining = 0
        self.swallow_lf = False
        self.rest: bytearray | None = None  # of a command line that was dropped before its end

    def echo(self, on: bool) -> None:
        self.echoes = on

    def listen(self) -> None:
        if self.mode == LISTENING or self.event in (LINE, TOO_LONG):
            return
        if self.partial:
            self.swallow_lf = self.partial.endswith(b"\r")
            self.partial.clear()
        self.mode = LISTENING

    def _leave(self) -> None:
        if self.event in (LINE, TOO_LONG):
            self.event = BUSY

    def busy(self) -> None:
        self._leave()
        self.mode = DROPPING

    def data(self, n: int) -> None:
        self._leave()
        self.swallow_lf = False
        self.rest = None
        self.remaining = n
        self.mode = COUNTING if n else HOLDING

    def stream(self) -> None:
        self._leave()
        self.swallow_lf = False
        self.rest = None
        self.mode = STREAMING

    def feed(self, data: bytes) -> tuple[int, bytes]:
        """Return how many bytes were taken, and the echo."""
        used = 0
        echo = bytearray()
        for byte in data:
            if self.mode not in (LISTENING, DROPPING) or self.event:
                break
            used += 1
            if self.rest is not None:
                self.rest.append(byte)
                if self.rest.endswith(b"\r\n"):
                    self.rest = None
                continue
            swallowed = self.swallow_lf and byte == ord("\n")
            self.swallow_lf = False
            if not swallowed:
                self._assemble(byte, echo)
        return used, bytes(echo)

    def _assemble(self, byte: int, echo: bytearray) -> None:
        if self.mode == LISTENING and self.echoes:
            echo.append(byte)
        self.complete = b""
        self.partial.append(byte)
        if not self.partial.endswith(b"\r\n"):
            return
        too_long = len(self.partial) > 258
        self.complete = b"" if too_long else bytes(self.partial[:-2])
        self.partial.clear()
        if self.mode == DROPPING:
            self.event = BUSY
        else:
            self.event = TOO_LONG if too_long else LINE
            self.mode = HOLDING

    def wants(self) -> int:
        return {COUNTING: self.remaining, STREAMING: UNCOUNTED}.get(self.mode, 0)

    def took(self, n: int) -> None:
        if self.mode == COUNTING:
            self.remaining -= n
            if not self.remaining:
                self.mode = HOLDING

    def fetch(self) -> int:
        event, self.event = self.event, NONE
        return event

    def fragment(self) -> bool:
        if self.mode != DROPPING:
            return False
        if self.fetch():
            return True
        had_some = bool(self.partial)
        if self.partial.startswith(b"AT"):
            self.rest = self.partial[-1:]
            self.partial.clear()
        elif had_some:
            self.swallow_lf = self.partial.endswith(b"\r")
            self.partial.clear()
        return had_some

    def forget_rest(self) -> None:
        self.rest = None

    def line(self) -> bytes:
        return self.complete


class Framer:
    """The passthrough framer, judged anew from the whole history each time."""

    def __init__(self, size: int, chunk: int, interval_ms: int, total: int, now: int) -> None:
        self.size = size
        self.chunk_size = chunk
        self.interval_us = interval_ms * 1000
        self.left = total
        self.reads: list[tuple[int, bytes, int]] = []  # when, what, silence seen before it
        self.last = now
        self.quiet = now
        self.received = bytearray()
        self.gone = 0  # bytes sent
        self.owed = 0
        self.since = now  # what the interval counts from
        self.ended = False

    def _seen_silence(self) -> int:
        return max(0, self.quiet - self.last)

    def _candidate(self) -> int:
        """Return how many of the last bytes may still be a lone `+++`."""
        silence = self._seen_silence()
        tail = b""
        for _, data, before in reversed(self.reads):
            tail = data + tail
            if not b"+++".startswith(tail) or self.left == 0:
                return 0
            if before > GUARD_US:
                in_time = silence <= GUARD_US if len(tail) == 3 else silence < GUARD_US
                return len(tail) if in_time or self.ended else 0
            if before == GUARD_US:
                return 0
        return 0

    def space(self) -> int:
        if self.ended:
            return 0
        used = len(self.received) - self.gone
        return min(self.size - used, self.left)

    def fed(self, data: bytes, now: int) -> None:
        if not data:
            return
        if self.gone == len(self.received):
            self.since = now
        self.reads.append((now, data, self._seen_silence()))
        self.received += data
        self.last = now
        if self.left != UNCOUNTED:
            self.left -= len(data)

    def idle(self, now: int) -> None:
        if now <= self.quiet:
            return
        might_end = not self.ended and self._candidate() == 3
        self.quiet = now
        if might_end and self._seen_silence() > GUARD_US:
            self.ended = True
            del self.received[-3:]

    def chunk(self, now: int) -> bytes:
        if not self.owed:
            held = 0 if self.ended else self._candidate()
            ready = len(self.received) - self.gone - held
            if ready >= self.chunk_size:
                self.owed = self.chunk_size
            elif self.ended or self.left == 0 or now >= self.since + self.interval_us:
                self.owed = ready
        return bytes(self.received[self.gone : self.gone + self.owed])

    def sent(self, n: int) -> None:
        self.gone += n
        self.owed -= n
        self.since = self.last

    def state(self) -> tuple[bool, int, int]:
        """Return whether `+++` came, the bytes that wait, and the deadline."""
        held = 0 if self.ended else self._candidate()
        waiting = len(self.received) - self.gone
        deadline = self.last + GUARD_US + 1 if held else NEVER
        if not self.owed and waiting > held:
            deadline = min(deadline, self.since + self.interval_us)
        return self.ended, waiting, deadline


def escape_ends(arrivals: list[tuple[int, int]], begin: int) -> int | None:
    """Return the index of the first byte of the first lone `+++`, or None.

    `arrivals` are (time in microseconds, byte) of a line that is watched all the time and stays
    silent at the end; `begin` is when it began to be watched.
    """
    for i in range(len(arrivals) - 2):
        times = [arrivals[j][0] for j in range(i, i + 3)]
        before = arrivals[i - 1][0] if i else begin
        after = arrivals[i + 3][0] if i + 3 < len(arrivals) else NEVER
        if (
            all(arrivals[j][1] == ord("+") for j in range(i, i + 3))
            and times[0] - before > GUARD_US
            and times[1] - times[0] < GUARD_US
            and times[2] - times[1] < GUARD_US
            and after - times[2] > GUARD_US
        ):
            return i
    return None


def unescape(data: bytes) -> tuple[bytes, int | None]:
    r"""Decode AT+CIPSENDEX input; return the bytes and where `\0` ended it (None: it did not)."""
    end = re.match(rb"(?s)(?:[^\\]|\\[^0])*\\0", data)
    body = data[: end.end() - 2] if end else data
    return re.sub(rb"(?s)\\(.?)", rb"\1", body), end.end() if end else None


def regex_cut(pattern: bytes, message: bytes) -> tuple[int, int] | None:
    """Return the leftmost longest match of a BRE of characters, sets, stars and anchors."""
    first, last = pattern.startswith(b"^"), pattern.endswith(b"$")
    body = pattern[first : len(pattern) - last]
    body = body.replace(b"+", rb"\+").replace(b"?", rb"\?").replace(b"(", rb"\(")
    python = re.compile(body.replace(b".", b"[^\0]"), re.DOTALL)
    for start in range(1 if first else len(message) + 1):
        for end in range(len(message), start - 1, -1):
            if (not last or end == len(message)) and python.fullmatch(message[start:end]):
                return start, end
    return None
