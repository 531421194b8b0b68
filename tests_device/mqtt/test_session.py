"""The life of a session: CONNECT, subscriptions, keep-alive, coming back."""

from __future__ import annotations

import pytest

from tests_device.mqtt import peer as peers
from tests_device.mqtt.peer import Peer, publish
from tests_device.mqtt.talk import CONFIG, LOST, SLOW_S, connect, connected, failure, received
from tools.host.atclient import Module


def test_connect_says_what_was_configured(at: Module, peer: Peer) -> None:
    assert connect(at, peer) == peers.Hello(b"module", 120, True, None, None, None)
    at.ok("AT+MQTTCLEAN=0")
    assert peer.expect(peers.DISCONNECT).body == b""
    assert peer.is_gone()
    at.ok('AT+MQTTUSERCFG=0,1,"id","user","pass",0,0,""')
    at.ok('AT+MQTTCONNCFG=0,7200,1,"will/topic","it\\, \\"will\\"",2,1')
    at.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},0')
    will = (b"will/topic", b'it, "will"', 2, True)
    assert peer.welcome() == peers.Hello(b"id", 7200, False, will, b"user", b"pass")
    at.expect(connected(peer) + b"\r\nOK\r\n")


def test_long_texts_reach_the_broker_to_the_byte(at: Module, peer: Peer) -> None:
    long = {
        "CLIENTID": ("ß\r\n" * 256).encode(),
        "USERNAME": b'"\\,' * 341 + b"u",
        "PASSWORD": bytes(range(256)) * 4,
    }
    at.ok(CONFIG % 1)
    for name, value in long.items():
        at.send(f"AT+MQTTLONG{name}=0,{len(value)}")
        at.expect(b"\r\nOK\r\n\r\n>")
        at.write(value)
        at.expect(b"\r\nOK\r\n")
    at.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},0')
    hello = peer.welcome()
    assert hello.client_id == long["CLIENTID"]
    assert (hello.user, hello.password) == (long["USERNAME"], long["PASSWORD"])
    at.expect(connected(peer) + b"\r\nOK\r\n")


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 255])
def test_a_refusal_of_the_broker_is_an_error(at: Module, peer: Peer, code: int) -> None:
    at.ok(CONFIG % 1)
    at.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},1')
    peer.welcome(code)
    at.expect(failure(0x600B))
    assert peer.is_gone()


@pytest.mark.parametrize(
    "answer", [b"", b"\xd0\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20"]
)
def test_what_is_no_broker_is_an_error(at: Module, peer: Peer, answer: bytes) -> None:
    at.ok(CONFIG % 1)
    at.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},1')
    peer.accept()
    peer.hello()
    peer.send(answer)
    if len(answer) < 2:
        peer.drop()
    at.expect(failure(0x600B))


def test_a_silent_broker_is_an_error(hasty: Module, peer: Peer) -> None:
    hasty.ok(CONFIG % 1)
    hasty.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},1')
    peer.accept()
    peer.hello()
    hasty.send("AT")  # the port is served meanwhile
    hasty.expect(b"ERR CODE:0x010b0000\r\n\r\nbusy p...\r\n")
    hasty.read_until(failure(0x600B), SLOW_S)
    assert peer.is_gone()


def test_subscriptions_are_made_again(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1)
    for topic, qos in (("one", 0), ("two", 2)):
        at.send(f'AT+MQTTSUB=0,"{topic}",{qos}')
        assert peer.subscription() == (topic, qos)
        at.expect(b"\r\nOK\r\n")
    peer.drop()
    peer.welcome()
    assert [peer.subscription() for _ in range(2)] == [("one", 0), ("two", 2)]
    at.expect(LOST + connected(peer, 1))
    peer.drop()
    peer.welcome(present=True)  # this broker has kept them
    at.expect(LOST + connected(peer, 1))
    at.send('AT+MQTTSUB=0,"three",1')
    assert peer.subscription() == ("three", 1)
    at.expect(b"\r\nOK\r\n")


