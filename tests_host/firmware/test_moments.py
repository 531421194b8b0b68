"""What is said to be over is over: a host that reacts in the same millisecond finds the new state.

Each test waits for a message that ends something and sends, with the last byte of it, a command
that only the new state takes. Many times, because such a gap would be short.
"""

import re
import socket

import pytest

from tests_host.firmware import webbench as web
from tests_host.firmware.updatebench import IMAGE, Bench, Running
from tools.host.atclient import Module
from tools.host.simprocess import ROOT, Simulator
from tools.peers import servers
from tools.peers.mqttbroker import Broker, Relay
from tools.peers.websocketpeer import WebSocketServer

TIMES = 15
JOIN = 'AT+CWJAP="espressif","1234567890"'
STATION = "24:0a:c4:00:00:01"


@pytest.fixture
def module(simulate) -> tuple[Simulator, Module]:
    """Return a simulator and its module, joined to a network."""
    simulator = simulate()
    with simulator.module(timeout_s=30) as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok(JOIN)
        yield simulator, module


def hear(module: Module, text: str) -> None:
    """Take everything up to the end of a line that something says by itself."""
    module.read_until(text.encode() + b"\r\n")


def test_closed_frees_the_number_and_the_last_link_the_mode(module):
    _, at = module
    with servers.Server(servers.hang_up) as server:
        for _ in range(TIMES):
            at.ok(f'AT+CIPSTART="TCP","127.0.0.1",{server.port}')
            at.prompt("AT+CIPSEND=1")
            at.write(b"x")
            hear(at, "CLOSED")
            at.ok("AT+CIPMUX=1")  # takes no link
            for _ in range(2):
                at.ok(f'AT+CIPSTART=0,"TCP","127.0.0.1",{server.port}')
                at.prompt("AT+CIPSEND=0,1")
                at.write(b"x")
                hear(at, "0,CLOSED")
                assert at.ok("AT+CIPSTATE?") == []
            at.ok("AT+CIPMUX=0")


def test_closed_of_a_servers_client_leaves_room_for_the_next(module):
    _, at = module
    ip = re.search(r'"(.*)"', at.ok("AT+CIPSTA?")[0])[1]
    at.ok("AT+CIPMUX=1")
    at.ok("AT+CIPSERVERMAXCONN=1")
    at.ok("AT+CIPSERVER=1,8301")
    for _ in range(TIMES):
        with socket.create_connection((ip, 8301)):
            found = at.read_until(re.compile(rb"(\d),CONNECT\r\n"))
        hear(at, re.search(rb"(\d),CONNECT", found)[1].decode() + ",CLOSED")
        assert at.ok("AT+CIPSTATE?") == []
    at.ok("AT+CIPSERVER=0,1")


def test_what_ends_with_the_network_has_ended(module):
    simulator, at = module
    at.ok("AT+CWRECONNCFG=0,0")
    with servers.Server(servers.sink) as server:
        for _ in range(TIMES):
            at.ok(f'AT+CIPSTART="TCP","127.0.0.1",{server.port}')
            at.send("AT+CWINIT=0")
            hear(at, "CLOSED")
            assert at.finish().ok
            assert at.ok("AT+CIPSTATE?") == []
            at.quiet(20)
            at.ok("AT+CWINIT=1")
            at.ok("AT+CWMODE=1")
            at.ok(JOIN)
            simulator.act("ap_down espressif")
            hear(at, "WIFI DISCONNECT")
            assert at.ok("AT+CWSTATE?")[0].split(":")[1][0] in "034"
            assert at.ok("AT+CIPSTA?")[0] == '+CIPSTA:ip:"0.0.0.0"'
            simulator.act("ap_up espressif")
            at.ok(JOIN)


def test_a_broker_that_is_lost_can_be_cleaned_and_connected_anew(module):
    _, at = module
    with Broker() as broker:
        for _ in range(TIMES):
            at.ok('AT+MQTTUSERCFG=0,1,"moments","","",0,0,""')
            at.ok(f'AT+MQTTCONN=0,"127.0.0.1",{broker.ports["mqtt_relay"]},0')
            broker.relay.cut()
            hear(at, "+MQTTDISCONNECTED:0")
            at.ok("AT+MQTTCLEAN=0")
            assert at.ok("AT+MQTTCONN?")[0].startswith("+MQTTCONN:0,0,")


