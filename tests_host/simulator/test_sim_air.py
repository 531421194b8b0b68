"""What a radio would lose is lost, addresses are the module's own, windows are the chip's."""

import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from tools.host.athost import Host
from tools.peers import servers
from tools.peers.webpeer import WebServer

SSID, PASSWORD = "espressif", "1234567890"


def join(module):
    module.echo_off()
    module.ok("AT+CWMODE=1")
    module.ok("AT+CWRECONNCFG=1,0")
    module.ok(f'AT+CWJAP="{SSID}","{PASSWORD}"', 30.0)
    module.quiet(50)


@pytest.fixture
def bench(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=30.0) as module:
        join(module)
        yield simulator, module


def test_a_download_stands_still_while_the_access_point_is_away(bench):
    simulator, module = bench
    size = 20_000_000
    with WebServer("127.0.0.1") as server:
        module.send(f'AT+HTTPCGET="http://127.0.0.1:{server.port}/noise/{size}",,4096,60000')
        module.read_until(re.compile(rb"\+HTTPCGET:\d+,"))
        simulator.act(f"ap_down {SSID}")
        before = len(module.read_until(b"WIFI DISCONNECT\r\n"))
        before += len(module.quiet(300, limit_s=60.0))  # what the module had already
        module.expect_silence(1000)
        assert before < size // 2
        simulator.act(f"ap_up {SSID}")
        module.read_until(b"\r\nOK\r\n", 120.0)


def test_datagrams_are_lost_while_the_access_point_is_away(bench):
    simulator, module = bench
    with servers.UdpServer(lambda _: [], "127.0.0.1") as peer:
        module.ok(f'AT+CIPSTART="UDP","127.0.0.1",{peer.port},5001,0')
        module.prompt("AT+CIPSEND=5")
        module.write(b"first")
        module.finish()
        while not peer.received:
            time.sleep(0.01)
        target = peer.received[0][1]
        simulator.act(f"ap_down {SSID}")
        peer.socket.sendto(b"lost", target)
        module.read_until(b"WIFI DISCONNECT\r\n")
        simulator.act(f"ap_up {SSID}")
        module.read_until(b"WIFI GOT IP\r\n")
        peer.socket.sendto(b"heard", target)
        said = module.read_until(b"heard")
    assert b"lost" not in said


def test_a_link_that_persists_ends_when_another_address_takes_the_place_of_its_own(bench):
    simulator, module = bench
    module.ok("AT+CIPMUX=1")
    module.ok("AT+CIPCONNPERSIST=0,1")
    with servers.Server(servers.echo, "127.0.0.1") as server:
        module.ok(f'AT+CIPSTART=0,"TCP","127.0.0.1",{server.port}')
        simulator.act(f"ap_down {SSID}")
        module.read_until(b"WIFI DISCONNECT\r\n")
        assert len(module.ok("AT+CIPSTATE?")) == 1
        simulator.act(f"ap_up {SSID}")
        module.read_until(b"WIFI GOT IP\r\n")
        assert len(module.ok("AT+CIPSTATE?")) == 1
        module.send('AT+CIPSTA="192.168.6.100"')
        module.read_until(b"0,CLOSED\r\n")


def test_tcp_gives_up_what_nobody_answers_and_leaves_what_waits(simulate):
    """A link with bytes on the way ends, as lwIP's repetitions do; an idle one goes on."""
    simulator = simulate(options=("--give-up-s", "1"))
    with (
        servers.Server(servers.echo, "127.0.0.1") as server,
        simulator.module(timeout_s=30.0) as module,
    ):
        join(module)
        module.ok("AT+CIPMUX=1")
        for number in (0, 1):
            module.ok(f"AT+CIPCONNPERSIST={number},1")
            module.ok(f'AT+CIPSTART={number},"TCP","127.0.0.1",{server.port}')
        simulator.act(f"ap_down {SSID}")
        module.read_until(b"WIFI DISCONNECT\r\n")
        module.prompt("AT+CIPSEND=0,5")
        module.write(b"alone")
        module.read_until(b"0,CLOSED\r\n")
        simulator.act(f"ap_up {SSID}")
        module.read_until(b"WIFI GOT IP\r\n")
        module.prompt("AT+CIPSEND=1,5")
        module.write(b"again")
        module.read_until(b"+IPD,1,5:again")


def test_keep_alive_ends_a_link_that_says_nothing_and_leaves_one_without(bench):
    """After the idle time and three probes, as tcp_slowtmr() of lwIP."""
    simulator, module = bench
    module.ok("AT+CIPMUX=1")
    with servers.Server(servers.echo, "127.0.0.1") as server:
        for number, keep_alive in ((0, 1), (1, 0), (2, 7200)):
            module.ok(f"AT+CIPCONNPERSIST={number},1")
            module.ok(f'AT+CIPSTART={number},"TCP","127.0.0.1",{server.port},{keep_alive}')
        simulator.act(f"ap_down {SSID}")
        module.read_until(b"0,CLOSED\r\n")
        module.expect_silence(500)
        assert [line[:12] for line in module.ok("AT+CIPSTATE?")] == [
            "+CIPSTATE:1,",
            "+CIPSTATE:2,",
        ]
        simulator.act(f"ap_up {SSID}")
        module.read_until(b"WIFI GOT IP\r\n")
        for number in (1, 2):
            module.prompt(f"AT+CIPSEND={number},5")
            module.write(b"again")
            module.read_until(b"+IPD,%d,5:again" % number)


def test_a_peer_cannot_send_more_than_the_chip_keeps(bench):
    _, module = bench
    sent = []

    def serve(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sock.settimeout(1.0)
        try:
            while True:
                sent.append(sock.send(bytes(1000)))
        except TimeoutError:
            done.set()

    done = threading.Event()
    with servers.Server(serve, "127.0.0.1") as server:
        host = Host(module)
        host.ok("AT+CIPMUX=1")
        host.ok("AT+CIPRECVTYPE=5,1")
        host.ok(f'AT+CIPSTART=0,"TCP","127.0.0.1",{server.port}')
        assert done.wait(60)
    assert sum(sent) < 40_000, "the window is 5760 bytes, the peer's buffer a few thousand"


@pytest.mark.parametrize("address", ["192.168.99.99", "10.1.2.3", "172.20.0.1", "127.0.0.77"])
def test_an_address_that_is_not_the_modules_is_refused(bench, address):
    _, module = bench
    with servers.Server(servers.echo, "127.0.0.1") as server:
        for kind in ("TCP", "UDP"):
            tail = f',,"{address}"' if kind == "TCP" else f',,,"{address}"'
            line = f'AT+CIPSTART="{kind}","127.0.0.1",{server.port}{tail}'
            assert module.command(line).result == "ERROR"


def test_a_server_on_a_port_that_may_not_be_bound_says_where_it_is(simulate):
    alone = ("unshare", "--user", "--map-root-user")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"]).returncode:
        pytest.skip("this machine lets nobody give up the right to bind low ports")
    probe = "import socket; socket.create_server(('127.0.0.2', 80))"
    if not subprocess.run([*alone, "python3", "-c", probe], capture_output=True).returncode:
        pytest.skip("everybody may bind low ports here")
    simulator = simulate(prefix=alone)
    with simulator.module() as module:
        join(module)
        assert simulator.act("status")["moved_ports"] == {}
        module.ok("AT+WEBSERVER=1,80,25")
        assert simulator.act("status")["moved_ports"] == {"80": 20080}
        address = simulator.act("status")["world"]["address"]
        socket.create_connection((address, 20080), 10).close()
