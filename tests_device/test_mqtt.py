"""AT+MQTT* against a broker that a test plays: retransmission, duplicates, silence, nonsense."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests_device import mqttpeer
from tests_device.mqttpeer import Peer, WebPeer, publish
from tests_device.rig import Rig
from tools.atclient import Module
from tools.simprocess import Simulator

CONFIG = 'AT+MQTTUSERCFG=0,%d,"module","","",0,0,"way"'
LOST = b"+MQTTDISCONNECTED:0\r\n"
SLOW_S = 40.0  # for what has a time-out of its own to wait for

# A user's file that makes time-outs short.
HASTE = """\
from at.command import find
from at.services import mqtt_client, mqtt_stream

find("+MQTTUSERCFG")
from at.commands import mqtt

mqtt._PAYLOAD_MS = 2000
mqtt_client._ANSWER_MS = 1500
mqtt_client._RETRY_MS = 300
mqtt_stream._STALL_MS = 1000
"""


@pytest.fixture(scope="module")
def bench(rig: Rig) -> Iterator[Module]:
    """Return a module in the network."""
    if not {"wifi", "host"} <= rig.offers:
        pytest.skip("the bench does not offer: wifi, host")
    yield join(rig, rig.fresh())
    rig.close()


@pytest.fixture(scope="module")
def hasty_bench(
    rig: Rig, bench: Module, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Module]:
    """Return a simulated module whose time-outs are a tenth; a real one has its own."""
    if not rig.simulated:
        yield bench
        return
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "user").mkdir()
    (folder / "user" / "hasty.py").write_text(HASTE)
    options = ("--user", str(folder / "user"))
    with Simulator(folder / "module", bits=rig.options.bits, options=options) as simulator:
        with simulator.start(erase=True).module() as module:
            yield join(rig, module)


def join(rig: Rig, module: Module) -> Module:
    module.echo_off()
    module.ok("AT+CWMODE=1")
    module.ok(f'AT+CWJAP="{rig.variables["ssid"]}","{rig.variables["password"]}"', 30.0)
    return module


def cleaned(module: Module) -> Iterator[Module]:
    """Yield the module with nothing of MQTT configured; it still answers afterwards."""
    module.ok("AT+SYSLOG=1")
    module.command("AT+MQTTCLEAN=0")
    module.quiet(20)
    module.log.clear()
    yield module
    module.command("AT+MQTTCLEAN=0")
    module.quiet(20)
    module.ok("AT")


@pytest.fixture
def at(bench: Module) -> Iterator[Module]:
    """Return the module."""
    yield from cleaned(bench)


@pytest.fixture
def hasty(hasty_bench: Module) -> Iterator[Module]:
    """Return the module with short time-outs, for tests that wait for one."""
    yield from cleaned(hasty_bench)


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Return the broker."""
    with Peer() as broker:
        yield broker


@pytest.fixture
def web() -> Iterator[WebPeer]:
    """Return the broker behind a WebSocket."""
    with WebPeer() as broker:
        yield broker


def connected(peer: Peer, reconnect: int = 0, scheme: int = 1) -> bytes:
    path = "/way" if scheme > 5 else ""
    line = f'+MQTTCONNECTED:0,{scheme},"127.0.0.1","{peer.port}","{path}",{reconnect}\r\n'
    return line.encode()


def connect(
    at: Module,
    peer: Peer,
    *,
    reconnect: int = 0,
    scheme: int = 1,
    prepare: tuple[str, ...] = (),
    present: bool = False,
) -> mqttpeer.Hello:
    """Connect the module to the broker."""
    at.ok(CONFIG % scheme)
    for line in prepare:
        at.ok(line)
    at.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},{reconnect}')
    hello = peer.welcome(present=present)
    at.expect(connected(peer, reconnect, scheme) + b"\r\nOK\r\n")
    return hello


def failure(code: int) -> bytes:
    return b"ERR CODE:0x010a%04x\r\n\r\nERROR\r\n" % code


