"""The stretches of work whose cost is counted: what leads up to one, and one turn of it.

Each is played to a module over its raw port, with real peers: a socket of this PC, mosquitto. All
that a turn causes is awaited to its last byte.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tools.bench import flow
from tools.bench.cipsend_tx import expect
from tools.bench.cutter import Cutter
from tools.host.atclient import Module
from tools.peers.mqttbroker import Broker

BLOCK = bytes(range(32, 96))  # 64 bytes
_RESULT = re.compile(rb"(?:^|\r\n)(?:OK|ERROR)\r\n$")
# One command of each group, in a state in which it does not touch the radio. Some are
# refused: then the refusal is the group's own.
FIRST = (
    "AT+SYSLOG?",
    "AT+UART_CUR?",
    "AT+SYSMSGFILTER?",
    "AT+SYSMFG?",
    "AT+CWMODE?",
    "AT+CWLAPOPT=1,2047,-100",
    "AT+CWLIF",
    "AT+CWDHCP?",
    "AT+CWSTOPSMART",
    "AT+CIPMUX?",
    "AT+CIPMODE?",
    "AT+CIPRECVTYPE?",
    "AT+CIPSERVER?",
    "AT+CIPSSLCCONF?",
    "AT+CIPDNS?",
    "AT+MDNS=0",
    "AT+CIPFWVER",
    'AT+MQTTUSERCFG=0,1,"bench","","",0,0,""',
    "AT+MQTTSUB?",
    "AT+HTTPCHEAD?",
    'AT+HTTPCPUT="http://127.0.0.1/",0',
    "AT+WSCFG?",
    "AT+WEBSERVER?",
    "AT+FACTPLCP=1,0",
    "AT+DRVPWMDUTY=1",
    "AT+DRVI2CRD=0,1,1",
    "AT+DRVSPIRD=1",
    "AT+USERRAM?",
    "AT+SOCKET?",
    'AT+FS=0,4,"."',  # mounts its file system; last, because the next one collects its garbage
)
# Eight groups in turn, as a host does that uses everything; each has state or services to load.
MIX = (
    "AT+CWMODE?",
    "AT+CIPSTATE?",
    "AT+CIPSNTPCFG?",
    "AT+MQTTCONN?",
    "AT+HTTPCHEAD?",
    "AT+WSOPEN?",
    "AT+WEBSERVER?",
    "AT+SOCKET?",
)


class Host:
    """The host end of a module: its raw port, and what it is connected to."""

    def __init__(self, module: Module, port: int, stack: ExitStack) -> None:
        self.module = module
        self.port = port
        self.stack = stack  # ends peers
        self.peer: socket.socket
        self.broker: Broker

    def ask(self, line: str) -> None:
        """Send a command and wait for its result."""
        os.write(self.port, line.encode() + b"\r\n")
        answer = b""
        while not _RESULT.search(answer):
            answer += os.read(self.port, 4096)

    def link(self) -> None:
        """Join, and open a link to a socket of ours."""
        flow.join(self.module)
        accept = self.stack.enter_context(flow.listener())
        self.peer = flow.accepted(
            accept, lambda port: self.module.ok(f'AT+CIPSTART="TCP","127.0.0.1",{port}')
        )


@contextmanager
def host_of(module: Module) -> Iterator[Host]:
    """Give the host end of a module that has just booted; its echo is on."""
    with ExitStack() as stack, flow.raw_port(module) as port:
        yield Host(module, port, stack)


@dataclass(frozen=True)
class Scene:
    """What leads up to the work, one turn of it, and how many turns are counted."""

    turn: Callable[[Host], object]
    turns: int = 200
    prepare: Callable[[Host], object] = lambda host: host.module.echo_off()
    per_turn: int = 1  # things that count in a turn


def command(line: str) -> Callable[[Host], None]:
    """Return a turn of one command."""
    return lambda host: host.ask(line)


def _at(host: Host) -> None:
    os.write(host.port, b"AT\r\n")
    expect(host.port, b"AT\r\n\r\nOK\r\n")


def _linked(host: Host) -> None:
    host.module.echo_off()
    host.link()


def _cipsend(host: Host) -> None:
    os.write(host.port, b"AT+CIPSEND=64\r\n")
    expect(host.port, b"\r\nOK\r\n\r\n>")
    os.write(host.port, BLOCK)
    expect(host.port, b"\r\nRecv 64 bytes\r\n\r\nSEND OK\r\n")
    if host.peer.recv(64, socket.MSG_WAITALL) != BLOCK:
        raise RuntimeError("other bytes arrived than were sent")


def _passive(host: Host) -> None:
    _linked(host)
    host.module.ok("AT+CIPRECVTYPE=1")


def recvdata(host: Host) -> None:
    """Play one turn of passive receiving: bytes come, a notice tells, the host asks."""
    host.peer.sendall(BLOCK)
    expect(host.port, b"\r\n+IPD,64\r\n")
    os.write(host.port, b"AT+CIPRECVDATA=64\r\n")
    expect(host.port, b"+CIPRECVDATA:64," + BLOCK + b"\r\nOK\r\n")


def _ipd(host: Host) -> None:
    host.peer.sendall(BLOCK)
    expect(host.port, b"\r\n+IPD,64:" + BLOCK)


def _mqtt(scheme: int, listener: str, cuts: bool = False) -> Callable[[Host], None]:
    """Return what connects to a broker; `cuts` halves all that comes from it."""

    def prepare(host: Host) -> None:
        host.module.echo_off()
        flow.join(host.module)
        host.broker = host.stack.enter_context(Broker())
        port = host.broker.ports[listener]
        if cuts:
            port = host.stack.enter_context(Cutter(port)).port
        host.module.ok(f'AT+MQTTUSERCFG=0,{scheme},"bench","","",0,0,""')
        host.module.ok(f'AT+MQTTCONN=0,"127.0.0.1",{port},0')
        host.module.ok('AT+MQTTSUB=0,"in",0')

    return prepare


def _mqtt_in(host: Host) -> None:
    host.broker.watcher.publish("in", BLOCK)
    expect(host.port, b'+MQTTSUBRECV:0,"in",64,' + BLOCK + b"\r\n")


def _mqttpub(host: Host) -> None:
    host.ask('AT+MQTTPUB=0,"out","' + "x" * 64 + '",0,0')


def _mixed(host: Host) -> None:
    host.ask("AT")
    host.ask("AT+GMR")
    host.ask("AT+SYSSTORE?")
    _cipsend(host)
    recvdata(host)


def _groups(host: Host) -> None:
    for line in MIX:
        host.ask(line)


SCENES = {
    "at": Scene(_at, prepare=lambda host: None),
    "gmr": Scene(command("AT+GMR")),
    "sysstore_query": Scene(command("AT+SYSSTORE?")),
    "unknown": Scene(command("AT+NOSUCH")),
    "cipsend_64": Scene(_cipsend, prepare=_linked),
    "recvdata_64": Scene(recvdata, prepare=_passive),
    "ipd_64": Scene(_ipd, prepare=_linked),
    "mqtt_in_64": Scene(_mqtt_in, prepare=_mqtt(1, "mqtt")),
    "mqttpub_64": Scene(_mqttpub, prepare=_mqtt(1, "mqtt")),
    "mqtt_tls_in_64": Scene(_mqtt_in, prepare=_mqtt(2, "mqtts")),
    "mqtt_tls_pub_64": Scene(_mqttpub, prepare=_mqtt(2, "mqtts")),
    "mqtt_ws_in_64": Scene(_mqtt_in, prepare=_mqtt(6, "mqtt_ws")),
    "mqtt_ws_pub_64": Scene(_mqttpub, prepare=_mqtt(6, "mqtt_ws")),
    "mqtt_cut_in_64": Scene(_mqtt_in, prepare=_mqtt(1, "mqtt", cuts=True)),
    "mqtt_ws_cut_in_64": Scene(_mqtt_in, prepare=_mqtt(6, "mqtt_ws", cuts=True)),
    "group_mix": Scene(_groups, turns=10, per_turn=len(MIX)),
    "mixed": Scene(_mixed, turns=2000, prepare=_passive, per_turn=5),
}
