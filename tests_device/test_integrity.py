"""No byte lost, doubled or out of order, and the right message for every event.

Random chunks over five links at once, links that are cut at random moments, slow readers,
bursts of datagrams, data in both directions of passthrough. Random numbers are seeded.
"""

import hashlib
import random
import socket
import threading
import time

import pytest

from tests_device.rig import Rig
from tools.host.atclient import Module
from tools.host.athost import Host
from tools.peers import servers

SEED = 20261121
BUFFER = 65536  # of a peer that is to be held back


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_random_chunks_over_five_links(host: Host, echo: servers.Server, here: str) -> None:
    chance = random.Random(SEED)
    sent = {link: bytearray() for link in range(5)}
    for link in sent:
        host.ok(f'AT+CIPSTART={link},"TCP","{here}",{echo.port}')
    for _ in range(120):
        link = chance.randrange(5)
        block = chance.randbytes(chance.choice((1, 2, 100, 1460, 2920, 2921, 8192)))
        command = chance.choice(("AT+CIPSEND", "AT+CIPSENDL"))
        assert host.send(link, block, command) == "SEND OK"
        sent[link] += block
    host.wait(lambda: all(len(host.data[n]) >= len(sent[n]) for n in sent), "echo is missing")
    host.settle()
    for link, data in sent.items():
        assert sha(host.data[link]) == sha(data), f"link {link}"
    assert not host.closed


def serve_and_end(chance: random.Random, data: bytes, reset: bool) -> servers.Serve:
    """Return a server that sends data in random pieces and ends the stream."""

    def serve(sock: socket.socket) -> None:
        left = memoryview(data)
        while left:
            piece = left[: chance.choice((1, 7, 500, 1460, 5000, 20000))]
            sock.sendall(piece)
            left = left[len(piece) :]
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    return serve


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_peers_that_go_at_random_moments(host: Host, here: str, reset: bool) -> None:
    chance = random.Random(SEED + reset)
    for round_ in range(3):
        data = {link: chance.randbytes(chance.randrange(1, 60000)) for link in range(5)}
        peers = [
            servers.Server(serve_and_end(chance, data[link], reset), here) for link in range(5)
        ]
        host.data.clear()
        host.closed.clear()
        opened = []
        for link in range(5):
            result = host.run(f'AT+CIPSTART={link},"TCP","{here}",{peers[link].port}')
            assert result == "OK" or reset  # a reset may come before the module has looked
            opened += [link] if result == "OK" else []
        host.wait(lambda want=opened: len(host.closed) == len(want), "CLOSED is missing")
        host.settle()
        assert sorted(host.closed) == opened, f"round {round_}: each link closes once"
        for link in range(5):
            if reset:
                assert data[link].startswith(bytes(host.data[link])), f"link {link}"
            else:
                assert sha(host.data[link]) == sha(data[link]), f"link {link}"
        for server in peers:
            server.close()


def test_host_closes_links_in_the_middle_of_data(host: Host, here: str) -> None:
    chance = random.Random(SEED)
    data = chance.randbytes(400000)
    with servers.Server(serve_and_end(chance, data, False), here) as server:
        for round_ in range(10):
            link = round_ % 5
            host.data.clear()
            host.ok(f'AT+CIPSTART={link},"TCP","{here}",{server.port}')
            host.wait(lambda n=link: len(host.data[n]) > 3000, "no data")
            if link not in host.closed:
                host.run(f"AT+CIPCLOSE={link}")
            host.settle(0.02)
            assert link in host.closed
            assert data.startswith(bytes(host.data[link])), f"round {round_}"
            host.closed.clear()


def test_passive_links_with_a_slow_reader(host: Host, here: str) -> None:
    chance = random.Random(SEED)
    data = {link: chance.randbytes(100000 + 1000 * link) for link in range(3)}
    host.ok("AT+CIPRECVTYPE=5,1")
    peers = [servers.Server(serve_and_end(chance, data[n], False), here) for n in range(3)]
    for link in range(3):
        host.ok(f'AT+CIPSTART={link},"TCP","{here}",{peers[link].port}')
    while len(host.closed) < 3:
        link = chance.choice([n for n in range(3) if n not in host.closed])
        before = len(host.data[link])
        got = host.read(link, chance.choice((1, 99, 1460, 5760, 20000)))
        assert len(got) == len(host.data[link]) - before
        host.settle(chance.choice((0.0, 0.0, 0.02)))
        for number in host.closed:
            assert len(host.data[number]) == len(data[number]), "CLOSED before all was read"
    for link, want in data.items():
        assert sha(host.data[link]) == sha(want), f"link {link}"
    for server in peers:
        server.close()


def test_slow_host_holds_the_peer_back(host: Host, here: str, rig: Rig) -> None:
    rig.need_patience()
    chance = random.Random(SEED)
    data = chance.randbytes(rig.fit(12_000_000, 40))
    done = threading.Event()

    def serve(sock: socket.socket) -> None:
        sock.sendall(data)
        done.set()
        servers.sink(sock)

    with servers.Server(serve, here, buffer=BUFFER) as server:
        host.ok(f'AT+CIPSTART=0,"TCP","{here}",{server.port}')
        assert not done.wait(0.5), "all of it went somewhere although the host does not read"
        host.wait(lambda: len(host.data[0]) == len(data), "data is missing", 60.0)
        assert done.wait(5)
    assert sha(host.data[0]) == sha(data)


