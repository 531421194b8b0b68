"""What the tests say to the module, and how it answers."""

from __future__ import annotations

from tests_device.mqtt.peer import Hello, Peer
from tools.host.atclient import Module

CONFIG = 'AT+MQTTUSERCFG=0,%d,"module","","",0,0,"way"'
KEPT = ('AT+MQTTCONNCFG=0,0,1,"","",0,0',)  # the session is kept
LOST = b"+MQTTDISCONNECTED:0\r\n"
SLOW_S = 40.0  # for what has a time-out of its own to wait for


def connected(peer: Peer, reconnect: int = 0, scheme: int = 1) -> bytes:
    path = "/way" if scheme > 5 else ""
    line = f'+MQTTCONNECTED:0,{scheme},"{peer.host}","{peer.port}","{path}",{reconnect}\r\n'
    return line.encode()


def connect(
    at: Module,
    peer: Peer,
    *,
    reconnect: int = 0,
    scheme: int = 1,
    prepare: tuple[str, ...] = (),
    present: bool = False,
) -> Hello:
    """Connect the module to the broker."""
    at.ok(CONFIG % scheme)
    for line in prepare:
        at.ok(line)
    at.send(f'AT+MQTTCONN=0,"{peer.host}",{peer.port},{reconnect}')
    hello = peer.welcome(present=present)
    at.expect(connected(peer, reconnect, scheme) + b"\r\nOK\r\n")
    return hello


def failure(code: int) -> bytes:
    return b"ERR CODE:0x010a%04x\r\n\r\nERROR\r\n" % code


def begin_raw(at: Module, size: int, qos: int = 0) -> None:
    at.send(f'AT+MQTTPUBRAW=0,"topic",{size},{qos},0')
    at.expect(b"\r\nOK\r\n\r\n>")


def received(at: Module, topic: bytes = b"topic") -> bytes:
    """Return the payload of the next report."""
    at.expect(b'+MQTTSUBRECV:0,"' + topic + b'",')
    data = at.read_exactly(int(at.read_until(b",")[:-1]))
    at.expect(b"\r\n")
    return data
