"""A link that ends while a command waits for it: the command ends, and the port goes on."""

import socket
import time

import pytest

from tests_host.firmware.serving import PORT, serving
from tools.host.atclient import Module
from tools.host.athost import Host

BLOCK = bytes(8192)


def client(address: str) -> socket.socket:
    """Connect with a small buffer, so that the module soon finds no room."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect((address, PORT))
    return peer


def send_until_full(host: Host, command: str) -> str:
    """Send blocks until one is not taken; return what became of it."""
    for _ in range(2000):
        result = host.send(0, BLOCK, command)
        if result != "SEND OK":
            return result
    raise AssertionError("the peer takes everything")


def is_alive(at: Module) -> bool:
    """Return whether the port takes a command after all."""
    at.resync()
    return at.command("AT").ok


@pytest.mark.parametrize("command", ["AT+CIPSEND", "AT+CIPSENDL"])
def test_a_client_that_does_not_read_is_dropped_while_a_command_sends(simulate, command):
    """The time limit of silent clients ends the link; the data that waits is not sent."""
    with serving(simulate, "AT+CIPSTO=2") as (host, address), client(address):
        host.wait(lambda: "0,CONNECT" in host.messages, "no client")
        assert send_until_full(host, command) in ("ERROR", "SEND FAIL")
        host.wait(lambda: host.closed == [0], "CLOSED is missing")
        assert is_alive(host.module)


def read_on(host: Host) -> bytes:
    """Read what the link brings until it is closed, a part at a time."""
    host.wait(lambda: host.waiting.get(0) or host.closed == [0], "neither data nor CLOSED")
    while host.closed != [0]:
        if host.waiting.get(0):
            host.read(0, 5000)
        else:
            host.wait(lambda: host.waiting.get(0) or host.closed == [0], "CLOSED is missing")
    return bytes(host.data[0])


def test_a_link_that_is_silent_while_the_host_is_slow_to_read(simulate):
    """All comes whole, then the link is closed: it was the host that was silent."""
    data = bytes(i * 7 & 255 for i in range(60_000))
    with serving(simulate, "AT+CIPRECVTYPE=5,1", "AT+CIPSTO=5") as (host, address):
        with socket.create_connection((address, PORT)) as peer:
            peer.sendall(data)
            host.wait(lambda: host.waiting.get(0), "nothing is announced")
            host.module.send(f"AT+CIPRECVDATA=0,{len(data)}")
            time.sleep(8)  # the host does not read; meanwhile the link's time is over
            assert host.result("the data") == "OK"
            host.data[0] += host.answer
            assert host.answer and data.startswith(host.answer)
            assert read_on(host) == data
            assert is_alive(host.module)


def test_a_link_that_ends_while_the_host_is_slow_to_read(simulate):
    """What had come before the network went comes whole, then the link is closed."""
    data = bytes(i * 7 & 255 for i in range(60_000))
    started = []

    def start():
        started.append(simulate())
        return started[0]

    with serving(start, "AT+CWRECONNCFG=1,0", "AT+CIPRECVTYPE=5,1") as (host, address):
        with socket.create_connection((address, PORT)) as peer:
            peer.sendall(data)
            host.wait(lambda: host.waiting.get(0), "nothing is announced")
            announced = host.waiting.pop(0)
            host.module.send(f"AT+CIPRECVDATA=0,{announced}")
            time.sleep(1)  # the host does not read
            started[0].act("ap_down espressif")
            time.sleep(1)
            assert host.result("the data") == "OK"
            host.data[0] += host.answer
            assert host.answer == data[:announced]
            assert data.startswith(read_on(host))
            assert is_alive(host.module)