KEPT = ('AT+MQTTCONNCFG=0,0,1,"","",0,0',)


# CONNECT


def test_connect_says_what_was_configured(at: Module, peer: Peer) -> None:
    assert connect(at, peer) == mqttpeer.Hello(b"module", 120, True, None, None, None)
    at.ok("AT+MQTTCLEAN=0")
    assert peer.expect(mqttpeer.DISCONNECT).body == b""
    assert peer.is_gone()
    at.ok('AT+MQTTUSERCFG=0,1,"id","user","pass",0,0,""')
    at.ok('AT+MQTTCONNCFG=0,7200,1,"will/topic","it\\, \\"will\\"",2,1')
    at.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},0')
    will = (b"will/topic", b'it, "will"', 2, True)
    assert peer.welcome() == mqttpeer.Hello(b"id", 7200, False, will, b"user", b"pass")
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
    at.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},0')
    hello = peer.welcome()
    assert hello.client_id == long["CLIENTID"]
    assert (hello.user, hello.password) == (long["USERNAME"], long["PASSWORD"])
    at.expect(connected(peer) + b"\r\nOK\r\n")


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 255])
def test_a_refusal_of_the_broker_is_an_error(at: Module, peer: Peer, code: int) -> None:
    at.ok(CONFIG % 1)
    at.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},1')
    peer.welcome(code)
    at.expect(failure(0x600B))
    assert peer.is_gone()


@pytest.mark.parametrize(
    "answer", [b"", b"\xd0\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20"]
)
def test_what_is_no_broker_is_an_error(at: Module, peer: Peer, answer: bytes) -> None:
    at.ok(CONFIG % 1)
    at.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},1')
    peer.accept()
    peer.hello()
    peer.send(answer)
    if len(answer) < 2:
        peer.drop()
    at.expect(failure(0x600B))


def test_a_silent_broker_is_an_error(hasty: Module, peer: Peer) -> None:
    hasty.ok(CONFIG % 1)
    hasty.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},1')
    peer.accept()
    peer.hello()
    hasty.send("AT")  # the port is served meanwhile
    hasty.expect(b"ERR CODE:0x010b0000\r\n\r\nbusy p...\r\n")
    hasty.read_until(failure(0x600B), SLOW_S)
    assert peer.is_gone()


# Publishing


@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_is_repeated_until_the_broker_answers(
    hasty: Module, peer: Peer, qos: int
) -> None:
    connect(hasty, peer)
    hasty.send(f'AT+MQTTPUB=0,"topic","text",{qos},1')
    first = peer.message()
    assert first == mqttpeer.Message("topic", b"text", qos, True, False, first.pid)
    again = peer.message()
    assert again == mqttpeer.Message("topic", b"text", qos, True, True, first.pid)
    if qos == 2:
        peer.answer(0x50, first.pid)
        assert peer.expect(mqttpeer.PUBREL).pid == first.pid
        assert peer.expect(mqttpeer.PUBREL).pid == first.pid  # repeated as well
        peer.answer(0x50, first.pid)  # late, for the repetition
        assert peer.expect(mqttpeer.PUBREL).pid == first.pid
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
    while (found := peer.next_raw()).kind == mqttpeer.PUBLISH:
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
    assert again == mqttpeer.Message("topic", b"text", qos, False, present, first.pid)
    peer.answer(0x40 if qos == 1 else 0x50, first.pid)
    if qos == 2:
        assert peer.expect(mqttpeer.PUBREL).pid == first.pid
        peer.answer(0x70, first.pid)
    at.expect(LOST + connected(peer, 1) + b"\r\nOK\r\n")


