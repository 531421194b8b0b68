"""TLS sessions in use: all bytes both ways, slow peers, the end of a stream, servers, profiles."""

import hashlib
import random
import socket
import ssl
import threading

import pytest

from tests_host.c import netcerts
from tests_host.c.netpeers import tls_serving
from tests_host.c.netpieces import ALL, TLS_SERVER
from tests_host.c.netscript import LIMIT_S, serving
from tools.peers.secure import wrap


def test_all_bytes_come_back(net, tls_port):
    values = {"port": tls_port, "total": 3_000_000, "most": 9000}
    assert net.run("link = secure(port, atnet.Profile())\n" + ALL, **values) == ["True True"]


PUSH = """
import hashlib
link = secure(port, atnet.Profile())
sha = hashlib.sha256()
stalls = 0
chunk = bytes(range(250)) * 40
for i in range(1000):
    done = 0
    while done < len(chunk):
        taken = atnet.send(link, chunk, done)
        if taken is None:
            stalls += 1
            if stalls == 1:
                print("stalled")
            until(link, atnet.WRITE)
        else:
            done += taken
    sha.update(chunk)
atnet.close(link)
settle()
print(sha.digest().hex())
"""


def test_a_slow_peer_gets_everything_in_the_end(net):
    """send() takes a record that the socket does not; it goes out before the goodbye."""
    digests, stalled = [], threading.Event()

    def slow(secure):
        secure.suppress_ragged_eofs = False  # the goodbye has to come
        stalled.wait(LIMIT_S)
        sha = hashlib.sha256()
        while data := secure.recv(3000):
            sha.update(data)
        digests.append(sha.hexdigest())

    with tls_serving(slow) as port:
        with net.running(PUSH, port=port) as process:
            assert process.stdout.readline() == "stalled\n"
            stalled.set()
            digest = process.stdout.readline().strip()
    assert digests == [digest]


def test_closing_while_the_peer_is_slow_delivers_all_and_the_goodbye(net):
    """A record of which the socket has taken a part, then close_notify behind it."""
    received, closed = [], threading.Event()

    def slow(secure):
        secure.suppress_ragged_eofs = False  # without a goodbye recv() raises
        closed.wait(LIMIT_S)
        received.append(sum(len(part) for part in iter(lambda: secure.recv(65536), b"")))

    source = """
link = secure(port, atnet.Profile())
atnet.setopt(link, atnet.LINGER, 30)
total = idle = 0
while idle < 5:
    taken = atnet.send(link, bytes(4000))
    total += taken or 0
    idle = 0 if taken else idle + 1
    if not taken:
        time.sleep_ms(10)
atnet.close(link)
print(total)
settle()
"""
    with tls_serving(slow) as port:
        with net.running(source, port=port) as process:
            total = int(process.stdout.readline())
            closed.set()
    assert received == [total]


def test_what_is_decrypted_counts_as_ready(net):
    """One record holds more than was read: wait() must not sleep on an empty socket."""

    def one_record(secure):
        secure.sendall(b"x" * 9000)
        secure.recv(1)

    with tls_serving(one_record) as port:
        lines = net.run(
            """
link = secure(port, atnet.Profile())
until(link, atnet.READ)
total = len(read(link, 10))
print(atnet.available(link), atnet.poll(link) & atnet.READ, until(link, atnet.READ))
while total < 9000:
    total += len(read(link, 100))
print(atnet.poll(link) & atnet.READ, until(link, atnet.READ, 20))
atnet.shutdown(link)
print(read(link), atnet.recv(link, 5), atnet.ended(link), atnet.error(link))
print(until(link, atnet.READ, 50))
""",
            port=port,
        )
    assert lines == ["8990 1 True", "0 False", "b'' b'' True None", "True"]


