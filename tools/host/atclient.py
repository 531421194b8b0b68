"""The host end of the AT port: send command lines, read replies, keep a log of every byte.

Owns the serial port of one module and the bytes that came from it but were not read yet. It knows
the framing of results (``OK``, ``ERROR``, ``busy p...``) and nothing about single commands.
Starting a simulated module is the work of tools/host/simprocess.py.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import serial

from tools.host import privacy
from tools.host.bytelog import ByteLog

# Final results as they stand on a line of their own (docs/wire.md#results).
RESULTS = (
    "OK",
    "ERROR",
    "FAIL",
    "SEND OK",
    "SEND FAIL",
    "SEND CANCELLED",
    "SET OK",
    "WRITE OK",
    "busy p...",
)
GOOD = ("OK", "SEND OK", "SET OK", "WRITE OK")
_RESULT = re.compile(
    rb"(?:^|\r\n)(" + b"|".join(re.escape(r.encode()) for r in RESULTS) + rb")\r\n"
)
_CODE = re.compile(rb"ERR CODE:0x([0-9a-f]{8})\r\n")
_GUARD_S = 0.3  # of silence before and behind +++
_TICK_S = 0.01  # longest single wait inside the serial driver
_CHUNK = 512  # bytes sent without reading meanwhile
_BLIND = 65536  # most bytes taken at once from a port that does not say how many there are


class Observer(Protocol):
    """Watches the bytes of a port, for example to record which commands ran."""

    def sent(self, data: bytes) -> None:
        """Take note of bytes on their way to the module."""

    def received(self, data: bytes) -> None:
        """Take note of bytes that came from it."""


class Deadline:
    """The end of a wait. The time that what comes takes on the line does not count."""

    def __init__(self, module: Module, seconds: float) -> None:
        self._module = module
        self._until = time.monotonic() + seconds
        self._received = module.received

    @property
    def left(self) -> float:
        """Return how many seconds are left, negative if it is over."""
        on_line = self._module.line_s(self._module.received - self._received)
        return self._until + on_line - time.monotonic()


class ATMismatch(AssertionError):
    """The module said something else than expected, or nothing in time; carries the byte log."""

    def __init__(self, message: str, log: ByteLog) -> None:
        super().__init__(f"{message}\nByte log:\n{log.format()}")


@dataclass(frozen=True)
class Reply:
    """What came after a command line: its lines without blank ones, and the final result."""

    command: str
    lines: tuple[str, ...]
    result: str
    code: int | None
    raw: bytes

    @property
    def ok(self) -> bool:
        """Tell whether the command succeeded."""
        return self.result in GOOD

    @property
    def sub(self) -> int | None:
        """Return the subcategory of the error code (docs/wire.md#errors), None without a code."""
        return None if self.code is None else self.code >> 16 & 0xFF


class Module:
    """Talk to one module over any pyserial URL or device path.

    Every wait ends with ATMismatch when its limit is over. The limits are generous: they are there
    to end a broken test, not to measure speed.
    """

    def __init__(
        self,
        port: str,
        *,
        baud: int = 115200,
        timeout_s: float = 10.0,
        rtscts: bool = False,
        observer: Observer | None = None,
        secrets: Sequence[bytes] = (),
    ) -> None:
        self.port = port
        self.timeout_s = timeout_s
        self.log = ByteLog(secrets)
        self.buffer = bytearray()
        self.received = 0  # bytes in all
        self._baud = baud
        self._observer = observer
        # pyserial's socket:// says 1 however many bytes are waiting.
        self._is_blind = port.startswith("socket://")
        # pyserial's rfc2217:// refuses a limit for writing; the network has its own.
        write_s = None if port.startswith("rfc2217://") else timeout_s
        with warnings.catch_warnings():  # its rfc2217:// calls what threading deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            self._serial = serial.serial_for_url(
                port, baud, timeout=_TICK_S, write_timeout=write_s, rtscts=rtscts
            )

    def close(self) -> None:
        """Close the port; the module goes on."""
        sock = getattr(self._serial, "_socket", None)  # that of rfc2217:// is left open
        self._serial.close()
        if sock:
            sock.close()

    def __enter__(self) -> Module:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # Bytes

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.log.add(">", data)
        if self._observer:
            self._observer.sent(data)
        if len(data) <= _CHUNK:
            self._write(data)
            return
        # A module that waits for us to read takes nothing: read while the rest goes out.
        with ThreadPoolExecutor(1) as executor:
            writing = executor.submit(self._write, data)
            while not writing.done():
                self.pump(_TICK_S)
            writing.result()

    def _write(self, data: bytes) -> None:
        try:
            for start in range(0, len(data), _CHUNK):
                self._serial.write(data[start : start + _CHUNK])
        except serial.SerialTimeoutException:
            raise ATMismatch("the module does not take what is sent", self.log) from None

    def send(self, line: str | bytes) -> None:
        """Send one command line; CR LF is added."""
        self.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def pump(self, wait_s: float = 0.0) -> bytes:
        """Move what has arrived into the buffer, waiting for the first byte if there is none."""
        until = time.monotonic() + wait_s
        waiting = self._waiting()
        data = self._serial.read(waiting) if waiting else b""
        while not data and time.monotonic() < until:
            data = self._serial.read(1)
        data += self._serial.read(self._waiting()) if data else b""
        if data:
            self.log.add("<", data)
            if self._observer:
                self._observer.received(data)
            self.buffer += data
            self.received += len(data)
        return data

    def line_s(self, count: int) -> float:
        """Return how many seconds so many bytes take at the port's rate, with 10 bits each."""
        return count * 10 / self._baud

    def _waiting(self) -> int:
        """Return how many bytes to read now; reading ends at the next tick if there are fewer."""
        waiting = int(self._serial.in_waiting)
        return _BLIND if waiting and self._is_blind else waiting

    def take(self, count: int) -> bytes:
        """Remove and return the first bytes of the buffer."""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def read_until(self, mark: bytes | re.Pattern[bytes], timeout_s: float | None = None) -> bytes:
        """Read through the end of the first occurrence of mark and return it all."""
        until = self.deadline(timeout_s)
        looked = 0  # before this no mark of bytes begins: long downloads are searched once
        while True:
            if isinstance(mark, bytes):
                at = self.buffer.find(mark, looked)
                end = at + len(mark) if at >= 0 else -1
                looked = max(len(self.buffer) - len(mark) + 1, 0)
            else:
                found = mark.search(self.buffer)
                end = found.end() if found else -1
            if end >= 0:
                return self.take(end)
            name = mark if isinstance(mark, bytes) else mark.pattern
            self._more(until, f"{privacy.shown(name)} did not come")

    def read_exactly(self, count: int, timeout_s: float | None = None) -> bytes:
        """Read so many bytes."""
        until = self.deadline(timeout_s)
        while len(self.buffer) < count:
            self._more(until, f"{count} bytes did not come")
        return self.take(count)

    def expect(self, data: bytes, timeout_s: float | None = None) -> None:
        """Read exactly these bytes: the next ones, with nothing before them."""
        until = self.deadline(timeout_s)
        while not self.buffer.startswith(data):
            if not data.startswith(bytes(self.buffer)):
                got = self.log.show(bytes(self.buffer))[: len(data) + 200]
                raise ATMismatch(f"expected {self.log.show(data)}\n     got {got}", self.log)
            got = self.log.show(bytes(self.buffer))
            self._more(until, f"expected {self.log.show(data)}\n     got {got}")
        self.take(len(data))

    def quiet(self, silence_ms: int = 100, limit_s: float = 10.0) -> bytes:
        """Wait until nothing has come for so long; return and forget all that came before."""
        until = time.monotonic() + limit_s
        while self.pump(silence_ms / 1000):
            if time.monotonic() > until:
                raise ATMismatch("the module does not stop talking", self.log)
        return self.take(len(self.buffer))

    def expect_silence(self, silence_ms: int) -> None:
        """Check that nothing arrives for so long."""
        self.pump(silence_ms / 1000)
        if self.buffer:
            raise ATMismatch(
                f"expected silence, got {self.log.show(bytes(self.buffer))}", self.log
            )

    # Commands

    def command(self, line: str | bytes, timeout_s: float | None = None) -> Reply:
        """Send a command line and read its reply through the final result."""
        self.send(line)
        return self.finish(line, timeout_s)

    def finish(self, line: str | bytes = "", timeout_s: float | None = None) -> Reply:
        """Read through the next final result, for example after the payload of a data phase."""
        text = line if isinstance(line, str) else line.decode("latin-1")
        raw = self.read_until(_RESULT, timeout_s)
        found = _RESULT.search(raw)
        code = _CODE.search(raw)
        assert found is not None
        lines = [part.decode("latin-1") for part in raw.split(b"\r\n") if part]
        if lines and lines[0] == text and text:
            del lines[0]  # the echo
        return Reply(
            text,
            tuple(each for each in lines[:-1] if not each.startswith("ERR CODE:")),
            found[1].decode(),
            int(code[1], 16) if code else None,
            raw,
        )

    def ok(self, line: str | bytes, timeout_s: float | None = None) -> list[str]:
        """Send a command that must succeed and return the lines of its reply."""
        reply = self.command(line, timeout_s)
        if not reply.ok:
            raise ATMismatch(f"{reply.command}: {reply.result}, expected OK", self.log)
        return list(reply.lines)

    def error(self, line: str | bytes, timeout_s: float | None = None) -> int | None:
        """Send a command that must fail and return its error code (None while AT+SYSLOG=0)."""
        reply = self.command(line, timeout_s)
        if reply.result != "ERROR":
            raise ATMismatch(f"{reply.command}: {reply.result}, expected ERROR", self.log)
        return reply.code

    def prompt(self, line: str | bytes, timeout_s: float | None = None) -> None:
        """Send a command that asks for raw data and read through its ``>``."""
        self.send(line)
        raw = self.read_until(re.compile(rb"\r\n>|\r\nERROR\r\n"), timeout_s)
        if not raw.endswith(b">"):
            raise ATMismatch(f"{line!r}: no prompt", self.log)

    def wait_ready(self, timeout_s: float = 30.0) -> bytes:
        """Wait for the ``ready`` of a restart; return what came through it."""
        return self.read_until(b"\r\nready\r\n", timeout_s)

    def echo_off(self) -> None:
        """Turn the echo off; what the module reports meanwhile stays in the buffer."""
        self.send("ATE0")
        found = self._await(re.compile(rb"\r\nOK\r\n"))
        del self.buffer[found.start() : found.end()]
        at = self.buffer.find(b"ATE0\r\n")
        if at >= 0:
            del self.buffer[at : at + 6]

    def resync(self, attempts: int = 40) -> None:
        """Bring a module in any state (half a line, data phase, passthrough) back to commands.

        A data phase is fed with lines that are harmless as commands, more of them each time.
        """
        for attempt in range(attempts):
            self.quiet(30, limit_s=120.0)  # a download may still be on its way
            if attempt == 2:
                self.leave_passthrough()
            if attempt > 2:  # a filter that leaves no OK
                self.send("AT+SYSMSGFILTER=0")
                self.quiet(100)
            self.write(b"\r\n" if attempt == 0 else b"AT\r\n" * min(4**attempt, 4096))
            self.quiet(100)
            self.send("AT")
            try:
                self.read_until(b"\r\nOK\r\n", 0.3 + attempt / 10)
            except ATMismatch:
                continue
            self.quiet(30)
            return
        raise ATMismatch("the module does not come back", self.log)

    def set_baud(self, baud: int) -> None:
        """Change the host's side to another rate, after AT+UART_CUR."""
        self._baud = baud
        self._serial.baudrate = baud

    # Helpers

    def leave_passthrough(self) -> None:
        """Send `+++` between guard times, of which 20 ms have to reach a module that is busy."""
        time.sleep(_GUARD_S)
        self.write(b"+++")
        time.sleep(_GUARD_S)

    def _await(self, mark: re.Pattern[bytes]) -> re.Match[bytes]:
        until = self.deadline(None)
        while not (found := mark.search(self.buffer)):
            self._more(until, f"{privacy.shown(mark.pattern)} did not come")
        return found

    def deadline(self, timeout_s: float | None = None) -> Deadline:
        """Return the end of a wait of so many seconds, or as long as this module is given."""
        return Deadline(self, self.timeout_s if timeout_s is None else timeout_s)

    def _more(self, until: Deadline, message: str) -> None:
        left = until.left
        if left <= 0 or not self.pump(left):
            raise ATMismatch(message, self.log)
