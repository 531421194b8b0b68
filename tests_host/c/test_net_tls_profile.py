"""TLS profiles, the memory of sessions, and records of unusual sizes."""

import socket
import ssl

from tests_host.c import netcerts
from tests_host.c.netscript import serving

UNUSABLE = """
profile = atnet.Profile()
print(failing(profile.own, b"nonsense", key), "-", failing(profile.own, cert, b"nonsense"))
print(failing(profile.own, cert, cert), "-", failing(profile.own, cert, other))
print(failing(profile.own, cert[:200], key), "-", failing(profile.ca, b""))
print(failing(profile.ca, ca + cert.replace(b"MII", b"MIH")))
profile.own(bytearray(cert), memoryview(key))
print(failing(profile.own, cert, key))
profile.ca(ca)
profile.ca(ca)
profile.close()
profile.close()
print(failing(profile.verify, 1))
link = atnet.open(atnet.TCP, 4)
print(failing(atnet.tls_start, link, atnet.Profile()))
print(failing(atnet.tls_start, link, None))
print(failing(atnet.tls_info, link))
"""


def test_certificates_that_cannot_be_used(net):
    own, other = netcerts.leaf("good"), netcerts.leaf("other")
    cert, key = netcerts.chain(own), netcerts.key(own)
    lines = net.run(
        UNUSABLE,
        cert=cert,
        key=key,
        other=netcerts.key(other),
        ca=netcerts.trusted(),
    )
    assert lines == [
        "bad certificate - bad key",
        "bad key - key does not fit certificate",
        "bad certificate - bad CA certificate",
        "bad CA certificate",
        "certificate is set already",
        "profile is closed",
        "not connected",
        "Profile expected",
        "not a TLS link",
    ]


def test_a_profile_in_use_cannot_be_changed_but_let_go(net, tls_port):
    lines = net.run(
        """
profile = atnet.Profile()
link = secure(port, profile)
for change in (lambda: profile.verify(0), lambda: profile.alpn(["x"]), lambda: profile.ca(b"x"),
               lambda: profile.own(b"x", b"x"), lambda: profile.psk(b"x", b"x")):
    print(failing(change))
print(failing(atnet.tls_start, link, profile))
del profile, change
gc.collect()
write(link, b"hello")
print(read_exactly(link, 5))
""",
        port=tls_port,
    )
    assert lines == ["profile in use"] * 5 + ["already connected", "b'hello'"]


SESSIONS = """
def cycle(count):
    for i in range(count):
        profile = atnet.Profile()
        profile.verify(2)
        profile.ca(ca)
        profile.alpn(["mqtt"])
        name = ("server.test", "other.test")[i & 1]
        link = connect(port)
        atnet.tls_start(link, profile, name, name)
        reason = failing(shake, link)
        if (reason == "no error") != (name == "server.test"):
            print(reason)
        if i % 3 and reason == "no error":
            write(link, b"hello")
            read(link)
        atnet.close(link)
        profile.close()
        settle()
        gc.collect()

def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

cycle(10)
before = pages()
cycle(40)
print(pages() - before < limit)
"""


def test_sessions_give_their_memory_back(net, tls_port):
    lines = net.run(
        SESSIONS,
        port=tls_port,
        ca=netcerts.trusted(),
        # ASan keeps what is freed for a while, to see late uses
        limit=100_000 if "asan" in net.flavour else 40,
    )
    assert lines == ["True"]


def test_echo_of_one_byte_records(net, tls_port):
    """The smallest records, many of them: nothing is kept back or glued together wrongly."""
    lines = net.run(
        """
link = secure(port, atnet.Profile())
for i in range(200):
    write(link, bytes([i]))
print(read_exactly(link, 200) == bytes(range(200)))
""",
        port=tls_port,
    )
    assert lines == ["True"]


HELLOS = """
link = secure(port, atnet.Profile())
for i in range(5):
    write(link, b"hello %d" % i)
    print(read_exactly(link, 7))
"""


def test_records_that_come_byte_by_byte(net):
    """Heads and bodies cut anywhere, in the handshake and after it."""

    def dribble(client):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = netcerts.server_context().wrap_bio(incoming, outgoing, server_side=True)

        def send():
            for byte in outgoing.read():
                client.sendall(bytes([byte]))

        def until(call, *arguments):
            while True:
                try:
                    return call(*arguments)
                except ssl.SSLWantReadError:
                    send()
                    incoming.write(client.recv(65536))

        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until(server.do_handshake)
        for _ in range(5):
            server.write(until(server.read, 100))
            send()
        client.recv(1)

    with serving(dribble) as port:
        lines = net.run(HELLOS, port=port)
    assert lines == [f"b'hello {i}'" for i in range(5)]
