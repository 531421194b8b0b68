"""What a command has to say comes before its result, also if its host is said to sleep."""

import pytest

from tools.peers import servers
from tools.peers.mqttbroker import Broker

JOIN = 'AT+CWJAP="espressif","1234567890"'
WAKE_MS = 400  # the host gets so long to wake up


@pytest.fixture(scope="module")
def ports():
    with Broker() as broker, servers.Server(servers.echo) as echo:
        with servers.Server(servers.echo, "::1") as echo6:
            yield {"mqtt": broker.ports["mqtt"], "echo": echo.port, "echo6": echo6.port}


# What comes before, the command, and what it says before its result.
COMMANDS = {
    "join": (("AT+CWQAP",), JOIN, "WIFI CONNECTED\r\nWIFI GOT IP\r\n\r\nOK\r\n"),
    "mode": ((), "AT+CWMODE=2", "WIFI DISCONNECT\r\n\r\nOK\r\n"),
    "init": ((), "AT+CWINIT=0", "WIFI DISCONNECT\r\n\r\nOK\r\n"),
    "smart": ((), "AT+CWSTARTSMART=1", "WIFI DISCONNECT\r\n\r\nOK\r\n"),
    "link": ((), 'AT+CIPSTART="TCP","127.0.0.1",{echo}', "CONNECT\r\n\r\nOK\r\n"),
    "ipv6": (
        ("AT+CIPV6=1", 'AT+CIPSTART="TCPv6","::1",{echo6}'),
        "AT+CIPV6=0",
        "CLOSED\r\n\r\nOK\r\n",
    ),
    "mqtt": (
        ('AT+MQTTUSERCFG=0,1,"said","","",0,0,""',),
        'AT+MQTTCONN=0,"127.0.0.1",{mqtt},0',
        '+MQTTCONNECTED:0,1,"127.0.0.1","{mqtt}","",0\r\n\r\nOK\r\n',
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_comes_before_the_result_to_a_host_that_sleeps(simulate, ports, name):
    before, command, answer = COMMANDS[name]
    with simulate().module(timeout_s=30) as at:
        at.echo_off()
        at.ok("AT+CWMODE=1")
        at.ok(JOIN)
        for line in before:
            at.ok(line.format(**ports))
            at.quiet(300)  # its news
        at.ok(f"AT+USERWKMCUCFG=1,1,18,1,{WAKE_MS},1")
        at.ok("AT+USERMCUSLEEP=1")
        at.send(command.format(**ports))
        assert at.read_until(b"OK\r\n").decode() == answer.format(**ports)
        assert at.quiet(WAKE_MS + 300) == b""


def test_what_comes_behind_the_result_wakes_the_host_as_ever(simulate):
    with simulate().module(timeout_s=30) as at:
        at.echo_off()
        at.ok("AT+CWMODE=1")
        at.ok(JOIN)
        at.ok(f"AT+USERWKMCUCFG=1,2,1,0x57,{WAKE_MS},1")
        at.ok("AT+USERMCUSLEEP=1")
        at.ok("AT+CWQAP")
        assert at.read_until(b"WIFI DISCONNECT\r\n") == b"WWIFI DISCONNECT\r\n"
        at.ok("AT")