@pytest.mark.parametrize("look", [False, True])
def test_a_stream_that_is_cut_is_told_from_one_that_ends(net, look):
    """Without close_notify somebody may have cut the rest off: reported once, after the data."""

    def cut(client):
        with wrap(netcerts.server_context(), client, server_side=True) as secure:
            secure.sendall(b"half of it")
            socket.socket(fileno=secure.detach()).close()

    with serving(cut) as port:
        lines = net.run(
            """
link = secure(port, atnet.Profile())
print(read_exactly(link, 10))
if look:
    while not atnet.ended(link):
        atnet.available(link)
print(failing(read, link))
print(atnet.recv(link, 10), atnet.ended(link), atnet.error(link)[1])
""",
            port=port,
            look=look,
        )
    reason = "closed without close_notify"
    assert lines == ["b'half of it'", reason, f"b'' True {reason}"]


def test_a_damaged_record_ends_the_session(net):
    def damage(client):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = netcerts.server_context().wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                server.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.sendall(outgoing.read())
                incoming.write(client.recv(65536))
        server.write(b"the truth")
        sent = bytearray(outgoing.read())
        sent[-1] ^= 1
        client.sendall(sent)
        client.recv(100)

    with serving(damage) as port:
        lines = net.run(
            """
link = secure(port, atnet.Profile())
print(failing(read, link))
print(atnet.recv(link, 10), failing(atnet.send, link, b"x"))
""",
            port=port,
        )
    assert lines == ["damaged record", "b'' connection closed"]


def test_our_goodbye_is_heard(net):
    ends = []

    def listen(client):
        secure = wrap(netcerts.server_context(), client, server_side=True)
        secure.suppress_ragged_eofs = False
        ends.append(secure.recv(100))
        ends.append(secure.recv(100))  # raises if there is no close_notify
        secure.close()

    with serving(listen) as port:
        net.run(
            """
link = secure(port, atnet.Profile())
write(link, b"bye")
atnet.close(link)
print(atnet.closing())
link = secure(port, atnet.Profile())
write(link, b"bye")
print(atnet.shutdown(link), failing(atnet.send, link, b"more"))
""",
            port=port,
        )
    assert ends == [b"bye", b""] * 2


@pytest.mark.parametrize(
    ("shown", "clients", "reason"),
    [
        (None, False, "no error"),
        ("client", True, "no error"),
        (None, True, "no client certificate"),
        ("stranger", True, "unknown CA"),
        ("expired", True, "certificate expired"),
    ],
)
def test_a_server_and_what_its_client_shows(net, shown, clients, reason):
    with net.running(TLS_SERVER, clients=clients, **netcerts.shown()) as process:
        port = int(process.stdout.readline())
        context = netcerts.client_context(shown)
        context.set_alpn_protocols(["h2"])
        try:
            with (
                socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain,
                wrap(context, plain, server_hostname=netcerts.NAME) as client,
            ):
                client.sendall(b"hello")
                assert client.recv(10) == b"hello"
        except (ssl.SSLError, ConnectionError):
            assert reason != "no error"
        assert process.stdout.readline() == reason + "\n"
        if reason == "no error":
            assert process.stdout.readline() == f"h2 {clients}\n"


def test_a_client_that_speaks_another_protocol_or_version(net):

    def mqtt_only(context):
        context.set_alpn_protocols(["spdy"])

    def tls13_only(context):
        context.minimum_version = ssl.TLSVersion.TLSv1_3

    for prepare, reason in ((mqtt_only, "alpn mismatch"), (tls13_only, "no common cipher")):
        with net.running(TLS_SERVER, clients=False, **netcerts.shown()) as process:
            port = int(process.stdout.readline())
            context = netcerts.client_context()
            prepare(context)
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    wrap(context, plain, server_hostname=netcerts.NAME)
            assert process.stdout.readline() == reason + "\n"


def test_noise_at_our_server(net):
    rng = random.Random(3)
    for noise in (b"GET / HTTP/1.1\r\n\r\n", rng.randbytes(3000), b"\x16\x03\x01\x00\x05hello"):
        with net.running(TLS_SERVER, clients=False, **netcerts.shown()) as process:
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                client.sendall(noise)
                client.shutdown(socket.SHUT_WR)
                reason = process.stdout.readline().strip()
                assert reason in ("not a TLS peer", "closed during handshake")
