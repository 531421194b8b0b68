"""What TLS and WebSocket add."""

from __future__ import annotations

import pytest

from tests_device.mqtt import peer as peers
from tests_device.mqtt.peer import WebPeer, publish
from tests_device.mqtt.talk import LOST, begin_raw, connect, received
from tools.host.atclient import Module
from tools.peers.servers import server_context


def test_what_the_client_hello_says(at: Module, here: str) -> None:
    context = server_context()
    context.set_alpn_protocols(["mqtt-ca.us", "mqtt"])
    with peers.TlsPeer(here, context) as peer:
        connect(at, peer, scheme=2)
        assert (peer.sni, peer.alpn) == (None, None)  # the host is an address
        at.ok("AT+MQTTCLEAN=0")
        alpn = 'AT+MQTTALPN=0,2,"mqtt-ca.cn","mqtt-ca.us"'
        name = "my_specific_prefix.iot.my_aws_region.amazonaws.com"
        connect(at, peer, scheme=2, prepare=(alpn, f'AT+MQTTSNI=0,"{name}"'))
        assert (peer.sni, peer.alpn) == (name, "mqtt-ca.us")
        at.ok("AT+MQTTCLEAN=0")
        connect(at, peer, scheme=2, prepare=(alpn, "AT+MQTTALPN=0,0"))
        assert peer.alpn is None


def test_the_request_of_a_websocket(at: Module, web: WebPeer) -> None:
    connect(at, web, scheme=6)
    assert web.request.startswith(b"GET /way HTTP/1.1\r\n")
    assert web.field(b"Host") == f"{web.host}:{web.port}".encode()
    assert web.field(b"Sec-WebSocket-Protocol") == b"mqtt"
    at.send("AT+MQTTCLEAN=0")
    web.expect(peers.DISCONNECT)
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
    assert web.expect(peers.PUBACK).pid == 4
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
    web.expect(peers.PUBREL)
    web.answer(0x70, message.pid)
    at.expect(b"+MQTTPUB:OK\r\n")
