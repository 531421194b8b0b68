"""The Rust crate esp-at-nal, unchanged, lives with a simulated module: a host of another kind.

It works through multiple links in passive mode (AT+CIPRECVMODE, +CIPRECVDATA), with its own idea
of what is a response and what a message. The program around it is in the folder nal. It needs
cargo (1.77 or newer, Debian 12: cargo-web) and, the first time, the network; where they are
missing the test is skipped.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.catalogue.declarations import ROOT
from tools.host.simprocess import Simulator
from tools.peers import servers

FOLDER = Path(__file__).parent / "nal"
TARGET = ROOT / "build" / "clients-nal"
OLDEST = (1, 77)
BLOCK = 5000


def cargo(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["cargo", *words, "--locked"],
        cwd=FOLDER,
        env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def program() -> Path:
    """Build the host, once."""
    if not shutil.which("cargo"):
        pytest.skip("cargo is not installed")
    version = subprocess.run(["cargo", "--version"], capture_output=True, text=True).stdout
    found = re.match(r"cargo (\d+)\.(\d+)", version)
    if not found or tuple(map(int, found.groups())) < OLDEST:
        pytest.skip(f"{version.strip() or 'cargo'} is too old: 1.77 is the oldest that will do")
    if (fetched := cargo("fetch")).returncode:
        pytest.skip(f"the crates cannot be fetched: {fetched.stderr[-200:]}")
    built = cargo("build", "--quiet", "--offline")
    assert built.returncode == 0, built.stderr
    return TARGET / "debug" / "nal-life"


def block(number: int) -> bytes:
    return bytes(n * (number + 3) % 256 for n in range(BLOCK))


def listen(sock: socket.socket) -> None:
    got = sock.recv(BLOCK, socket.MSG_WAITALL)
    sock.sendall(hashlib.sha256(got).hexdigest().encode())
    servers.sink(sock)


def talk(sock: socket.socket) -> None:
    sock.recv(len("speak"), socket.MSG_WAITALL)
    sock.sendall(b"x" * 3000)


def test_life(program: Path, simulate: Callable[..., Simulator]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = unused.getsockname()[1]
    with (
        servers.Server(listen) as listener,
        servers.Server(talk) as talker,
        simulate().link.open("rb+", buffering=0) as port,
    ):
        tty.setraw(port)  # the program takes the port as it is
        ports = [f"127.0.0.1:{number}" for number in (listener.port, talker.port, closed)]
        done = subprocess.run(
            [program, port.name, "espressif", "1234567890", *ports],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
    said = done.stdout.splitlines()
    assert done.returncode == 0, (said, done.stderr)
    assert re.fullmatch(r"joined 127\.[\d.]+ ([0-9a-f]{2}:){5}[0-9a-f]{2}", said[0])
    assert said[1:] == [
        *("sent " + hashlib.sha256(block(number)).hexdigest() for number in range(5)),
        "refused: connect: ConnectError(Error)",
        "heard 3000 bytes",
        "the peer is gone: TransmissionStartFailed(Error)",
        "restarted, joined: false",
    ]
