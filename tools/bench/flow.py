"""What the benchmarks of data flows share: a joined module, its raw port, socat as the peer.

Owns how bytes are pushed and timed. Every transfer is checked by SHA-256, outside the time that
is measured. Ours and the peer's slices take turns in one run, so that a busy PC slows both.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench.result import Bench, Result, median
from tools.host.atclient import Module
from tools.peers import servers
from tools.peers.secure import wrap

SLICES = 17  # short ones: on a busy PC ours and the peer's meet the same weather
SLICE_BYTES = 4 * 1024 * 1024  # all of them: 68 MiB
_BLOCK = 65536
_DATA = random.Random(SLICE_BYTES).randbytes(SLICE_BYTES)  # no part of it comes twice
_READ = 1 << 18
_LIMIT_S = 120.0
# The simulated network gives the module's links segments and windows of the chip's stack (see
# firmware/atlink/port_unix_route.c); socat's connections get the same, else they would race
# against megabytes of the kernel's. With ATLINK_WIDE in the environment neither has them.
_CHIPS_WINDOW = "" if "ATLINK_WIDE" in os.environ else ",mss=1440,rcvbuf=5760,sndbuf=5760"

Transfer = Callable[[int], bytes]  # moves so many bytes of data() and returns what arrived


def data(count: int) -> Iterator[memoryview]:
    """Yield the first `count` bytes of the test data in blocks."""
    whole = memoryview(_DATA)[:count]
    for start in range(0, count, _BLOCK):
        yield whole[start : start + _BLOCK]


def compare(ours: Transfer, peer: Transfer, count: int = SLICE_BYTES) -> Result:
    """Let both move slices in turn; return MB/s, the peer's too."""
    rates: tuple[list[float], list[float]] = ([], [])
    for transfer in (ours, peer):
        timed(transfer, count // 8)  # warm up
    for _ in range(SLICES):
        for transfer, list_of in zip((ours, peer), rates, strict=True):
            list_of.append(count / timed(transfer, count) / 1e6)
    note = f"{SLICES} x {count} bytes, {min(rates[0]):.0f} to {max(rates[0]):.0f}, SHA-256 equal"
    return Result(median(rates[0]), "MB/s", median(rates[1]), note)


def timed(transfer: Transfer, count: int) -> float:
    """Return the seconds of a transfer; RuntimeError if other bytes arrived than were sent."""
    start = time.perf_counter()
    got = transfer(count)
    taken = time.perf_counter() - start
    want = hashlib.sha256()
    for block in data(count):
        want.update(block)
    if hashlib.sha256(got).digest() != want.digest():
        raise RuntimeError(f"of {count} bytes {len(got)} arrived, or other ones")
    return taken


def push(write: Callable[[memoryview], object], count: int, read: Transfer) -> bytes:
    """Write test data in a thread while `read` collects it here."""

    def run() -> None:
        for block in data(count):
            write(block)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    got = read(count)
    thread.join(_LIMIT_S)
    return got


def port_writer(port: int) -> Callable[[memoryview], None]:
    """Return a function that writes a whole block to a descriptor."""

    def write(block: memoryview) -> None:
        while block:
            block = block[os.write(port, block) :]

    return write


def collector(receive: Callable[[int], bytes]) -> Transfer:
    """Return a function that collects so many bytes by recv() or the like."""

    def read(count: int) -> bytes:
        parts, left = [], count
        while left:
            piece = receive(min(left, _READ))
            if not piece:
                break
            parts.append(piece)
            left -= len(piece)
        return b"".join(parts)

    return read


def port_reader(port: int) -> Transfer:
    """Return a function that collects bytes from a descriptor."""
    return collector(lambda size: os.read(port, size))


@contextmanager
def listener(context: ssl.SSLContext | None = None) -> Iterator[Callable[[], socket.socket]]:
    """Give a function that accepts the next client; its attribute `port` is where to connect."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(_LIMIT_S)

        def accept() -> socket.socket:
            client, _ = server.accept()
            if context:
                client.settimeout(_LIMIT_S)
                client = wrap(context, client, server_side=True)
            client.settimeout(None)
            return client

        accept.port = server.getsockname()[1]  # type: ignore[attr-defined]
        yield accept


def accepted(accept: Callable[[], socket.socket], begin: Callable[[int], object]) -> socket.socket:
    """Return the connection that `begin(port)` makes to us; both sides run at once."""
    found: list[socket.socket] = []
    thread = threading.Thread(target=lambda: found.append(accept()), daemon=True)
    thread.start()
    begin(accept.port)  # type: ignore[attr-defined]
    thread.join(_LIMIT_S)
    return found[0]


@contextmanager
def joined(bench: Bench, **options: object) -> Iterator[Module]:
    """Give a module that has joined the access point, echo off."""
    with bench.simulator(**options).start(erase=True) as simulator, simulator.module() as module:
        module.echo_off()
        join(module)
        yield module


def join(module: Module) -> None:
    """Join the access point of the default world."""
    module.ok("AT+CWMODE=1")
    module.ok('AT+CWJAP="espressif","1234567890"', 60.0)


@contextmanager
def raw_port(module: Module) -> Iterator[int]:
    """Give the descriptor of the module's port, past the client."""
    port = os.open(module.port, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    try:
        yield port
    finally:
        os.close(port)


def enter_passthrough(module: Module) -> None:
    """Enter passthrough on the open link."""
    module.ok("AT+CIPMODE=1")
    module.send("AT+CIPSEND")
    module.read_until(b"\r\nOK\r\n\r\n>")


@contextmanager
def socat(target: str, folder: Path) -> Iterator[int]:
    """Run socat between a pty and `target`; give the pty's descriptor."""
    program = shutil.which("socat")
    if not program:
        raise RuntimeError("socat is not installed")
    link = folder / "pty"
    command = [program, f"PTY,link={link},raw,echo=0", target]
    with subprocess.Popen(command) as process:
        try:
            until = time.monotonic() + _LIMIT_S
            while not link.exists() and time.monotonic() < until:
                time.sleep(0.02)
            port = os.open(link, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(port)
            yield port
            os.close(port)
        finally:
            process.terminate()


@contextmanager
def rivals(
    bench: Bench, secure: bool = False
) -> Iterator[tuple[Module, socket.socket, int, socket.socket]]:
    """Give module and its peer socket, socat's pty and its peer socket, all connected alike."""
    kind, target = ("SSL", "OPENSSL") if secure else ("TCP", "TCP")
    context = servers.server_context() if secure else None
    with joined(bench) as module, listener(context) as accept:
        ours = accepted(accept, lambda port: module.ok(f'AT+CIPSTART="{kind}","127.0.0.1",{port}'))
        address = f"{target}:127.0.0.1:{accept.port}"  # type: ignore[attr-defined]
        address += _CHIPS_WINDOW + (",verify=0" if secure else "")
        found: list[socket.socket] = []
        thread = threading.Thread(target=lambda: found.append(accept()), daemon=True)
        thread.start()
        with socat(address, bench.folder("socat")) as port:
            thread.join(_LIMIT_S)
            yield module, ours, port, found[0]
