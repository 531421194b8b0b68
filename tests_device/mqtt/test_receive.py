"""Messages that arrive: acknowledgements, duplicates, pieces, a slow host, nonsense."""

from __future__ import annotations

import threading
import time

import pytest

from tests_device.mqtt import peer as peers
from tests_device.mqtt.peer import Peer, publish
from tests_device.mqtt.talk import KEPT, LOST, connect, connected, received
from tools.host.atclient import Module
from tools.peers.servers import Server, echo


def test_messages_are_acknowledged(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(
        publish(b"topic", b"0") + publish(b"topic", b"1", 1, 7) + publish(b"topic", b"2", 2, 8)
    )
    assert [received(at) for _ in range(3)] == [b"0", b"1", b"2"]
    assert peer.expect(peers.PUBACK).pid == 7
    assert peer.expect(peers.PUBREC).pid == 8
    peer.answer(0x62, 8)
    assert peer.expect(peers.PUBCOMP).pid == 8


def test_a_duplicate_of_qos_2_is_reported_once(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(publish(b"topic", b"once", 2, 5) + publish(b"topic", b"once", 2, 5, dup=True))
    assert received(at) == b"once"
    assert [peer.expect(peers.PUBREC).pid for _ in range(2)] == [5, 5]
    at.expect_silence(50)
    peer.answer(0x62, 5)
    peer.expect(peers.PUBCOMP)
    peer.send(publish(b"topic", b"new", 2, 5))
    assert received(at) == b"new"


@pytest.mark.parametrize("present", [True, False])
def test_duplicates_over_a_lost_connection(at: Module, peer: Peer, present: bool) -> None:
    connect(at, peer, reconnect=1, prepare=KEPT)
    peer.send(publish(b"topic", b"text", 2, 5))
    assert received(at) == b"text"
    peer.expect(peers.PUBREC)
    peer.drop()
    peer.welcome(present=present)
    at.expect(LOST + connected(peer, 1))
    peer.send(publish(b"topic", b"text", 2, 5, dup=True))
    assert peer.expect(peers.PUBREC).pid == 5
    if present:
        at.expect_silence(50)
    else:  # another session: another message
        assert received(at) == b"text"


def test_a_long_message_comes_in_pieces(at: Module, peer: Peer) -> None:
    connect(at, peer)
    data = bytes(i * 13 & 0xFF for i in range(100_000))
    peer.send(publish(b"topic", data, 1, 1))
    pieces = [received(at)]
    while sum(map(len, pieces)) < len(data):
        pieces.append(received(at))
    assert b"".join(pieces) == data
    assert len(pieces[0]) == 1024 - (1 + 3 + 7 + 2)
    assert {len(piece) for piece in pieces[1:-1]} == {1024}
    peer.expect(peers.PUBACK)


@pytest.mark.parametrize("size", [0, 1, 1013, 1014, 1015, 2038, 2039])
def test_pieces_at_their_limits(at: Module, peer: Peer, size: int) -> None:
    connect(at, peer)
    data = bytes(size)
    peer.send(publish(b"topic", data) + publish(b"topic", b"end"))
    pieces = [received(at)]
    while b"".join(pieces) != data:
        pieces.append(received(at))
    assert received(at) == b"end"
    assert all(pieces) or not size


def test_a_host_that_does_not_read_loses_nothing(at: Module, peer: Peer) -> None:
    connect(at, peer)
    count = 600
    messages = [b"%05d" % i + bytes(1000) for i in range(count)]

    def flood() -> None:
        for i, data in enumerate(messages):
            peer.send(publish(b"topic", data, 1, i + 1))

    writer = threading.Thread(target=flood)
    writer.start()
    time.sleep(1.0)  # the host is away; everything in between is full
    for data in messages:
        pieces = [received(at)]
        while len(b"".join(pieces)) < len(data):
            pieces.append(received(at))
        assert b"".join(pieces) == data
    writer.join()
    assert [peer.expect(peers.PUBACK).pid for _ in range(count)] == list(range(1, count + 1))


def test_messages_do_not_tear_answers_nor_echo(at: Module, peer: Peer) -> None:
    connect(at, peer)
    at.ok("AT+SYSLOG=0")
    count = 200

    def flood() -> None:
        for i in range(count):
            peer.send(publish(b"topic", b"[%03d]" % i + b"\r\nOK\r\n" * 20))

    writer = threading.Thread(target=flood)
    writer.start()
    answers = 0
    for i in range(count):
        at.send("AT")
        while at.buffer[:1] != b"+":
            if not at.buffer:
                at.pump(5.0)
            elif at.buffer[:1] == b"\r":
                at.expect(b"\r\nOK\r\n")
                answers += 1
        data = received(at)
        assert data == b"[%03d]" % i + b"\r\nOK\r\n" * 20
    writer.join()
    while answers < count:
        at.expect(b"\r\nOK\r\n")
        answers += 1


@pytest.mark.parametrize("qos", [0, 1])
def test_a_topic_longer_than_memory_is_left_out(at: Module, peer: Peer, qos: int) -> None:
    connect(at, peer)
    peer.send(publish(b"t" * 60_000, b"lost", qos, 3) + publish(b"topic", b"found"))
    assert received(at) == b"found"
    if qos:
        assert peer.expect(peers.PUBACK).pid == 3
    longest = "ü" * 512
    peer.send(publish(longest.encode(), b"fits"))
    assert [received(at, longest.encode()) for _ in range(2)] == [b"f", b"its"]


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00\x00",
        b"\x36\x03\x00\x01t",  # QoS 3
        b"\x40\x03\x00\x01\x00",
        b"\x20\x02\x00\x00",  # CONNACK again
        b"\x30\xff\xff\xff\xff\x01",
        b"\x32\x05\x00\x01t\x00\x00",  # the packet identifier 0
    ],
)
def test_nonsense_ends_the_connection(at: Module, peer: Peer, nonsense: bytes) -> None:
    connect(at, peer)
    peer.send(publish(b"topic", b"text") + nonsense)
    assert received(at) == b"text"
    at.expect(LOST)
    assert peer.is_gone()


def test_unreleased_messages_do_not_fill_the_heap(at: Module, peer: Peer) -> None:
    connect(at, peer)
    for pid in range(1, 600):
        peer.send(publish(b"topic", b"x", 2, pid))
    for _ in range(512):
        assert received(at) == b"x"
    at.read_until(LOST)


def test_messages_wait_for_the_end_of_passthrough(at: Module, peer: Peer) -> None:
    with Server(echo, peer.host) as server:
        connect(at, peer)
        at.ok(f'AT+CIPSTART="TCP","{peer.host}",{server.port}')
        at.ok("AT+CIPMODE=1")
        at.send("AT+CIPSEND")
        at.expect(b"\r\nOK\r\n\r\n>")
        peer.send(publish(b"topic", b"one", 1, 1) + publish(b"topic", b"two", 1, 2))
        at.expect_silence(100)
        at.write(b"through")
        at.expect(b"through")
        at.quiet(60)
        at.write(b"+++")
        assert [received(at), received(at)] == [b"one", b"two"]
        assert [peer.expect(peers.PUBACK).pid for _ in range(2)] == [1, 2]
        at.quiet(60)
        at.ok("AT+CIPMODE=0")
        at.ok("AT+CIPCLOSE")