def test_bursts_of_datagrams(host: Host, here: str, rig: Rig) -> None:
    chance = random.Random(SEED)
    with servers.UdpServer(lambda data: [], here) as peer:
        host.ok(f'AT+CIPSTART=0,"UDP","{here}",{peer.port},5001,0')
        assert host.send(0, b"here I am") == "SEND OK"
        host.wait(lambda: bool(peer.received), "the first datagram is missing")
        target = peer.received[0][1]
        sent = []
        for number in range(300):
            body = number.to_bytes(4, "big") + chance.randbytes(chance.randrange(1400))
            sent.append(body)
            peer.socket.sendto(body, target)
            if number % 50 == 49:
                host.settle(0.05)
        host.settle()
        got = [piece for _, piece in host.pieces]
        whole = set(got)
    if rig.simulated:
        assert len(got) == len(sent), "the loopback loses nothing"
    assert len(got) > len(sent) // 2
    assert got == [body for body in sent if body in whole], "whole, in order, none twice"


def test_passthrough_both_ways_at_once(joined: Module, here: str, rig: Rig) -> None:
    chance = random.Random(SEED)
    size = rig.fit(300000)
    up = chance.randbytes(size // 2) + b"+++" + chance.randbytes(size // 2)
    down = chance.randbytes(size)
    got = bytearray()
    whole = threading.Event()

    def serve(sock: socket.socket) -> None:
        got.extend(sock.recv(1))  # passthrough has begun
        sender = threading.Thread(target=sock.sendall, args=(down,))
        sender.start()
        while len(got) < len(up):
            got.extend(sock.recv(65536))
        whole.set()
        sender.join()
        servers.sink(sock)

    with servers.Server(serve, here) as server:
        joined.ok(f'AT+CIPSTART="TCP","{here}",{server.port}')
        joined.ok("AT+CIPMODE=1")
        joined.send("AT+CIPSEND")
        joined.read_until(b">")
        left = memoryview(up)
        while left:
            piece = left[: chance.choice((1, 100, 1460, 2920, 9000))]
            joined.write(bytes(piece))
            left = left[len(piece) :]
        back = joined.read_exactly(len(down), 30.0)
        assert whole.wait(30)
        joined.leave_passthrough()
        joined.ok("AT+CIPMODE=0")
        joined.ok("AT+CIPCLOSE")
    assert sha(got) == sha(up)
    assert sha(back) == sha(down)


def test_long_send_into_a_link_that_breaks(host: Host, here: str) -> None:
    taken = bytearray()

    def serve(sock: socket.socket) -> None:
        while len(taken) < 50000:
            taken.extend(sock.recv(4096))

    data = random.Random(SEED).randbytes(500000)
    with servers.Server(serve, here) as server:
        host.ok(f'AT+CIPSTART=2,"TCP","{here}",{server.port}')
        assert host.send(2, data, "AT+CIPSENDL") == "SEND FAIL"
    host.settle()
    assert host.closed == [2]
    assert data.startswith(bytes(taken))
    reports = [m for m in host.messages if m.startswith("+CIPSENDL:")]
    assert reports[-1].endswith(f",{len(data)}"), "every announced byte was taken"


def test_restart_of_a_number_is_another_link(host: Host, here: str) -> None:
    with servers.Server(servers.echo, here) as server:
        for number in range(20):
            host.ok(f'AT+CIPSTART=0,"TCP","{here}",{server.port}')
            text = b"round %d" % number
            assert host.send(0, text) == "SEND OK"
            host.wait(lambda t=text: bytes(host.data[0]).endswith(t), "no echo")
            host.ok("AT+CIPCLOSE=0")
            host.closed.clear()
        start = time.monotonic()
        host.settle()
        assert time.monotonic() - start < 5
    assert host.messages.count("0,CLOSED") == 20


def test_peer_that_does_not_read_ends_in_send_fail(host: Host, here: str, rig: Rig) -> None:
    hold = threading.Event()
    data = random.Random(SEED).randbytes(rig.fit(9_000_000, 60))
    with servers.Server(lambda _: hold.wait(180) and None, here, buffer=BUFFER) as server:
        host.ok("AT+CIPTCPOPT=5,,,300")
        host.ok(f'AT+CIPSTART=0,"TCP","{here}",{server.port}')
        assert host.send(0, data, "AT+CIPSENDL") == "SEND FAIL"
        sent = 0  # a busy computer may have needed the time for less than fits
        while host.send(0, data[:8192]) == "SEND OK":
            sent += 8192
            assert sent < len(data)
        host.ok("AT+CIPCLOSE=0")
        hold.set()
    host.ok("AT+CIPTCPOPT=5,,,0")
