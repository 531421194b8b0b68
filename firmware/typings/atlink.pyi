"""The AT port, waiting, and the message filter: what the C module `atlink` gives to Python.

Owns UART1 with its rings (2048 bytes in, 8192 out), command-line assembly with echo, and counted
payloads. The same module runs on the chip and on a PC. Networking is the module `atnet`.
"""

NONE: int
"""poll(): nothing has happened."""
LINE: int
"""poll(): a command line is complete; see UART.line(). Nothing more is consumed for now."""
TOO_LONG: int
"""poll(): a line of more than 256 bytes before CR LF has ended. Nothing more is consumed."""
BUSY: int
"""poll(): a line was dropped while a command runs; UART.line() tells which (b"" if too long)."""
DATA: int
"""poll(): payload can be read."""

UART_RX: int
"""wait(): UART.poll() has something to tell."""
UART_TX: int
"""wait(): at least half of the transmit ring is free."""
EVENT: int
"""wait(): the chip has an event."""
SILENCE_MS: int
"""A host that sends nothing for so long will not send the rest of a payload."""

class UART:
    """The AT port. There is one: constructing it again drops what was received."""

    def __init__(self, port: int, tx: int, rx: int, cts: int = -1, rts: int = -1) -> None:
        """Take UART `port` over: GPIO numbers, -1 if not wired; 115200 baud 8N1, nothing consumed.

        ValueError: no such pin, or one used twice. OSError(ENODEV): no such UART.
        """

    def config(self, baud: int, bits: int, stop: int, parity: int, flow: int, /) -> None:
        """Set the line, at once, in the codes of AT+UART_CUR.

        baud 80..5000000; bits 5..8; stop 1, 2 (one and a half), 3 (two); parity 0 none, 1 odd,
        2 even; flow bits 1 RTS, 2 CTS. ValueError: out of range. OSError(EINVAL): flow control
        on a pin that is not wired. After an error nothing has changed.
        """

    def settings(self) -> tuple[int, int, int, int, int]:
        """Return what config() sets, with the baud rate that the divider really gives."""

    def echo(self, on: bool, /) -> None:
        """Send command lines back byte by byte, or not; at first they are."""

    def listen(self) -> None:
        """Assemble a command line, beginning with bytes left over from before.

        A LF that follows a dropped CR is dropped too. A line that poll() has not told of stays.
        """

    def busy(self) -> None:
        """Drop what arrives, without echo; poll() tells BUSY for each complete line."""

    def data(self, n: int, /) -> None:
        """Take the next n bytes as payload, without echo.

        n 0..2147483647; ValueError, or OverflowError if it does not fit a machine word.
        """

    def stream(self) -> None:
        """Take all bytes as payload, without echo, until listen(), busy() or data()."""

    def poll(self) -> int:
        """Take in what has arrived and return the next event.

        After LINE, TOO_LONG and the last payload byte nothing more is consumed until listen(),
        busy() or data(). Never allocates.
        """

    def line(self, start: int = 0, /) -> bytes:
        """Return the line of the last LINE or BUSY event without CR LF, until more is taken in.

        ValueError: it does not reach `start`.
        """

    def read(self, n: int, /) -> bytes:
        """Return payload that has arrived, at most n bytes; b"" if there is none.

        May return less than is there: read again.
        """

    def readinto(self, buf: bytearray | memoryview, /) -> int:
        """Fill `buf` with payload that has arrived; return how many bytes. Never allocates."""

    def skip(self) -> int:
        """Drop payload that has arrived; return how many bytes. Never allocates.

        There may be more: skip again.
        """

    def remaining(self) -> int:
        """Return how many bytes of a counted payload are still to come."""

    def fragment(self) -> bool:
        """While busy: take in what has arrived; True if a dropped line or part of one is untold.

        Each True stands for one line, or at last for its beginning, that no BUSY event told of:
        call it until False, answering each, before the final result of the command.
        """

    def serving(self) -> bool:
        """Whether a command of the host is under way, and no result of it has been written."""

    def typing(self) -> int:
        """Return for how many ms the echo of a line must not be broken by anything else.

        0: no line is under way, it was not continued for 100 ms, it is too long, or echo is off.
        Data of links waits by itself.
        """

    def write(self, buf: bytes | bytearray | memoryview, /) -> int:
        """Put bytes on the transmit ring; return how many found room. Never blocks or allocates.

        They leave together at the next wait(), or as soon as the ring is half full.
        """

    def room(self) -> int:
        """Return the free bytes of the transmit ring."""

    def pending(self) -> int:
        """Return how many bytes have not left the wire yet; above 0 it may be an estimate."""

    def flush(self, timeout_ms: int, /) -> bool:
        """Block until the last bit has left (-1: for ever); False if the time was not enough."""

def wait(timeout_ms: int, mask: int, /) -> int:
    """Send what is to be sent, then block until a source in `mask` is ready or the time is over.

    timeout_ms -1 is for ever. Returns the mask of ready sources: UART_RX, UART_TX, EVENT, links
    from 1 << 8 up; 0 after the time is over. Command lines are taken in and echoed meanwhile,
    whatever the mask. Other threads run while it blocks. Never allocates.
    """

def filter_add(head: bytes, tail: bytes, flags: int = ..., /) -> None:
    """Add a message filter: two POSIX regular expressions of up to 64 bytes, one may be b"".

    `flags` is a sum: 1 extended ones, 2 without regard to case, 4 lines (REG_NEWLINE).

    ValueError: malformed, too long, with a NUL, or both empty. OSError(ENOMEM): no memory, or
    16 filters exist.
    """

def filter_delete(head: bytes, tail: bytes, flags: int = ..., /) -> bool:
    """Delete the first filter made of these expressions; False if there is none."""

def filter_clear() -> None:
    """Delete all filters."""

def filter_list() -> list[tuple[bytes, bytes, int]]:
    """Return the expressions of all filters, in the order they are tried."""

def filter_cut(message: bytes | bytearray | memoryview, /) -> bytes:
    """Return the message less what the first matching filter matches.

    A filter matches if its head and its tail each match somewhere in the message (an empty one
    always does); the bytes that either of them matches are cut out, the rest stays.
    """

def mask(data: bytearray | memoryview, key: bytes, at: int = 0, /) -> None:
    """Mask bytes of a WebSocket's payload in place (RFC 6455 section 5.3); it undoes itself too.

    `key` has 4 bytes; data[0] is byte number `at` of the payload. ValueError. Never allocates.
    """

def utf8(data: bytes | bytearray | memoryview, state: int = 0, /) -> int:
    """Check more bytes of a text; return the state behind them, which the next call is given.

    0: whole characters so far; -1: this is no UTF-8; others: in the middle of a character.
    ValueError: no such state. Never allocates.
    """
