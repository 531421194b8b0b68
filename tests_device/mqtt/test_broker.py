"""AT+MQTT* against mosquitto: large messages over every scheme, wills, sessions that are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from paho.mqtt import client as paho

from tests_device.rig import Rig
from tools.host.atclient import Module
from tools.peers.mqttbroker import Broker

SIZE = 100_000
DATA = bytes(i * 31 + (i >> 8) & 0xFF for i in range(SIZE))
# scheme of AT+MQTTUSERCFG: listener of the broker
SCHEMES = {1: "mqtt", 5: "mqtts_mutual", 6: "mqtt_ws", 10: "mqtt_wss_mutual"}


@pytest.fixture(scope="module")
def bench(rig: Rig) -> Iterator[Rig]:
    """Return the rig with a module in the network that knows the time."""
    if not {"wifi", "broker"} <= rig.offers:
        pytest.skip("the bench does not offer: wifi, broker")
    boot(rig, rig.fresh())
    yield rig
    rig.close()


def boot(rig: Rig, module: Module) -> None:
    module.echo_off()
    module.ok("AT+CWMODE=1")
    module.ok(f'AT+CWJAP="{rig.variables["ssid"]}","{rig.variables["password"]}"', 30.0)
    module.ok('AT+CIPSNTPCFG=1,0,"pool.ntp.org"')
    module.read_until(b"+TIME_UPDATED\r\n", 30.0)


@pytest.fixture
def broker(bench: Rig) -> Broker:
    """Return the broker; its watcher has heard nothing yet."""
    bench.broker.watcher.wait()
    bench.broker.watcher.clear()
    return bench.broker


@pytest.fixture
def at(bench: Rig) -> Iterator[Module]:
    """Return the module, with nothing of MQTT configured."""
    bench.module.log.clear()
    yield bench.module
    bench.module.command("AT+MQTTCLEAN=0")
    bench.module.quiet(20)


def connect(at: Module, bench: Rig, scheme: int = 1, *prepare: str) -> None:
    at.ok(f'AT+MQTTUSERCFG=0,{scheme},"large","","",0,0,"mqtt"')
    for line in prepare:
        at.ok(line)
    port = bench.broker.ports[SCHEMES[scheme]]
    at.ok(f'AT+MQTTCONN=0,"{bench.variables["host"]}",{port},0', 30.0)


def publish(at: Module, topic: str, data: bytes, qos: int) -> None:
    at.send(f'AT+MQTTPUBRAW=0,"{topic}",{len(data)},{qos},0')
    at.expect(b"\r\nOK\r\n\r\n>")
    at.write(data)
    at.read_until(b"+MQTTPUB:OK\r\n", 60.0)


def receive(at: Module, topic: str, size: int) -> bytes:
    data = b""
    while len(data) < size:
        at.expect(f'+MQTTSUBRECV:0,"{topic}",'.encode(), 60.0)
        data += at.read_exactly(int(at.read_until(b",")[:-1]))
        at.expect(b"\r\n")
    return data


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_100_kb_in_both_directions(
    at: Module, bench: Rig, broker: Broker, scheme: int, qos: int
) -> None:
    connect(at, bench, scheme)
    publish(at, "up", DATA, qos)
    assert broker.watcher.next("up").payload == DATA
    at.ok(f'AT+MQTTSUB=0,"down",{qos}')
    broker.watcher.publish("down", DATA, qos)
    assert receive(at, "down", SIZE) == DATA


def test_many_long_messages_in_the_heap_of_the_chip(
    at: Module, bench: Rig, broker: Broker
) -> None:
    connect(at, bench)
    for round_number in range(5):
        data = bytes([round_number]) + DATA
        publish(at, "up", data, 1)
        assert broker.watcher.next("up").payload == data


def test_the_will_of_a_module_without_power(at: Module, bench: Rig, broker: Broker) -> None:
    if not bench.simulated:
        pytest.skip("nobody takes the power from a real module")
    connect(at, bench, 1, 'AT+MQTTCONNCFG=0,10,0,"last/words","it is dark",1,1')
    boot(bench, bench.restart())
    message = broker.watcher.next("last/words")
    assert (message.payload, message.qos) == (b"it is dark", 1)
    connect(at, bench)
    at.ok('AT+MQTTSUB=0,"last/words",1')
    assert receive(at, "last/words", 10) == b"it is dark"  # it was retained
    at.ok('AT+MQTTPUB=0,"last/words","",0,1')
    assert broker.watcher.next("last/words").payload == b""  # gone before the next test begins


def test_no_will_after_an_orderly_end(at: Module, bench: Rig, broker: Broker) -> None:
    connect(at, bench, 1, 'AT+MQTTCONNCFG=0,10,0,"last/words","never",1,0')
    at.ok("AT+MQTTCLEAN=0")
    broker.watcher.publish("last/words", b"other")
    assert broker.watcher.next("last/words").payload == b"other"


def test_a_kept_session_receives_what_it_missed(at: Module, bench: Rig, broker: Broker) -> None:
    kept = 'AT+MQTTCONNCFG=0,60,1,"","",0,0'
    connect(at, bench, 1, kept)
    at.ok('AT+MQTTSUB=0,"while/away",2')
    at.ok("AT+MQTTCLEAN=0")
    for qos in (1, 2):
        broker.watcher.publish("while/away", b"%d" % qos, qos)
    connect(at, bench, 1, kept)
    assert receive(at, "while/away", 2) == b"12"
    assert at.ok("AT+MQTTSUB?") == []  # the module itself has forgotten
    at.ok("AT+MQTTCLEAN=0")
    connect(at, bench)  # a clean session ends it
    broker.watcher.publish("while/away", b"lost", 1)
    at.expect_silence(200)


def test_two_clients_of_one_name(at: Module, bench: Rig, broker: Broker) -> None:
    """The broker ends the older connection."""
    connect(at, bench)
    start = len(broker.log())
    rival = paho.Client(paho.CallbackAPIVersion.VERSION2, "large")
    rival.connect(bench.variables["host"], broker.ports["mqtt"])
    rival.loop_start()
    at.expect(b"+MQTTDISCONNECTED:0\r\n")
    rival.disconnect()
    rival.loop_stop()
    broker.wait_log("already connected", start)