def test_a_refused_subscription_is_an_error(at: Module, peer: Peer) -> None:
    connect(at, peer)
    at.send('AT+MQTTSUB=0,"topic",1')
    peer.subscription(0x80)
    at.expect(failure(0x600D))
    assert at.ok("AT+MQTTSUB?") == []


def test_a_lesser_qos_is_granted(at: Module, peer: Peer) -> None:
    connect(at, peer)
    at.send('AT+MQTTSUB=0,"topic",2')
    peer.subscription(0)
    at.expect(b"\r\nOK\r\n")
    assert at.ok("AT+MQTTSUB?") == ['+MQTTSUB:0,6,"topic",2']


def test_requests_without_answer_fail(hasty: Module, peer: Peer) -> None:
    connect(hasty, peer)
    hasty.send('AT+MQTTSUB=0,"topic",1')
    peer.expect(peers.SUBSCRIBE)
    hasty.read_until(failure(0x600D), SLOW_S)
    hasty.send('AT+MQTTSUB=0,"topic",1')
    assert peer.subscription() == ("topic", 1)
    hasty.expect(b"\r\nOK\r\n")
    hasty.send('AT+MQTTUNSUB=0,"topic"')
    peer.expect(peers.UNSUBSCRIBE)
    hasty.read_until(failure(0x600E), SLOW_S)
    assert hasty.ok("AT+MQTTSUB?") == ['+MQTTSUB:0,6,"topic",1']


def test_a_subscription_does_not_outlive_its_connection(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1)
    at.send('AT+MQTTSUB=0,"topic",1')
    peer.expect(peers.SUBSCRIBE)
    peer.drop()
    at.read_until(failure(0x600D))
    peer.welcome()
    at.read_until(connected(peer, 1))
    assert at.ok("AT+MQTTSUB?") == []


def test_pings_keep_an_idle_connection(at: Module, peer: Peer) -> None:
    connect(at, peer, prepare=('AT+MQTTCONNCFG=0,1,0,"","",0,0',))
    for _ in range(4):
        assert peer.next_raw().kind == peers.PINGREQ
        peer.send(b"\xd0\x00")
    at.expect_silence(50)


def test_a_ping_without_answer_ends_the_connection(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1, prepare=('AT+MQTTCONNCFG=0,1,0,"","",0,0',))
    assert peer.next_raw().kind == peers.PINGREQ
    at.expect(LOST)
    assert peer.is_gone()
    assert peer.welcome().keepalive_s == 1
    at.expect(connected(peer, 1))


def test_clean_while_the_way_back_hangs(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1)
    peer.drop()
    at.expect(LOST)
    peer.accept()
    peer.hello()  # which gets no answer
    at.ok("AT+MQTTCLEAN=0")
    assert peer.is_gone()
    at.expect_silence(50)
    connect(at, peer)


def test_connecting_by_hand_while_the_way_back_hangs(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1)
    peer.drop()
    at.expect(LOST)
    peer.accept()
    peer.hello()
    assert at.ok("AT+MQTTCONN?")[0].startswith("+MQTTCONN:0,3,")
    at.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},1')
    assert peer.is_gone()
    peer.welcome()
    at.expect(connected(peer, 1) + b"\r\nOK\r\n")
    peer.send(publish(b"topic", b"text"))
    assert received(at) == b"text"
    at.expect_silence(1500)


def test_nothing_is_used_up_by_failures(at: Module, peer: Peer) -> None:
    at.ok(CONFIG % 1)
    line = f'AT+MQTTCONN=0,"{peer.host}",{peer.port},0'
    for _ in range(20):
        at.send(line)
        peer.welcome(5)
        at.expect(failure(0x600B))
    at.ok(CONFIG % 7)
    for _ in range(20):
        at.send(line)
        peer.accept()
        peer.drop()
        at.expect(failure(0x600B))
    for _ in range(20):
        connect(at, peer)
        peer.drop()
        at.expect(LOST)
        at.ok("AT+MQTTCLEAN=0")
