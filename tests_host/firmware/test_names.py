"""Name service, SNTP and mDNS of the simulated module, as others on the network see them."""

import os
import socket
import textwrap
import time

import pytest
from zeroconf import IPVersion, ServiceBrowser, Zeroconf

from at.wire import dns
from tests_host.simulator.waiting import wait_for
from tools.host.atclient import Module
from tools.simulator.datagrams import open_socket


@pytest.fixture
def simulator(simulate):
    return simulate()


@pytest.fixture
def joined(simulator):
    with simulator.module(timeout_s=40) as module:
        yield join(module)


def join(module: Module) -> Module:
    module.echo_off()
    module.ok("AT+CWMODE=1")
    module.ok('AT+CWJAP="espressif","1234567890"')
    return module


def expect_soon(condition, what, limit_s=20):
    """Wait until the condition holds."""
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.05)


# Libraries that block


def test_the_socket_module_resolves_names(tmp_path, simulate):
    user = tmp_path / "user"
    user.mkdir()
    (user / "look.py").write_text(
        textwrap.dedent("""
        import socket
        from at.command import command

        LOOK = command("+LOOK", "Resolve as libraries do", (("str", "host", 1, 64),))

        @LOOK.set
        def look_set(at, host):
            try:
                row = socket.getaddrinfo(host.decode(), 80)[0]
            except OSError as error:
                at.line("+LOOK:" + str(error.args[1]))
                return
            at.line("+LOOK:%d,%s,%d" % (row[0], row[-1][0], row[-1][1]))
        """)
    )
    with simulate(options=("--user", str(user))).module() as module:
        module.echo_off()
        assert module.ok('AT+LOOK="a.test"') == ["+LOOK:no IP address; join an access point first"]
        join(module)
        assert module.ok('AT+LOOK="a.test"') == ["+LOOK:2,127.0.0.1,80"]
        assert module.ok('AT+LOOK="alias.odd.test"') == ["+LOOK:2,127.0.0.1,80"]
        assert module.ok('AT+LOOK="garbage.odd.test"') == ["+LOOK:2,127.0.0.1,80"]
        assert module.ok('AT+LOOK="a.invalid"') == ["+LOOK:there is no host a.invalid"]
        assert module.ok('AT+CIPDNS=1,"192.0.2.1","8.8.8.8"') == []
        assert module.ok('AT+LOOK="b.test"') == ["+LOOK:2,127.0.0.1,80"]


# Name servers


def test_a_silent_world_is_waited_for_and_given_up(joined, simulator):
    simulator.act({"do": "dns_servers", "silent": True})
    joined.send('AT+CIPDOMAIN="a.test"')
    joined.expect_silence(300)
    simulator.act({"do": "dns_servers", "silent": False})
    assert joined.finish().lines == ('+CIPDOMAIN:"127.0.0.1"',)
    simulator.act({"do": "dns_servers", "silent": True})
    assert joined.command('AT+CIPDOMAIN="b.test",1,500').result == "ERROR"


def test_a_reset_in_the_middle_of_a_look_up_does_no_harm(joined, simulator):
    simulator.act({"do": "dns_servers", "silent": True})
    joined.send('AT+CIPDOMAIN="a.test"')
    joined.expect_silence(100)
    joined.send("AT+RST")
    joined.wait_ready()
    joined.read_until(b"WIFI GOT IP\r\n")
    simulator.act({"do": "dns_servers", "silent": False})
    joined.echo_off()
    assert joined.ok('AT+CIPDOMAIN="a.test"') == ['+CIPDOMAIN:"127.0.0.1"']


def test_only_the_server_that_was_asked_is_heard(joined, simulator):
    """A stranger that knows the question, its number and its port is not believed."""

    def asked():
        told = simulator.act({"do": "dns_servers", "silent": True})
        return bytes.fromhex(told["last_query"])

    module = simulator.act("status")["world"]["address"]
    asked()  # from now on it is silent
    joined.send('AT+CIPDOMAIN="a.test",1,3000')
    wait_for(lambda: b"\1a\4test\0" in asked())
    query = asked()
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\x42"
    forged = query[:2] + b"\x81\x80\0\1\0\1" + query[8:] + record
    assert dns.answer(forged, int.from_bytes(query[:2], "big"), b"\1a\4test\0", dns.A)[0] == 0
    ports = list(udp_ports(module))
    assert ports
    with open_socket(4) as stranger:
        for port in ports:
            stranger.sendto(forged, (module, port))
    assert joined.finish().result == "ERROR"


def udp_ports(address):
    """Yield the local UDP ports that are in use at an address."""
    wanted = socket.inet_aton(address)[::-1].hex().upper()
    with open("/proc/net/udp") as table:
        for line in table.readlines()[1:]:
            host, port = line.split()[1].split(":")
            if host == wanted:
                yield int(port, 16)


# Time


def asked(simulator):
    return simulator.act({"do": "time_servers"})["asked"]


def test_the_clock_follows_the_worlds(joined, simulator):
    simulator.act({"do": "time_servers", "offset": 5 * 86400})
    joined.ok('AT+CIPSNTPCFG=1,0,"a.test"')
    joined.expect(b"+TIME_UPDATED\r\n")
    shown = int(joined.ok("AT+SYSTIMESTAMP?")[0].split(":")[1])
    assert abs(shown - time.time() - 5 * 86400) < 60
    joined.send("AT+RST")  # the clock survives it
    joined.wait_ready()
    joined.read_until(b"+TIME_UPDATED\r\n")


