"""Build the C core of atlink with sanitizers, and drive it from Python.

The classes have the interface of those in oracle.py.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ATLINK = ROOT / "firmware" / "atlink"
TESTS = ROOT / "tests_host" / "c"

FLAGS = (
    *("-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)


def compile_c(target: Path, test: str, sources: Sequence[str], *flags: str) -> Path:
    """Compile tests_host/c/`test`.c with `sources` of firmware/atlink to `target`."""
    files = [TESTS / f"{test}.c", *(ATLINK / source for source in sources)]
    command = ["gcc", *FLAGS, f"-I{ATLINK}", *flags, *map(str, files), "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


def _hex(data: bytes) -> str:
    return data.hex() or "-"


def _bytes(text: str) -> bytes:
    return b"" if text == "-" else bytes.fromhex(text)


class Harness:
    """The process that runs the core."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, command: str, *arguments: object) -> list[str]:
        """Run one command and return the words of its reply."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(" ".join([command, *map(str, arguments)]) + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        assert reply.startswith("="), f"the core died at {command} {arguments}"
        return reply[1:].split()

    def close(self) -> int:
        """End the process; return its exit status (not 0: a sanitizer complained)."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


class Receiver:
    """core/rx.c."""

    def __init__(self, core: Harness) -> None:
        self.core = core
        core("rx_new")

    def echo(self, on: bool) -> None:
        self.core("rx_echo", int(on))

    def listen(self) -> None:
        self.core("rx_listen")

    def busy(self) -> None:
        self.core("rx_busy")

    def data(self, n: int) -> None:
        self.core("rx_data", n)

    def stream(self) -> None:
        self.core("rx_stream")

    def feed(self, data: bytes) -> tuple[int, bytes]:
        used, echo = map(int, self.core("rx_feed", _hex(data)))
        return used, data[used - echo : used]

    def wants(self) -> int:
        return int(self.core("rx_wants")[0])

    def took(self, n: int) -> None:
        self.core("rx_took", n)

    def fetch(self) -> int:
        return int(self.core("rx_fetch")[0])

    def fragment(self) -> bool:
        return self.core("rx_fragment") == ["1"]

    def forget_rest(self) -> None:
        self.core("rx_forget_rest")

    def line(self) -> bytes:
        return _bytes(self.core("rx_line")[0])


class Framer:
    """core/framer.c."""

    def __init__(
        self, core: Harness, size: int, chunk: int, interval_ms: int, total: int, now: int
    ) -> None:
        self.core = core
        core("fr_new", size, chunk, interval_ms, total, now)

    def space(self) -> int:
        return int(self.core("fr_space")[0])

    def fed(self, data: bytes, now: int) -> None:
        self.core("fr_fed", _hex(data), now)

    def idle(self, now: int) -> None:
        self.core("fr_idle", now)

    def chunk(self, now: int) -> bytes:
        return _bytes(self.core("fr_chunk", now)[0])

    def sent(self, n: int) -> None:
        self.core("fr_sent", n)

    def state(self) -> tuple[bool, int, int]:
        ended, waiting, deadline = self.core("fr_state")
        return ended == "1", int(waiting), int(deadline)


class Unescaper:
    """core/unescape.c."""

    def __init__(self, core: Harness) -> None:
        self.core = core
        core("un_new")

    def decode(self, data: bytes, room: int) -> tuple[int, bool, bytes]:
        """Return the bytes taken, whether `\\0` came, and what was decoded."""
        used, ended, out = self.core("un_decode", _hex(data), room)
        return int(used), ended == "1", _bytes(out)


class Filter:
    """core/filter.c, with an empty table."""

    def __init__(self, core: Harness) -> None:
        self.core = core
        core("fi_clear")

    def add(self, head: bytes, tail: bytes) -> int:
        """Return 0 or an errno."""
        return int(self.core("fi_add", _hex(head), _hex(tail))[0])

    def cut(self, message: bytes) -> bytes:
        """Return what remains of a message."""
        cuts, *ends = map(int, self.core("fi_cut", _hex(message)))
        if not cuts:
            return message
        return message[: ends[0]] + message[ends[1] : ends[2]] + message[ends[3] :]