def test_a_broker_reached_by_ipv6_is_lost_with_the_network(module):
    _, at = module
    at.ok("AT+CIPV6=1")
    hear(at, "WIFI GOT IPv6 LL")
    with Broker() as broker:
        relay = Relay("127.0.0.1", broker.ports["mqtt"], "::1")
        at.ok('AT+MQTTUSERCFG=0,1,"moments","","",0,0,""')
        at.ok(f'AT+MQTTCONN=0,"::1",{relay.port},0')
        at.ok("AT+CWQAP")
        hear(at, "+MQTTDISCONNECTED:0")
        at.ok("AT+MQTTCLEAN=0")
        assert at.ok("AT+MQTTCONN?")[0].startswith("+MQTTCONN:0,0,")
        relay.close()


def test_a_websocket_that_is_closed_is_opened_anew(module):
    _, at = module
    server = WebSocketServer()
    for _ in range(TIMES):
        at.ok(f'AT+WSOPEN=0,"ws://127.0.0.1:{server.port}/close/1000"')
        hear(at, "+WS_CLOSED:0")
    server.close()


def test_an_update_that_has_ended_lets_the_next_begin(simulate, tmp_path):
    (tmp_path / "store" / "v1.9.0").mkdir(parents=True)
    (tmp_path / "store" / "v1.9.0" / "ota.bin").write_bytes(IMAGE)
    simulator, server = simulate(), Running(tmp_path / "store")
    with simulator.module(timeout_s=30) as at:
        Bench(simulator, at).use(server)
        for _ in range(TIMES):
            at.ok('AT+CIUPDATE=0,"v0.0.1",,1')
            hear(at, "+CIPUPDATE:-1")
        for _ in range(3):
            at.ok("AT+CIUPDATE=0,,,1")
            hear(at, "+CIPUPDATE:4")
            assert at.ok("AT+CIUPDATE?") == ["+CIPUPDATE:4"]
    server.close()


def test_an_upload_that_has_ended_lets_others_begin(tmp_path):
    simulator = web.boot(tmp_path, 64)
    with simulator.module(timeout_s=60) as at:
        bench = web.Bench(simulator, at)
        for _ in range(TIMES):
            assert bench.page.upload(b"no image" * 100).status == 422
            bench.hear("+WEBSERVERRSP:3", "+WEBSERVERRSP:5")
            at.prompt("AT+USEROTA=9")
            at.write(b"ftp://a/b")
            assert at.finish().result == "ERROR"
        for _ in range(TIMES):
            at.ok("AT+WEBSERVER=0")
            at.ok("AT+CIPMUX=1")
            at.ok(f"AT+CIPSERVER=1,{web.PORT}")
            at.ok("AT+CIPSERVER=0,1")
            at.ok(f"AT+WEBSERVER=1,{web.PORT},21")
    simulator.stop()


def test_credentials_that_came_from_outside_have_joined(simulate):
    simulator = simulate(options=("--world", str(ROOT / "tools/worlds/campus.toml")))
    phone = {"do": "smartconfig", "type": "ESPTOUCH", "ssid": "abc", "password": "0123456789"}
    with simulator.module(timeout_s=30) as at:
        at.echo_off()
        at.ok("AT+CWMODE=1")
        for _ in range(3):
            at.ok("AT+CWSTARTSMART=1")
            simulator.act(phone)
            hear(at, "smartconfig connected wifi")
            at.ok("AT+CWSTOPSMART")
            assert at.ok("AT+CWSTATE?") == ['+CWSTATE:2,"abc"']
            at.ok("AT+WPS=1")
            simulator.act("wps test")
            hear(at, "WIFI GOT IP")
            assert at.ok("AT+CWSTATE?") == ['+CWSTATE:2,"test"']
            at.ok("AT+WPS=0")


def test_stations_are_listed_while_they_are_there(simulate):
    simulator = simulate()
    with simulator.module(timeout_s=30) as at:
        at.echo_off()
        at.ok("AT+CWMODE=2")
        for _ in range(TIMES):
            simulator.act(f"station_join {STATION}")
            hear(at, f'+DIST_STA_IP:"{STATION}","192.168.4.2"')
            assert at.ok("AT+CWLIF") == [f"+CWLIF:192.168.4.2,{STATION}"]
            simulator.act(f"station_leave {STATION}")
            hear(at, f'+STA_DISCONNECTED:"{STATION}"')
            assert at.ok("AT+CWLIF") == []
