"""WebSocket links under load: nothing lost, nothing stuck, nothing left behind.

Random messages over three links, a host that reads slowly, servers that do not read. The course
of single messages is in the transcripts. Random numbers are seeded.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests_device.rig import Rig
from tools.host.atclient import Module
from tools.peers import servers
from tools.peers.websocketpeer import WebSocketServer
from tools.peers.websocketraw import RawServer, frame

SEED = 20261121
BUFFER = 65536  # what this machine keeps of a link in each direction
_DATA = re.compile(rb"(?:\r\n)*\+WS_DATA:([0-2]),(\d+),")

Serve = Callable[[ServerConnection], None]


@pytest.fixture
def at(rig: Rig) -> Module:
    """Return a module in the network."""
    return rig.joined(blank=False)


@contextmanager
def server(run: Serve, here: str) -> Iterator[str]:
    """Serve clients by a function; yield the URI."""

    def guarded(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            run(connection)

    listener = socket.create_server((here, 0))
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        listener.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    with serve(guarded, sock=listener, ping_interval=None, max_size=None) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"ws://{here}:{running.socket.getsockname()[1]}"
        running.shutdown()
        thread.join()


def connect(at: Module, number: int, uri: str) -> None:
    at.send(f'AT+WSOPEN={number},"{uri}"')
    at.expect(b"+WS_CONNECTED:%d\r\n\r\nOK\r\n" % number, 20.0)


def piece(at: Module) -> tuple[int, bytes]:
    """Read one +WS_DATA; return link and data."""
    head = _DATA.search(at.read_until(_DATA, 30.0))
    assert head
    data = at.read_exactly(int(head[2]), 30.0)
    at.expect(b"\r\n")
    return int(head[1]), data


def send(at: Module, number: int, data: bytes, tail: str = "") -> bytes:
    """Send a frame; return what came before and behind the prompt, up to SEND OK."""
    at.send(f"AT+WSSEND={number},{len(data)}{tail}")
    before = at.read_until(b"\r\nOK\r\n\r\n>")
    at.write(data)
    return before + at.read_until(b"\r\nSEND OK\r\n", 30.0)


def sort(stream: bytes, found: dict[int, bytearray]) -> None:
    """Add the data of all +WS_DATA in a stream to those of their links."""
    while head := _DATA.search(stream):
        end = head.end() + int(head[2])
        found[int(head[1])] += stream[head.end() : end]
        stream = stream[end:]


def test_random_messages_over_three_links(at: Module, here: str) -> None:
    chance = random.Random(SEED)
    sent: dict[int, bytes] = defaultdict(bytes)
    found: dict[int, bytearray] = defaultdict(bytearray)
    plain, secure = WebSocketServer(here), WebSocketServer(here, servers.server_context())
    for number, uri in enumerate((f"ws://{here}:{plain.port}", f"wss://{here}:{secure.port}") * 2):
        if number < 3:
            connect(at, number, uri)
    for _ in range(100):
        number = chance.randrange(3)
        data = chance.randbytes(chance.choice((0, 1, 125, 126, 500, 1014)))
        sort(send(at, number, data, ",2"), found)
        sent[number] += data
    while any(len(found[number]) < len(sent[number]) for number in sent):
        number, data = piece(at)
        found[number] += data
    assert {n: bytes(found[n]) for n in sent} == sent
    for number in range(3):
        assert at.command(f"AT+WSCLOSE={number}").result == "OK"
    plain.close()
    secure.close()


def test_a_slow_host_holds_the_server_back(at: Module, here: str, rig: Rig) -> None:
    rig.need_patience()
    chance = random.Random(SEED)
    messages, left = [], rig.fit(8_000_000, 40)
    while left > 0:
        messages.append(chance.randbytes(chance.choice((5, 1000, 1024, 1025, 60000))))
        left -= len(messages[-1])
    whole = b"".join(messages)
    done = threading.Event()

    def run(connection: ServerConnection) -> None:
        for message in messages:
            connection.send(message)
        done.set()
        connection.recv()

    with server(run, here) as uri:
        connect(at, 0, uri)
        assert not done.wait(0.5), "all of it went somewhere although the host does not read"
        got = bytearray()
        while len(got) < len(whole):
            if chance.randrange(50) == 0:
                time.sleep(0.02)
            got += piece(at)[1]
        assert done.wait(5)
        assert got == whole
        assert at.command("AT+WSCLOSE=0").result == "OK"


def test_pings_are_not_missed_while_the_host_is_slow(at: Module, here: str, rig: Rig) -> None:
    rig.need_patience()

    def run(connection: ServerConnection) -> None:
        for _ in range(300):
            connection.send(bytes(1000))
        connection.recv()

    at.ok("AT+WSCFG=0,1,1,1024")
    with server(run, here) as uri:
        connect(at, 0, uri)
        time.sleep(3)  # no pong can be seen meanwhile
        assert b"".join(piece(at)[1] for _ in range(300)) == bytes(300_000)
        at.expect_silence(1500)
        assert at.ok("AT+WSOPEN?")[0].startswith("+WSOPEN:0,2,")


def test_a_flood_of_pings_is_answered_in_part(at: Module, here: str) -> None:
    raw = RawServer(here)
    connect(at, 0, f"ws://{here}:{raw.port}/")
    raw.act("flood 20000 89 abc")
    raw.act("frame 81 end")
    assert piece(at) == (0, b"end")
    raw.act("heard 8a abc")
    assert at.ok("AT+WSOPEN?")[0].startswith("+WSOPEN:0,2,")
    raw.close()


def test_a_server_that_does_not_read(at: Module, here: str, rig: Rig) -> None:
    """Sending ends in ERROR, the link is lost; the payload is not taken for commands."""
    go = threading.Event()

    def run(_: ServerConnection) -> None:
        go.wait(180)

    with server(run, here) as uri:
        at.ok("AT+WSCFG=0,10,120,8192")
        connect(at, 0, uri)
        data = b"AT\r\n" * 2045
        for _ in range(rig.fit(24_000_000, 60) // len(data)):
            at.send(f"AT+WSSEND=0,{len(data)},1,300")
            at.read_until(b">")
            at.write(data)
            seen = at.read_until(re.compile(rb"\r\n(SEND OK|ERROR)\r\n"))
            if seen.endswith(b"ERROR\r\n"):
                break
        else:
            pytest.fail("all of it went somewhere although the server does not read")
        assert b"\r\nOK\r\n" not in seen
        at.read_until(b"+WS_DISCONNECTED:0\r\n")
        assert at.command("AT+WSSEND=0,1").result == "ERROR"
        assert at.command("AT+WSCLOSE=0").result == "OK"
        go.set()


def test_opening_and_closing_leaves_nothing_behind(at: Module, here: str) -> None:
    """There are 16 sockets, and 40 connections would fill the chip's heap."""
    echo = WebSocketServer(here)
    for turn in range(40):
        for number in range(3):
            connect(at, number, f"ws://{here}:{echo.port}")
            send(at, number, b"%d" % turn)
            assert piece(at) == (number, b"%d" % turn)
        for number in range(3):
            assert at.command(f"AT+WSCLOSE={number}").result == "OK"
    echo.close()


