"""Whatever a host or a peer does, the next AT is answered by OK.

Rubbish on the AT port in each of its states, and peers that go in the middle of every protocol.
A full file system is in scenarios/fs_errors.at, cut power in test_fs_power.py and, for settings,
in tests_host/simulator/test_sim_life.py.
"""

import random
import re
from contextlib import closing

import pytest

from tests_device.rig import Rig
from tools.fuzz.peers import play
from tools.host.atclient import Module
from tools.peers.servers import FreePort, Server

_CHANCE = random.Random(20261121)
RUBBISH = {
    "random bytes": _CHANCE.randbytes(10_000),
    "every byte": bytes(range(256)) * 8,
    "half a line": b"AT+CWMO",
    "a line of 5000 bytes": b"A" * 5000,
    "a command of 5000 bytes": b'AT+CWJAP="' + b"x" * 5000 + b'"',
    "NULs": bytes(3000),
    "NULs in a line": b"A\0T\0\r\n\0AT+GMR\0",
    "line ends": b"\r" * 1000 + b"\n" * 1000 + b"\n\r" * 500,
    "quotes and escapes": b'AT+CWJAP="\\\\\\",\\"' * 300,
    "the end of passthrough": b"+++" * 300,
    "prompts and results": b"\r\n> \r\nOK\r\n\r\nERROR\r\nbusy p...\r\n" * 60,
    "UTF-8, cut": "ü€😀".encode() * 200 + b"\xf0\x9f",
    "many commands": b"AT+GMR\r\n" * 200,
}
_PROMPT = re.compile(rb"\r\nOK\r\n\r\n>")
_PROMPT_OR_ERROR = re.compile(rb"\r\n(>|ERROR\r\n)")
_RESULT = re.compile(rb"\r\n(SEND OK|SEND FAIL|OK|ERROR)\r\n")


@pytest.fixture
def module(rig: Rig) -> Module:
    module = rig.fresh(blank=False)
    module.echo_off()
    module.quiet(30)
    return module


@pytest.fixture
def joined(rig: Rig, module: Module) -> Module:
    if "host" not in rig.offers or "wifi" not in rig.offers:
        pytest.skip("the bench offers no access point or no host")
    module.ok("AT+CWMODE=1")
    module.ok(f'AT+CWJAP="{rig.variables["ssid"]}","{rig.variables["password"]}"', 60.0)
    module.quiet(30)
    return module


def answers(module: Module) -> None:
    """Prove that AT is answered by OK and by nothing else."""
    module.quiet(100, limit_s=60.0)
    module.send("AT+SYSSTORE=?")  # behind what is still to be said of the rubbish
    module.read_until(b"+SYSSTORE:(0,1)\r\n\r\nOK\r\n", 30.0)
    module.send("AT")
    module.expect(b"\r\nOK\r\n")


rubbish = pytest.mark.parametrize("data", RUBBISH.values(), ids=RUBBISH)


@rubbish
def test_rubbish_in_place_of_a_command(module: Module, data: bytes) -> None:
    module.write(data)
    module.quiet(50, limit_s=60.0)
    module.write(b"\r\n")
    answers(module)


@rubbish
def test_rubbish_while_a_command_runs(module: Module, data: bytes) -> None:
    module.ok("AT+CWMODE=1")
    module.send("AT+CWLAP")
    module.write(data)
    module.write(b"\r\n")
    module.read_until(b"\r\nOK\r\n", 30.0)
    module.quiet(50, limit_s=60.0)
    module.write(b"\r\n")  # what came behind the result may be half a line
    answers(module)


@rubbish
def test_rubbish_in_place_of_a_payload(module: Module, data: bytes) -> None:
    size = min(len(data), 1000)
    module.ok(f"AT+USERRAM=1,{size}")
    module.send(f"AT+USERRAM=2,{size}")
    module.read_until(_PROMPT)
    module.write(data[:size])
    module.read_until(b"WRITE OK\r\n")
    module.send(f"AT+USERRAM=3,{size}")
    module.expect(b"+USERRAM:%d," % size)
    assert module.read_exactly(size) == data[:size]
    answers(module)
    module.ok("AT+USERRAM=0")