@pytest.mark.parametrize("present", [True, False])
def test_a_release_outlives_its_connection(at: Module, peer: Peer, present: bool) -> None:
    connect(at, peer, reconnect=1, prepare=KEPT)
    at.send('AT+MQTTPUB=0,"topic","text",2,0')
    pid = peer.message().pid
    peer.answer(0x50, pid)
    assert peer.expect(mqttpeer.PUBREL).pid == pid
    peer.drop()
    peer.welcome(present=present)
    if present:  # else the broker had the message and has forgotten the rest
        assert peer.expect(mqttpeer.PUBREL).pid == pid
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


# Long messages


def begin_raw(at: Module, size: int, qos: int = 0) -> None:
    at.send(f'AT+MQTTPUBRAW=0,"topic",{size},{qos},0')
    at.expect(b"\r\nOK\r\n\r\n>")


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
    at.expect(b"+MQTTPUB:FAIL\r\n")
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


def test_a_broker_that_takes_no_more(hasty: Module, peer: Peer) -> None:
    hasty.ok(CONFIG % 1)
    hasty.send(f'AT+MQTTCONN=0,"127.0.0.1",{peer.port},0')
    peer.accept(receive_buffer=4096)
    peer.hello()
    peer.send(b"\x20\x02\x00\x00")
    hasty.expect(connected(peer) + b"\r\nOK\r\n")
    size = 8_000_000  # more than the PC keeps in between
    begin_raw(hasty, size)
    writer = threading.Thread(target=hasty.write, args=(bytes(size),))
    writer.start()
    writer.join()
    hasty.read_until(b"+MQTTPUB:FAIL\r\n", SLOW_S)


# Messages that arrive


def received(at: Module, topic: bytes = b"topic") -> bytes:
    """Return the payload of the next report."""
    at.expect(b'+MQTTSUBRECV:0,"' + topic + b'",')
    data = at.read_exactly(int(at.read_until(b",")[:-1]))
    at.expect(b"\r\n")
    return data


