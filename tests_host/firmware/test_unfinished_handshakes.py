"""Clients and servers that stall in their TLS handshake: what ends them, and what is free then."""

import os
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from tests_host.simulator.waiting import wait_for
from tools.peers import servers
from tools.peers.secure import wrap

PORT = 7004
LOST = "closed"  # how the log tells it; a client that was waited for in vain "did not answer"
JOIN = 'AT+CWJAP="espressif","1234567890"'


def context():
    """Return what a client goes by that takes any certificate."""
    made = servers.client_context()
    made.verify_mode = ssl.CERT_NONE
    return made


class Stalled:
    """A real TLS client that says its hello, hears the module's, and goes no further."""

    def __init__(self, place):
        self.sock = socket.create_connection(place, 30)
        hello = ssl.MemoryBIO()
        with suppress(ssl.SSLWantReadError):
            context().wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
        self.sock.sendall(hello.read())
        assert self.sock.recv(1) == b"\x16"

    def end(self):
        """Wait until the module has ended it."""
        with self.sock, suppress(ConnectionError):
            while self.sock.recv(4096):
                pass


class Bench:
    """A module with a TLS server."""

    def __init__(self, simulator, module, clients="5"):
        self.simulator = simulator
        self.module = module
        module.echo_off()
        for line in ("AT+CWMODE=1", JOIN, "AT+CIPMUX=1", f"AT+CIPSERVERMAXCONN={clients}"):
            module.ok(line)
        self.files = self.held()
        self.serve()
        self.place = (module.ok("AT+CIPSTA?")[0].split('"')[1], PORT)

    def serve(self):
        self.module.ok(f'AT+CIPSERVER=1,{PORT},"SSL"')

    def held(self):
        """Return how many descriptors the firmware has."""
        return len(os.listdir(Path("/proc", str(self.simulator.act("status")["pid"]), "fd")))

    def refused(self):
        """Return why clients were refused."""
        lines = self.simulator.log_text().splitlines()
        return [line for line in lines if "client refused" in line]


@pytest.fixture
def bench(simulate):
    simulator = simulate(bits=32)
    with simulator.module(timeout_s=60) as module:
        yield Bench(simulator, module)
        assert "Traceback" not in simulator.log_text()


@pytest.mark.parametrize("line", ["AT+CIPSERVER=0,1", "AT+CIPSERVER=0"])
def test_stopping_the_server_ends_them(bench, line):
    stalled = [Stalled(bench.place) for _ in range(5)]
    bench.module.ok(line)
    with socket.create_server(("127.0.0.1", 0)) as peer:
        for number in range(5):  # all numbers are free at once
            bench.module.ok(f'AT+CIPSTART={number},"TCP","127.0.0.1",{peer.getsockname()[1]}')
        bench.module.ok("AT+CIPCLOSE=5")
    for client in stalled:
        client.end()
    wait_for(lambda: len(bench.refused()) == 5)
    assert all(LOST in line for line in bench.refused())
    wait_for(lambda: bench.held() == bench.files)
    bench.serve()
    with socket.create_connection(bench.place) as sock, wrap(context(), sock):
        bench.module.read_until(b"CONNECT\r\n")


@pytest.mark.parametrize("how", ["ap_down espressif", "AT+CWQAP", "AT+CWINIT=0", "AT+CWMODE=0"])
def test_a_lost_network_ends_them(bench, how):
    stalled = [Stalled(bench.place) for _ in range(5)]
    if how.startswith("AT"):
        bench.module.ok(how)
    else:
        bench.simulator.act(how)
        bench.module.read_until(b"WIFI DISCONNECT\r\n")
    for client in stalled:
        client.end()
    wait_for(lambda: len(bench.refused()) == 5)
    assert all(LOST in line for line in bench.refused())
    bench.module.ok("AT+CIPSERVER=0,1")
    wait_for(lambda: bench.held() == bench.files)


@pytest.mark.parametrize("line", ["AT+RESTORE", "AT+RST"])
def test_a_restart_ends_them(bench, line):
    stalled = [Stalled(bench.place) for _ in range(5)]
    bench.module.ok(line)
    bench.module.wait_ready()
    for client in stalled:
        client.end()
    bench.module.ok("AT")


def test_they_count_for_the_limit(simulate):
    simulator = simulate(bits=32)
    with simulator.module(timeout_s=60) as module:
        bench = Bench(simulator, module, "1")
        stalled = Stalled(bench.place)
        with socket.create_connection(bench.place, 30) as sock:
            module.read_until(b"Have 1 Connections\r\n")
            assert sock.recv(100) == b""
        stalled.sock.close()
        wait_for(lambda: len(bench.refused()) == 1)
        with socket.create_connection(bench.place) as sock, wrap(context(), sock):
            module.read_until(b"CONNECT\r\n")


def test_a_server_that_stalls_is_given_up_with_the_network(bench):
    with socket.create_server(("127.0.0.1", 0)) as server:
        bench.module.ok("AT+SYSLOG=2")
        bench.module.send(f'AT+CIPSTART=0,"SSL","127.0.0.1",{server.getsockname()[1]}')
        peer, _ = server.accept()
        with peer:
            assert peer.recv(1) == b"\x16"
            bench.simulator.act("ap_down espressif")
            reply = bench.module.finish()
    assert reply.result == "ERROR"
    assert any(LOST in line for line in reply.lines)
