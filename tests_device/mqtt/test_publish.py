"""Publishing: retransmission, messages that outlive a connection, long ones."""

from __future__ import annotations

import re
import threading

import pytest

from tests_device.mqtt import peer as peers
from tests_device.mqtt.peer import Peer, publish
from tests_device.mqtt.talk import (
    CONFIG,
    KEPT,
    LOST,
    SLOW_S,
    begin_raw,
    connect,
    connected,
    failure,
    received,
)
from tests_device.rig import Rig
from tools.host.atclient import Module


@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_is_repeated_until_the_broker_answers(
    hasty: Module, peer: Peer, qos: int
) -> None:
    connect(hasty, peer)
    hasty.send(f'AT+MQTTPUB=0,"topic","text",{qos},1')
    first = peer.message()
    assert first == peers.Message("topic", b"text", qos, True, False, first.pid)
    again = peer.message()
    assert again == peers.Message("topic", b"text", qos, True, True, first.pid)
    if qos == 2:
        peer.answer(0x50, first.pid)
        assert peer.expect(peers.PUBREL).pid == first.pid
        assert peer.expect(peers.PUBREL).pid == first.pid  # repeated as well
        peer.answer(0x50, first.pid)  # late, for the repetition
        assert peer.expect(peers.PUBREL).pid == first.pid
        hasty.expect_silence(50)
        peer.answer(0x70, first.pid)
    else:
        peer.answer(0x40, first.pid + 1)  # of no message
        peer.answer(0x40, first.pid)
    hasty.expect(b"\r\nOK\r\n")


@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_without_answer_fails(hasty: Module, peer: Peer, qos: int) -> None:
    connect(hasty, peer)
    hasty.send(f'AT+MQTTPUB=0,"topic","text",{qos},0')
    pid = peer.message().pid
    hasty.read_until(failure(0x600C), SLOW_S)
    while (found := peer.next_raw()).kind == peers.PUBLISH:
        assert found.flags & 8
        if len(found.body) < 12:
            break
        peer.answer(0x40 if qos == 1 else 0x50, pid)  # too late: no harm
        if qos == 2:
            continue
        break
    hasty.send('AT+MQTTPUB=0,"topic","next",0,0')
    hasty.expect(b"\r\nOK\r\n")


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_outlives_its_connection(
    at: Module, peer: Peer, qos: int, present: bool
) -> None:
    connect(at, peer, reconnect=1, prepare=KEPT)
    at.send(f'AT+MQTTPUB=0,"topic","text",{qos},0')
    first = peer.message()
    peer.drop()
    assert not peer.welcome(present=present).clean
    again = peer.message()
    assert again == peers.Message("topic", b"text", qos, False, present, first.pid)
    peer.answer(0x40 if qos == 1 else 0x50, first.pid)
    if qos == 2:
        assert peer.expect(peers.PUBREL).pid == first.pid
        peer.answer(0x70, first.pid)
    at.expect(LOST + connected(peer, 1) + b"\r\nOK\r\n")


@pytest.mark.parametrize("present", [True, False])
def test_a_release_outlives_its_connection(at: Module, peer: Peer, present: bool) -> None:
    connect(at, peer, reconnect=1, prepare=KEPT)
    at.send('AT+MQTTPUB=0,"topic","text",2,0')
    pid = peer.message().pid
    peer.answer(0x50, pid)
    assert peer.expect(peers.PUBREL).pid == pid
    peer.drop()
    peer.welcome(present=present)
    if present:  # else the broker had the message and has forgotten the rest
        assert peer.expect(peers.PUBREL).pid == pid
        peer.answer(0x70, pid)
    at.expect(LOST + connected(peer, 1) + b"\r\nOK\r\n")


def test_without_reconnection_a_lost_message_is_an_error_at_once(at: Module, peer: Peer) -> None:
    connect(at, peer)
    at.send('AT+MQTTPUB=0,"topic","text",1,0')
    peer.message()
    peer.drop()
    assert {at.read_until(b"\r\n") for _ in range(4)} == {
        LOST,
        b"ERR CODE:0x010a600c\r\n",
        b"\r\n",
        b"ERROR\r\n",
    }


def test_packet_identifiers_do_not_repeat_at_once(at: Module, peer: Peer) -> None:
    connect(at, peer)
    seen = set()
    for _ in range(5):
        at.send('AT+MQTTPUB=0,"topic","text",1,0')
        message = peer.message()
        peer.answer(0x40, message.pid)
        at.expect(b"\r\nOK\r\n")
        seen.add(message.pid)
    assert len(seen) == 5
    assert 0 not in seen