def test_passthrough_keeps_messages_back(at: Module, here: str) -> None:
    streaming, said = threading.Event(), threading.Event()

    def run(connection: ServerConnection) -> None:
        streaming.wait(30)
        connection.send("one")
        connection.send("two")
        said.set()
        connection.recv()

    with server(run, here) as uri, servers.Server(servers.echo, here) as echo:
        connect(at, 0, uri)
        at.ok(f'AT+CIPSTART="TCP","{here}",{echo.port}')
        at.ok("AT+CIPMODE=1")
        at.send("AT+CIPSEND")
        at.expect(b"\r\nOK\r\n\r\n>")
        streaming.set()
        assert said.wait(10)
        at.expect_silence(100)
        at.write(b"passed through")
        at.expect(b"passed through")
        at.leave_passthrough()
        at.expect(b"+WS_DATA:0,3,one\r\n+WS_DATA:0,3,two\r\n")
        at.ok("AT+CIPMODE=0")


def test_garbage_from_a_server(at: Module, here: str) -> None:
    """Whatever a server sends, the module goes on; the link can be given up and used again."""
    chance = random.Random(SEED)
    raw = RawServer(here)
    for _ in range(40):
        connect(at, 0, f"ws://{here}:{raw.port}/")
        stream = b"".join(
            frame(chance.choice((0x81, 0x82, 0x01, 0x80, 0x89, 0x88)), chance.randbytes(size))
            for size in (3, 126, 2000)
        )
        noisy = bytearray(stream[: chance.randrange(1, len(stream))])
        for _ in range(chance.randrange(4)):
            noisy[chance.randrange(min(len(noisy), 200))] = chance.randrange(256)
        raw.send(bytes(noisy))
        raw.act(chance.choice(("drop", "reset")))
        at.read_until(re.compile(rb"\+WS_(DISCONNECTED|CLOSED):0\r\n"))
        at.quiet(20)
        at.command("AT+WSCLOSE=0")
        at.quiet(20)
        at.ok("AT")
    raw.close()