def test_messages_are_acknowledged(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(
        publish(b"topic", b"0") + publish(b"topic", b"1", 1, 7) + publish(b"topic", b"2", 2, 8)
    )
    assert [received(at) for _ in range(3)] == [b"0", b"1", b"2"]
    assert peer.expect(mqttpeer.PUBACK).pid == 7
    assert peer.expect(mqttpeer.PUBREC).pid == 8
    peer.answer(0x62, 8)
    assert peer.expect(mqttpeer.PUBCOMP).pid == 8


def test_a_duplicate_of_qos_2_is_reported_once(at: Module, peer: Peer) -> None:
    connect(at, peer)
    peer.send(publish(b"topic", b"once", 2, 5) + publish(b"topic", b"once", 2, 5, dup=True))
    assert received(at) == b"once"
    assert [peer.expect(mqttpeer.PUBREC).pid for _ in range(2)] == [5, 5]
    at.expect_silence(50)
    peer.answer(0x62, 5)
    peer.expect(mqttpeer.PUBCOMP)
    peer.send(publish(b"topic", b"new", 2, 5))
    assert received(at) == b"new"


@pytest.mark.parametrize("present", [True, False])
def test_duplicates_over_a_lost_connection(at: Module, peer: Peer, present: bool) -> None:
    connect(at, peer, reconnect=1, prepare=KEPT)
    peer.send(publish(b"topic", b"text", 2, 5))
    assert received(at) == b"text"
    peer.expect(mqttpeer.PUBREC)
    peer.drop()
    peer.welcome(present=present)
    at.expect(LOST + connected(peer, 1))
    peer.send(publish(b"topic", b"text", 2, 5, dup=True))
    assert peer.expect(mqttpeer.PUBREC).pid == 5
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
    peer.expect(mqttpeer.PUBACK)


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
    assert [peer.expect(mqttpeer.PUBACK).pid for _ in range(count)] == list(range(1, count + 1))


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
        assert peer.expect(mqttpeer.PUBACK).pid == 3
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


# Subscriptions


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
    peer.expect(mqttpeer.SUBSCRIBE)
    hasty.read_until(failure(0x600D), SLOW_S)
    hasty.send('AT+MQTTSUB=0,"topic",1')
    assert peer.subscription() == ("topic", 1)
    hasty.expect(b"\r\nOK\r\n")
    hasty.send('AT+MQTTUNSUB=0,"topic"')
    peer.expect(mqttpeer.UNSUBSCRIBE)
    hasty.read_until(failure(0x600E), SLOW_S)
    assert hasty.ok("AT+MQTTSUB?") == ['+MQTTSUB:0,6,"topic",1']


def test_a_subscription_does_not_outlive_its_connection(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1)
    at.send('AT+MQTTSUB=0,"topic",1')
    peer.expect(mqttpeer.SUBSCRIBE)
    peer.drop()
    at.read_until(failure(0x600D))
    peer.welcome()
    at.read_until(connected(peer, 1))
    assert at.ok("AT+MQTTSUB?") == []


# Keep-alive


def test_pings_keep_an_idle_connection(at: Module, peer: Peer) -> None:
    connect(at, peer, prepare=('AT+MQTTCONNCFG=0,1,0,"","",0,0',))
    for _ in range(4):
        assert peer.next_raw().kind == mqttpeer.PINGREQ
        peer.send(b"\xd0\x00")
    at.expect_silence(50)


def test_a_ping_without_answer_ends_the_connection(at: Module, peer: Peer) -> None:
    connect(at, peer, reconnect=1, prepare=('AT+MQTTCONNCFG=0,1,0,"","",0,0',))
    assert peer.next_raw().kind == mqttpeer.PINGREQ
    at.expect(LOST)
    assert peer.is_gone()
    assert peer.welcome().keepalive_s == 1
    at.expect(connected(peer, 1))


# WebSocket


def test_the_request_of_a_websocket(at: Module, web: WebPeer) -> None:
    connect(at, web, scheme=6)
    assert web.request.startswith(b"GET /way HTTP/1.1\r\n")
    assert web.field(b"Host") == b"127.0.0.1:%d" % web.port
    assert web.field(b"Sec-WebSocket-Protocol") == b"mqtt"
    at.send("AT+MQTTCLEAN=0")
    web.expect(mqttpeer.DISCONNECT)
    web.take_frame()
    assert web.controls == [(8, b"\x03\xe8")]
    at.expect(b"\r\nOK\r\n")


def test_packets_in_fragments_and_pings_between(at: Module, web: WebPeer) -> None:
    connect(at, web, scheme=6)
    data = publish(b"topic", b"x" * 3000, 1, 4)
    web.frame(2, data[:1], last=False)
    web.frame(9, b"are you there")
    web.frame(0, data[1:200], last=False)
    web.frame(0, b"", last=False)
    web.frame(10, b"")  # a pong that nobody asked for
    web.frame(0, data[200:] + publish(b"topic", b"next"))
    size = 0
    while size < 3000:
        size += len(received(at))
    assert received(at) == b"next"
    assert web.expect(mqttpeer.PUBACK).pid == 4
    assert web.controls == [(10, b"are you there")]


@pytest.mark.parametrize("opcode", [1, 3, 8])
def test_frames_that_end_the_connection(at: Module, web: WebPeer, opcode: int) -> None:
    connect(at, web, scheme=6)
    web.frame(opcode, b"\x03\xe8")
    at.expect(LOST)
    if opcode == 8:
        web.take_frame()
        assert web.controls == [(8, b"\x03\xe8")]


def test_a_long_message_through_a_websocket(at: Module, web: WebPeer) -> None:
    connect(at, web, scheme=6)
    begin_raw(at, 70_000, 2)
    data = bytes(i * 17 & 0xFF for i in range(70_000))
    at.write(data)
    message = web.message()
    assert message.payload == data
    web.answer(0x50, message.pid)
    web.expect(mqttpeer.PUBREL)
    web.answer(0x70, message.pid)
    at.expect(b"+MQTTPUB:OK\r\n")
