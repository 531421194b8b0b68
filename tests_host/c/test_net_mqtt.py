"""umqtt.simple, unchanged, on the firmware's `socket` and `ssl`, with a real mosquitto."""

import errno
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager

import pytest

import system
from tests_host.c import netcerts
from tests_host.c.netscript import LIMIT_S
from tools.peers import mqttbroker
from tools.peers.servers import FreePort


@contextmanager
def broker(folder, *lines):
    """Run mosquitto on a free loopback port; yield the port."""
    system.ensure("mosquitto")
    place = FreePort()
    port = place.number
    path = folder / "mosquitto.conf"
    text = [f"user {mqttbroker.owner()}", "allow_anonymous true", "persistence false"]
    text += [f"listener {port} 127.0.0.1", *lines]
    path.write_text("\n".join(text) + "\n")
    command = [mqttbroker.program("mosquitto"), "-c", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < end
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()
        place.close()


TALK = """
from umqtt.simple import MQTTClient

got = []
client = MQTTClient("at-test", "127.0.0.1", port=port, keepalive=30, **options)
client.set_callback(lambda topic, message: got.append((topic, message)))
client.set_last_will(b"will", b"gone")
print(client.connect())
client.subscribe(b"loop/#", qos=1)
client.publish(b"loop/a", b"hello")
client.publish(b"loop/b", bytes(3000), qos=1)
while len(got) < 2:
    client.wait_msg()
print(got[0], got[1][0], got[1][1] == bytes(3000))
print(client.check_msg())
client.ping()
client.publish(b"loop/c", b"last")
for _ in range(200):
    client.check_msg()
    if len(got) == 3:
        break
    time.sleep_ms(10)
print(got[2])
client.disconnect()
"""
ANSWERS = [
    "0",
    "(b'loop/a', b'hello') b'loop/b' True",
    "None",
    "(b'loop/c', b'last')",
]


def test_a_conversation(net, tmp_path):
    with broker(tmp_path) as port:
        assert net.run(TALK, port=port, options={}) == ANSWERS


@pytest.mark.parametrize("clients", ["false", "true"])
def test_a_conversation_over_tls(net, tmp_path, clients):
    own = netcerts.leaf("good")
    (tmp_path / "ca.pem").write_bytes(netcerts.trusted())
    (tmp_path / "cert.pem").write_bytes(netcerts.chain(own))
    (tmp_path / "key.pem").write_bytes(netcerts.key(own))
    lines = [f"cafile {tmp_path}/ca.pem", f"certfile {tmp_path}/cert.pem"]
    lines += [f"keyfile {tmp_path}/key.pem", f"require_certificate {clients}"]
    parameters = {"server_hostname": netcerts.NAME, "cert_reqs": 2, "cadata": netcerts.trusted()}
    if clients == "true":
        shown = netcerts.leaf("client")
        parameters |= {"cert": netcerts.chain(shown), "key": netcerts.key(shown)}
    options = {"ssl": True, "ssl_params": parameters}
    with broker(tmp_path, *lines) as port:
        assert net.run(TALK, port=port, options=options) == ANSWERS


def test_a_broker_that_goes_away(net, tmp_path):
    source = """
from umqtt.simple import MQTTClient

client = MQTTClient("at-test", "127.0.0.1", port=port)
client.connect()
print("up")
for call in (client.wait_msg, MQTTClient("again", "127.0.0.1", port=port).connect):
    try:
        call()
    except OSError as e:
        print(e.args[0])
"""
    with ExitStack() as stack:
        with broker(tmp_path) as port:
            process = stack.enter_context(net.running(source, port=port))
            assert process.stdout.readline() == "up\n"
        assert process.stdout.readline() == "-1\n"  # umqtt's own for the end of the stream
        assert process.stdout.readline() == f"{errno.ECONNREFUSED}\n"