def test_the_time_is_asked_for_again_and_again_and_told_once(joined, simulator):
    joined.ok("AT+CIPSNTPINTV=15")
    joined.ok('AT+CIPSNTPCFG=1,0,"a.test"')
    joined.expect(b"+TIME_UPDATED\r\n")
    before = asked(simulator)
    expect_soon(lambda: asked(simulator) > before, "the second question", limit_s=60)
    joined.expect_silence(300)
    assert joined.ok("AT+CIPSNTPINTV=4294967") == []
    before = asked(simulator)
    joined.expect_silence(500)
    assert asked(simulator) == before


def test_a_new_network_is_a_new_chance(joined, simulator):
    simulator.act({"do": "time_servers", "silent": True})
    joined.ok('AT+CIPSNTPCFG=1,0,"a.test"')
    simulator.wait_log("a.test did not answer")
    simulator.act({"do": "time_servers", "silent": False})
    simulator.act("ap_down espressif")
    joined.expect(b"WIFI DISCONNECT\r\n", timeout_s=40)
    simulator.act("ap_up espressif")
    joined.expect(b"WIFI CONNECTED\r\nWIFI GOT IP\r\n+TIME_UPDATED\r\n", timeout_s=60)


def test_a_server_that_refuses_is_left_alone(joined, simulator):
    joined.ok('AT+CIPSNTPCFG=1,0,"kiss-time.odd.test"')
    simulator.wait_log("refused: DENY")
    before = asked(simulator)
    simulator.act("ap_down espressif")
    joined.expect(b"WIFI DISCONNECT\r\n", timeout_s=40)
    simulator.act("ap_up espressif")
    joined.expect(b"WIFI CONNECTED\r\nWIFI GOT IP\r\n", timeout_s=60)
    joined.expect_silence(500)
    assert asked(simulator) == before


SOON = """
import time
from at.command import command

SOON = command("+BANSOON", "Let what servers asked for end in some ms", (("int", "ms", 0, 9999),))


@SOON.set
def soon_set(at, ms):
    until = time.ticks_add(time.ticks_ms(), ms)
    at.sntp._refused = [(server, until) for server, _ in at.sntp._refused]
"""


def test_a_server_that_refuses_is_left_alone_for_a_while_only(tmp_path, simulate):
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "soon.py").write_text(SOON)
    simulator = simulate(options=("--user", str(tmp_path / "user")))
    with simulator.module(timeout_s=40) as module:
        join(module)
        module.ok('AT+CIPSNTPCFG=1,0,"kiss-time.odd.test"')
        simulator.wait_log("refused: DENY")
        before = asked(simulator)
        module.ok("AT+CIPSNTPINTV=15")  # makes it look again
        module.expect_silence(300)
        assert asked(simulator) == before
        module.ok("AT+BANSOON=0")
        expect_soon(lambda: asked(simulator) > before, "a question to the server", limit_s=60)


# mDNS


class Listener:
    """What a browser on this PC sees."""

    def __init__(self):
        self.seen = {}

    def add_service(self, zeroconf, kind, name):
        self.seen[name] = zeroconf.get_service_info(kind, name, timeout=5000)

    update_service = add_service

    def remove_service(self, _zeroconf, _kind, name):
        self.seen.pop(name, None)


# In the names of our services: others who run tests on this computer speak to the same network.
MINE = os.getpid()


@pytest.fixture
def browse():
    network = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)

    def start(*kinds):
        listener = Listener()
        ServiceBrowser(network, list(kinds), listener)
        return listener

    yield start
    network.close()


def test_a_service_is_found_by_a_browser(joined, simulator, browse):
    seen = browse(f"_prn{MINE}._tcp.local.", f"_iot{MINE}._udp.local.").seen
    joined.ok(
        f'AT+MDNS=1,"host{MINE}","_prn{MINE}",35,"my_instance","_tcp",2,'
        '"product","my_printer","firmware_version","AT-V3.4.1.0"'
    )
    name = f"my_instance._prn{MINE}._tcp.local."
    expect_soon(lambda: seen.get(name), name)
    info = seen[name]
    assert info.server == f"host{MINE}.local."
    assert info.port == 35
    assert info.parsed_addresses() == [simulator.act("status")["world"]["address"]]
    assert info.properties == {b"product": b"my_printer", b"firmware_version": b"AT-V3.4.1.0"}

    # A second one takes the place of the first; the underscores may be left out.
    joined.ok(f'AT+MDNS=1,"host{MINE}","iot{MINE}",8080,,"udp"')
    other = f"host{MINE}._iot{MINE}._udp.local."
    expect_soon(lambda: seen.get(other) and name not in seen, other)
    assert (seen[other].port, seen[other].properties) == (8080, {})

    joined.ok("AT+MDNS=0")
    expect_soon(lambda: not seen, "the end of the service")


def test_a_restart_ends_the_announcement(joined, browse):
    seen = browse(f"_gone{MINE}._tcp.local.").seen
    joined.ok(f'AT+MDNS=1,"host{MINE}","_gone{MINE}",1')
    expect_soon(lambda: seen, "the service")
    joined.send("AT+RST")
    joined.wait_ready()
    expect_soon(lambda: not seen, "the end of the service")


def test_the_service_can_be_reached_where_it_says(joined, browse):
    seen = browse(f"_at{MINE}._tcp.local.").seen
    joined.ok("AT+CIPMUX=1")
    joined.ok("AT+CIPSERVER=1,3535")
    joined.ok(f'AT+MDNS=1,"host{MINE}","_at{MINE}",3535')
    expect_soon(lambda: seen, "the service")
    info = next(iter(seen.values()))
    with socket.create_connection((info.parsed_addresses()[0], info.port), timeout=10) as peer:
        joined.expect(b"0,CONNECT\r\n")
        peer.sendall(b"hello")
        joined.expect(b"\r\n+IPD,0,5:hello")
