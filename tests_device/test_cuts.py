"""Links that end at random moments while data flows: what arrived is whole, in order, once.

A peer that ends its stream (closed) loses nothing; one that resets may take with it what was on
its way, but nothing comes twice or in disorder. Random numbers are seeded.
"""

import random
import socket
import threading
import time

import pytest

from tests_device.rig import Rig
from tools.host.atclient import Module
from tools.host.athost import Host
from tools.peers import servers

SEED = 20261122
LIMIT_S = 60.0
KEPT = 8192  # bytes of the host that passthrough keeps while there is no link
RESET = b"\1\0\0\0\0\0\0\0"
both_ends = pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])


def cut(sock: socket.socket, reset: bool) -> None:
    """End the stream. Without reset the module's own end is awaited."""
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    else:
        sock.shutdown(socket.SHUT_WR)
        servers.sink(sock)


def taker(limit: int, taken: bytearray, reset: bool) -> servers.Serve:
    """Return a server that takes so many bytes and hangs up."""

    def serve(sock: socket.socket) -> None:
        while len(taken) < limit:
            taken.extend(sock.recv(min(4096, limit - len(taken))))
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    return serve


@both_ends
def test_five_links_cut_while_the_host_sends(host: Host, here: str, reset: bool) -> None:
    chance = random.Random(SEED + reset)
    taken = [bytearray() for _ in range(5)]
    sent = [bytearray() for _ in range(5)]
    peers = [
        servers.Server(taker(chance.randrange(1, 40000), taken[n], reset), here) for n in range(5)
    ]
    for link in range(5):
        host.ok(f'AT+CIPSTART={link},"TCP","{here}",{peers[link].port}')
    alive = list(range(5))
    while alive:
        link = chance.choice(alive)
        block = chance.randbytes(chance.choice((1, 20, 1460, 2920, 8192)))
        sent[link] += block
        if host.send(link, block, chance.choice(("AT+CIPSEND", "AT+CIPSENDL"))) != "SEND OK":
            alive.remove(link)
    host.wait(lambda: len(host.closed) == 5, "CLOSED is missing")
    host.settle()
    assert sorted(host.closed) == list(range(5)), "each link closes once"
    for link in range(5):
        assert sent[link].startswith(taken[link]), f"link {link}"
    for server in peers:
        server.close()


def teller(chance: random.Random, data: bytes, reset: bool) -> servers.Serve:
    """Return a server that sends data in random pieces and hangs up."""

    def serve(sock: socket.socket) -> None:
        left = memoryview(data)
        while left:
            piece = left[: chance.choice((1, 100, 1460, 5760, 9000))]
            sock.sendall(piece)
            left = left[len(piece) :]
        cut(sock, reset)

    return serve


@both_ends
def test_passive_links_cut_before_all_is_read(host: Host, here: str, reset: bool) -> None:
    chance = random.Random(SEED + reset)
    data = [chance.randbytes(chance.randrange(1, 50000)) for _ in range(5)]
    peers = [servers.Server(teller(chance, each, reset), here) for each in data]
    host.ok("AT+CIPRECVTYPE=5,1")
    opened = []
    for link in range(5):
        result = host.run(f'AT+CIPSTART={link},"TCP","{here}",{peers[link].port}')
        assert result == "OK" or reset  # a reset may come before the module has looked
        opened += [link] if result == "OK" else []
    while len(host.closed) < len(opened):
        link = chance.choice([n for n in opened if n not in host.closed])
        host.read(link, chance.choice((1, 500, 2048, 5760, 20000)))
        host.settle(chance.choice((0.0, 0.0, 0.02)))
        if not reset:
            for number in host.closed:
                assert len(host.data[number]) == len(data[number]), "CLOSED before all was read"
    host.settle()
    assert sorted(host.closed) == opened, "each link closes once"
    for link in opened:
        got = bytes(host.data[link])
        assert got == data[link] if not reset else data[link].startswith(got), f"link {link}"
    for server in peers:
        server.close()


