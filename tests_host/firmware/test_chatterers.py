"""Peers that talk without pause, trickle, or go in circles: the module stays there for its host.

The peers are sockets of this process in the simulated world; some break every rule on purpose.
"""

import contextlib
import socket
import threading
import time

import pytest

from tools.host.atclient import Module

JOIN = ("AT+CWMODE=1", 'AT+CWJAP="espressif","1234567890"')
ROUNDS = 10  # of AT while a peer talks


@pytest.fixture
def simulator(simulate):
    return simulate(bits=32)


@pytest.fixture
def module(simulator):
    with simulator.module(timeout_s=60) as at:
        at.echo_off()
        for line in JOIN:
            at.ok(line)
        yield at
    assert "Traceback" not in simulator.log_text()
    assert "crash" not in simulator.log_text()
    assert "memory" not in simulator.log_text()


@contextlib.contextmanager
def peer(serve):
    """Serve each client with `serve(socket)` until the block ends; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    clients = []

    def run(client):
        with client, contextlib.suppress(OSError):
            serve(client)

    def accept():
        while not over.is_set():
            with contextlib.suppress(OSError):
                client = listener.accept()[0]
                client.settimeout(60)
                clients.append((client, threading.Thread(target=run, args=(client,))))
                clients[-1][1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for client, thread in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            thread.join()


def without_pause(client, data):
    """Say the same again and again, as fast as it is taken, and read nothing."""
    while True:
        client.sendall(data * 200)


def read_head(client):
    """Read up to the empty line of an HTTP head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    return head


def answers_meanwhile(module: Module):
    """Check that the port answers again and again while something goes on."""
    for _ in range(ROUNDS):
        assert module.ok("AT+GMR")


# MQTT


def mqtt_broker(flood):
    """Return a broker that accepts a session, then says `flood` for ever."""

    def serve(client):
        client.recv(4096)
        client.sendall(b"\x20\x02\x00\x00")
        without_pause(client, flood)

    return serve


@pytest.mark.parametrize(
    "flood",
    [b"\xd0\x00", b"\x62\x02\x00\x07", b"\x40\x02\x00\x09"],
    ids=["PINGRESP", "PUBREL", "PUBACK"],
)
def test_a_broker_that_talks_without_pause(module, flood):
    module.ok('AT+MQTTUSERCFG=0,1,"id","","",0,0,""')
    with peer(mqtt_broker(flood)) as port:
        module.send(f'AT+MQTTCONN=0,"127.0.0.1",{port},0')
        module.read_until(b"\r\nOK\r\n", 30)
        answers_meanwhile(module)
        module.send("AT+MQTTCLEAN=0")
        module.read_until(b"\r\nOK\r\n", 60)
    module.quiet(200)
    assert module.command("AT").ok


# WebSocket


def test_a_websocket_server_that_pings_without_pause(module):
    import base64
    import hashlib

    def serve(client):
        head = read_head(client)
        key = head.lower().split(b"sec-websocket-key: ")[1].split(b"\r\n")[0]
        key = head[head.lower().index(key) :][: len(key)]
        proof = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        client.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % base64.b64encode(proof)
        )
        without_pause(client, b"\x89\x00")

    with peer(serve) as port:
        module.send(f'AT+WSOPEN=0,"ws://127.0.0.1:{port}/"')
        module.read_until(b"\r\nOK\r\n", 30)
        answers_meanwhile(module)
    module.quiet(300)
    assert module.command("AT").ok


# HTTP


@pytest.mark.parametrize(
    "flood",
    [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\na: b\r\n\r\n"],
    ids=["bare", "with a field"],
)
def test_interim_answers_without_end(module, flood):
    def serve(client):
        read_head(client)
        without_pause(client, flood)

    with peer(serve) as port:
        assert not module.command(f'AT+HTTPCGET="http://127.0.0.1:{port}/",0,0,30000', 60).ok
    assert module.command("AT").ok


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 2000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * 2000,
    ],
    ids=["head", "body"],
)
def test_a_time_out_is_a_promise_for_a_server_that_trickles(module, text):
    """A second is what it has to answer; it needs minutes."""
    head = text.index(b"\r\n\r\n") + 4 if b"\r\n\r\n" in text else 0

    def serve(client):
        read_head(client)
        client.sendall(text[:head])
        for at in range(head, len(text)):
            client.sendall(text[at : at + 1])
            time.sleep(0.3)

    with peer(serve) as port:
        assert not module.command(f'AT+HTTPCGET="http://127.0.0.1:{port}/",0,0,1000', 60).ok
    module.quiet(300)
    assert module.command("AT").ok


# Names


def test_aliases_that_go_in_a_circle(net):
    """Each server says that the name is another one's alias, and back again."""
    lines = net.run("""
from at.errors import LinkError
from at.services.names import Search
from at.wire import dns

class Names:
    def servers(self):
        return ("192.0.2.1",)
    def recall(self, name, kind):
        return None

search = Search(Names(), "a.test", (dns.A,))
steps = 0
try:
    while search.step is not None and steps < 1000:
        steps += 1
        search.go_on((dns.ALIAS, dns.pack_name("ab"[steps % 2] + ".test"), 0))
except LinkError as error:
    print(error.reason)
""")
    assert lines == ["a.test has too many aliases"]
