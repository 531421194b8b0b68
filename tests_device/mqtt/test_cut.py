"""Messages that come in two segments, cut anywhere, and what may come between the two."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests_device.mqtt import peer as peers
from tests_device.mqtt.peer import Peer, WebPeer, publish
from tests_device.mqtt.talk import LOST, connect, received
from tools.host.atclient import Module

SECOND = publish(b"topic", b"")
MESSAGES = publish(b"topic", b"one") + SECOND
LONG = publish(b"topic", bytes(range(256)) * 3 + bytes(246))  # as much as passes in one piece


def cut_everywhere(at: Module, send: Callable[[bytes], None], data: bytes, whole: int) -> None:
    """Send both messages in two parts, the module being at work on the first one between.

    The first one is passed on after `whole` bytes.
    """
    for place in range(1, len(data)):
        send(data[:place])
        got = [received(at)] if place >= whole else []
        at.ok("AT") if place % 2 else at.ok("AT+GMR")
        send(data[place:])
        got += [received(at) for _ in range(2 - len(got))]
        assert got == [b"one", b""]


def test_messages_are_cut_anywhere(at: Module, peer: Peer) -> None:
    connect(at, peer)
    cut_everywhere(at, peer.send, MESSAGES, len(MESSAGES) - len(SECOND))


def test_frames_are_cut_anywhere(at: Module, web: WebPeer) -> None:
    connect(at, web, scheme=6)
    frame = web.framed(2, MESSAGES)
    cut_everywhere(at, lambda data: Peer.send(web, data), frame, len(frame))


@pytest.mark.parametrize("place", [1, 2, 3, 100, 1023])
def test_the_longest_message_of_one_piece(at: Module, peer: Peer, place: int) -> None:
    connect(at, peer)
    assert len(LONG) == 1024
    peer.send(LONG[:place])
    at.ok("AT")
    peer.send(LONG[place:] + publish(b"topic", b"end"))
    assert received(at) == LONG[10:]
    assert received(at) == b"end"


def test_the_host_publishes_between_the_parts(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(MESSAGES[:4])
    at.ok("AT")
    at.ok('AT+MQTTPUB=0,"out","0",0,0')
    assert peer.message().payload == b"0"
    at.send('AT+MQTTPUB=0,"out","1",1,0')
    message = peer.message()
    assert message.payload == b"1"
    peer.send(MESSAGES[4:])
    assert [received(at), received(at)] == [b"one", b""]
    peer.answer(0x40, message.pid)
    at.expect(b"\r\nOK\r\n")


def test_other_packets_follow_a_cut_message(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(MESSAGES[:3])
    at.ok("AT")
    peer.send(MESSAGES[3:] + b"\xd0\x00" + publish(b"topic", b"sure", 1, 9) + MESSAGES[:5])
    assert [received(at) for _ in range(3)] == [b"one", b"", b"sure"]
    assert peer.expect(peers.PUBACK).pid == 9
    peer.send(MESSAGES[5:])
    assert [received(at), received(at)] == [b"one", b""]


def test_the_broker_goes_in_the_middle_of_a_message(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(MESSAGES + MESSAGES[:5])
    assert [received(at), received(at)] == [b"one", b""]
    at.ok("AT")
    peer.drop()
    at.expect(LOST)
    at.ok("AT")


def test_nonsense_behind_a_cut_message_ends_the_connection(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(MESSAGES[:5])
    at.ok("AT")
    peer.send(MESSAGES[5:] + b"\x30\x01\x00")
    assert [received(at), received(at)] == [b"one", b""]
    at.expect(LOST)
    assert peer.is_gone()