@rubbish
def test_rubbish_behind_a_payload(module: Module, data: bytes) -> None:
    module.ok("AT+USERRAM=1,16")
    module.send("AT+USERRAM=2,4")
    module.read_until(_PROMPT)
    module.write(b"good" + data)
    module.read_until(b"WRITE OK\r\n")
    module.quiet(50, limit_s=60.0)
    module.write(b"\r\n")
    answers(module)
    module.send("AT+USERRAM=3,4")
    module.expect(b"+USERRAM:4,good")


# Peers that go. Each command talks to a server that does the steps, then is gone.
GOING = {
    "at once": [["end"]],
    "at once, by a reset": [["reset"]],
    "when it has heard something": [["hear"], ["end"]],
    "in the middle of an answer": [["hear"], ["say", "485454502f312e312032"], ["reset"]],
    "after an answer that is none": [["hear"], ["say", "00ff" * 40], ["end"]],
    "in the middle of a body": [
        ["hear"],
        ["say", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123".hex()],
        ["reset"],
    ],
    "after its welcome": [["hear"], ["say", "20020000"], ["hear"], ["reset"]],
    "as a WebSocket": [["accept"], ["say", "820a2002"], ["reset"]],
}
TALKING = {
    "TCP": ('AT+CIPSTART="TCP","{host}",{port}', "AT+CIPSEND=4", "AT+CIPCLOSE"),
    "SSL": ('AT+CIPSTART="SSL","{host}",{port}', "AT+CIPSEND=4", "AT+CIPCLOSE"),
    "HTTP": (
        'AT+HTTPCLIENT=2,0,"http://{host}:{port}/",,,1',
        'AT+HTTPCGET="http://{host}:{port}/"',
    ),
    "HTTP upload": ('AT+HTTPCPOST="http://{host}:{port}/",4',),
    "MQTT": (
        'AT+MQTTUSERCFG=0,1,"me","","",0,0,""',
        'AT+MQTTCONN=0,"{host}",{port},0',
        'AT+MQTTPUB=0,"t","m",1,0',
        "AT+MQTTCLEAN=0",
    ),
    "MQTT over WebSocket": (
        'AT+MQTTUSERCFG=0,6,"me","","",0,0,"/"',
        'AT+MQTTCONN=0,"{host}",{port},0',
        "AT+MQTTCLEAN=0",
    ),
    "WebSocket": ('AT+WSOPEN=0,"ws://{host}:{port}/",,3000', "AT+WSSEND=0,4", "AT+WSCLOSE=0"),
    "sockets": ("AT+SOCKET=4,{host},{port}", "AT+SOCKETSEND=1,4", "AT+SOCKETDEL=1"),
    "SSL sockets": ("AT+SOCKET=7,{host},{port}", "AT+SOCKETDEL=1"),
    "update": ("AT+USEROTA={size}",),
}


@pytest.mark.parametrize("way", GOING.values(), ids=GOING)
@pytest.mark.parametrize("lines", TALKING.values(), ids=TALKING)
def test_a_peer_that_goes(
    joined: Module, rig: Rig, lines: tuple[str, ...], way: list[list[str | int]]
) -> None:
    host = rig.variables["host"]
    with Server(lambda sock: play(sock, way), host) as server:
        url = f"http://{host}:{server.port}/image.bin"
        for line in lines:
            joined.send(line.format(host=host, port=server.port, size=len(url)))
            if re.search("SEND|POST|OTA", line):
                if joined.read_until(_PROMPT_OR_ERROR, 60.0).endswith(b">"):
                    joined.write(url.encode() if "OTA" in line else b"data")
                    joined.read_until(_RESULT, 60.0)
            else:
                joined.read_until(_RESULT, 60.0)
    answers(joined)


def test_nobody_is_there(joined: Module, rig: Rig) -> None:
    host = rig.variables["host"]
    with closing(FreePort(host)) as place:
        for lines in TALKING.values():
            for line in lines:
                text = line.format(host=host, port=place.number, size=30)
                if "SEND" in text or "OTA" in text:
                    continue
                joined.command(text, 60.0)
    answers(joined)