def test_a_short_raw_message_is_repeated(hasty: Module, peer: Peer) -> None:
    connect(hasty, peer)
    begin_raw(hasty, 1024, 1)
    hasty.write(b"\r\n\0x" * 256)
    first = peer.message()
    again = peer.message()
    assert again.dup
    assert first.payload == again.payload == b"\r\n\0x" * 256
    peer.answer(0x40, first.pid)
    hasty.expect(b"+MQTTPUB:OK\r\n")


def test_a_long_raw_message_is_on_its_way_before_it_is_complete(at: Module, peer: Peer) -> None:
    connect(at, peer)
    begin_raw(at, 100_000, 1)
    at.write(b"a" * 5_000)
    assert peer.receive(4_000)
    at.write(b"b" * 95_000)
    peer.receive(1 + 3 + 7 + 2 + 100_000 - 4_000)
    peer.answer(0x40, 1)
    at.expect(b"+MQTTPUB:OK\r\n")


def test_a_connection_that_breaks_in_a_long_message(at: Module, peer: Peer) -> None:
    connect(at, peer)
    begin_raw(at, 50_000)
    at.write(b"a" * 5_000)
    peer.receive(4_000)
    peer.drop()
    at.read_until(LOST)
    at.write(b"AT\r\n" * 11_250)  # the payload goes on, and no part of it becomes a command
    at.expect(b"ERR CODE:0x010a600c\r\n+MQTTPUB:FAIL\r\n")
    at.ok("AT")


def test_bytes_behind_a_raw_message(at: Module, peer: Peer) -> None:
    connect(at, peer)
    at.ok("AT+SYSLOG=0")
    begin_raw(at, 4, 1)
    at.write(b"text\r\n")
    peer.answer(0x40, peer.message().pid)
    at.expect(b"\r\nbusy p...\r\n+MQTTPUB:OK\r\n")


@pytest.mark.parametrize("size", [1000, 5000])
def test_a_host_that_falls_silent(hasty: Module, peer: Peer, size: int) -> None:
    connect(hasty, peer)
    begin_raw(hasty, size)
    hasty.write(b"x" * (size - 1))
    if size > 1024:  # a part of the packet is on its way: the connection cannot be used any more
        hasty.read_until(failure(0x604D), SLOW_S)
        hasty.read_until(LOST)
    else:
        hasty.read_until(failure(0x604D), SLOW_S)
        hasty.expect_silence(50)
        hasty.ok('AT+MQTTPUB=0,"topic","text",0,0')
        assert peer.message().payload == b"text"


def test_a_long_text_that_stops(hasty: Module) -> None:
    hasty.ok(CONFIG % 1)
    hasty.send("AT+MQTTLONGPASSWORD=0,10")
    hasty.expect(b"\r\nOK\r\n\r\n>")
    hasty.write(b"AT\r\n")
    hasty.read_until(failure(0x604D), SLOW_S)


def test_a_broker_that_takes_no_more(hasty: Module, peer: Peer, rig: Rig) -> None:
    hasty.ok(CONFIG % 1)
    hasty.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},0')
    peer.accept(receive_buffer=4096)
    peer.hello()
    peer.send(b"\x20\x02\x00\x00")
    hasty.expect(connected(peer) + b"\r\nOK\r\n")
    size = rig.fit(8_000_000, 60)  # more than the PC keeps in between
    begin_raw(hasty, size)
    writer = threading.Thread(target=hasty.write, args=(bytes(size),))
    writer.start()
    writer.join()
    # A line without flow control loses what the module cannot take: then the payload is too short.
    either = (b"+MQTTPUB:FAIL\r\n", failure(0x604D))
    hasty.read_until(re.compile(b"|".join(map(re.escape, either))), SLOW_S)


def test_messages_arrive_while_one_is_typed(at: Module, peer: Peer) -> None:
    connect(at, peer)
    begin_raw(at, 5000)
    at.write(b"a" * 3000)
    peer.send(publish(b"topic", b"news", 1, 3))
    assert received(at) == b"news"
    at.write(b"a" * 2000)
    at.expect(b"+MQTTPUB:OK\r\n")
    assert peer.message().payload == b"a" * 5000
    assert peer.expect(peers.PUBACK).pid == 3  # not in the middle of our packet
