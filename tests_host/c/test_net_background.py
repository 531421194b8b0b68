"""What was accepted before a link was closed reaches a slow peer, whatever that says meanwhile."""

import socket
import ssl
import threading

import pytest

from tests_host.c import netcerts
from tests_host.c.netpeers import tls_serving
from tests_host.c.netpieces import FILL, TLS_SERVER
from tests_host.c.netscript import LIMIT_S, serving
from tools.peers.secure import wrap

SLOW = (
    FILL
    + """
link = reach(port, secured)
total = fill(link)
atnet.close(link)
print(total)
settle()
print("delivered")
"""
)


@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talking"])
@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_a_slow_peer_gets_what_was_accepted(net, secured, talks):
    """It takes seconds; one that talks meanwhile is listened to, or the stacks would reset."""
    closed, received = threading.Event(), []

    def slow(client):
        closed.wait(LIMIT_S)
        client.settimeout(LIMIT_S)
        count = 0
        for turn in range(10**6):
            part = client.recv(16384)
            if not part:
                break
            count += len(part)
            if turn < 60:
                threading.Event().wait(0.05)
                if talks:
                    client.sendall(b"thanks" * 10)
        received.append(count)

    with (
        tls_serving(slow, secured) as port,
        net.running(SLOW, port=port, secured=secured) as process,
    ):
        total = int(process.stdout.readline())
        closed.set()
        assert process.stdout.readline() == "delivered\n"
    assert received == [total]


CBC_SHA1_AND_CCM_8 = {
    *(0x002F, 0x0035, 0xC004, 0xC005, 0xC009, 0xC00A, 0xC00E, 0xC00F, 0xC013, 0xC014),
    *(0x008C, 0x008D, 0xC035, 0xC036, 0xC0A0, 0xC0A1, 0xC0A8, 0xC0A9, 0xC0AE, 0xC0AF),
}


def suites(hello):
    """Return the cipher suites of a ClientHello record."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    size = int.from_bytes(hello[at : at + 2], "big")
    pairs = hello[at + 2 : at + 2 + size]
    return {int.from_bytes(pairs[i : i + 2], "big") for i in range(0, size, 2)}


@pytest.mark.parametrize("psk", [False, True], ids=["certificate", "PSK"])
def test_weak_ciphers_are_not_offered(net, psk):
    offered = []

    def look(client):
        offered.append(suites(client.recv(4096)))

    with serving(look) as port:
        net.run(
            """
profile = atnet.Profile()
if psk:
    profile.psk(b"0123456789abcdef", "me")
print(failing(secure, port, profile))
""",
            port=port,
            psk=psk,
        )
    assert len(offered[0]) > 4
    assert not offered[0] & CBC_SHA1_AND_CCM_8


def test_a_client_with_weak_ciphers_alone_is_refused(net):
    with net.running(TLS_SERVER, clients=False, **netcerts.shown("rsa")) as process:
        port = int(process.stdout.readline())
        context = netcerts.client_context()
        context.set_ciphers("ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0")
        context.maximum_version = 0x0303
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as plain:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                wrap(context, plain, server_hostname=netcerts.NAME)
        assert process.stdout.readline() == "no common cipher\n"