def test_datagrams_while_the_link_comes_and_goes(host: Host, here: str, rig: Rig) -> None:
    chance = random.Random(SEED)
    sent: list[bytes] = []
    over = threading.Event()
    with servers.UdpServer(lambda _: [], here) as peer:
        start = f'AT+CIPSTART=0,"UDP","{here}",{peer.port},5001,0'
        host.ok(start)
        assert host.send(0, b"here I am") == "SEND OK"
        host.wait(lambda: bool(peer.received), "the first datagram is missing")
        target = peer.received[0][1]

        def burst() -> None:
            for number in range(600):
                body = number.to_bytes(4, "big") + chance.randbytes(chance.randrange(1400))
                sent.append(body)
                peer.socket.sendto(body, target)
                time.sleep(0.001 * (number % 3))
            over.set()

        sender = threading.Thread(target=burst)
        moments = random.Random(SEED)
        sender.start()
        while not over.is_set():
            host.settle(moments.uniform(0.0, 0.03))
            host.ok("AT+CIPCLOSE=0")
            host.ok(start)
        sender.join()
        host.settle()
    got = [piece for _, piece in host.pieces]
    whole = set(got)
    assert len(whole) == len(got), "none twice"
    assert got == [body for body in sent if body in whole], "whole and in order"
    assert got or not rig.simulated
    assert host.messages.count("0,CLOSED") == host.messages.count("0,CONNECT") - 1


class Flapping:
    """A peer of passthrough: sends a piece of `down` to each client, then cuts; keeps what it got.

    Nothing is sent before passthrough has begun, and the last piece is followed by no cut.
    """

    def __init__(self, down: list[bytes], reset: bool) -> None:
        self._down = down
        self._reset = reset
        self._served = 0
        self.got: list[bytearray] = []
        self.stays = threading.Event()

    def serve(self, sock: socket.socket) -> None:
        """Serve one client."""
        number, self._served = self._served, self._served + 1
        got = bytearray() if number else bytearray(sock.recv(1))
        self.got.append(got)
        reader = threading.Thread(target=self._read, args=(sock, got))
        reader.start()
        sock.sendall(self._down[number])
        if number == len(self._down) - 1:
            self.stays.set()
        elif self._reset:
            time.sleep(0.02)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.shutdown(socket.SHUT_RD)  # wakes the reader
        else:
            sock.shutdown(socket.SHUT_WR)
        reader.join()

    def _read(self, sock: socket.socket, got: bytearray) -> None:
        try:
            while piece := sock.recv(65536):
                got += piece
        except OSError:  # reset
            return


@both_ends
def test_passthrough_over_a_peer_that_comes_and_goes(
    joined: Module, here: str, reset: bool
) -> None:
    chance = random.Random(SEED + reset)
    down = [b"<block %d>" % n + chance.randbytes(chance.randrange(40000)) for n in range(8)]
    up = bytearray()
    peer = Flapping(down, reset)
    with servers.Server(peer.serve, here) as server:
        joined.ok(f'AT+CIPSTART="TCP","{here}",{server.port}')
        joined.ok("AT+CIPMODE=1")
        joined.send("AT+CIPSEND")
        joined.read_until(b">")
        until = time.monotonic() + LIMIT_S
        while not peer.stays.is_set():
            assert time.monotonic() < until, "the module does not come back"
            if len(up) - sum(map(len, peer.got)) < KEPT - 2920:
                up += (piece := chance.randbytes(chance.choice((1, 50, 1460, 2920))))
                joined.write(piece)
            joined.pump(0.005)
        up += (last := chance.randbytes(1000))
        joined.write(last)
        while not (peer.got[-1].endswith(last) and joined.buffer.endswith(down[-1])):
            assert time.monotonic() < until, "the last bytes do not arrive"
            joined.pump(0.01)
        back = joined.take(len(joined.buffer))
        joined.leave_passthrough()
        joined.ok("AT+CIPMODE=0")
        joined.ok("AT+CIPCLOSE")
    if reset:
        check_beginnings(back, down)
        check_parts(up, peer.got)
    else:
        assert back == b"".join(down)
        assert b"".join(peer.got) == up


def check_beginnings(got: bytes, blocks: list[bytes]) -> None:
    """Check that nothing but beginnings of the blocks came, in their order."""
    starts = [(got.find(b"<block %d>" % n), block) for n, block in enumerate(blocks)]
    found = [(start, block) for start, block in starts if start >= 0]
    assert found[0][0] == 0
    ends = [start for start, _ in found[1:]] + [len(got)]
    for (start, block), end in zip(found, ends, strict=True):
        assert block.startswith(got[start:end]), f"bytes {start} to {end}"


def check_parts(whole: bytes | bytearray, parts: list[bytearray]) -> None:
    """Check that the parts lie in the whole one behind the other."""
    end = 0
    for number, part in enumerate(parts):
        start = whole.find(part, end)
        assert start >= 0, f"part {number} of {len(part)} bytes is not in its place"
        end = start + len(part)
