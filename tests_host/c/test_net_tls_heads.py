"""The five bytes in front of a TLS record: what cannot be one ends the session at once.

ESP-IDF would take memory for the length that it tells, up to 64 KB, before anything judges it.
"""

import socket
from contextlib import suppress

import pytest

from tests_host.c import netcerts
from tests_host.c.netscript import LIMIT_S, serving

ANSWER = """
def say_what_fails(link, profile):
    atnet.tls_start(link, profile)
    print(failing(shake, link))
    atnet.close(link)
    settle()
"""
CLIENT = (
    ANSWER
    + """
for _ in range(count):
    say_what_fails(connect(port), atnet.Profile())
"""
)
SERVER = (
    ANSWER
    + """
profile = atnet.Profile(True)
profile.own(cert, key)
server = listening()
for _ in range(count):
    say_what_fails(accepted(server), profile)
"""
)
# What follows these never comes.
HEADS = [bytes((first, 3, 3, 0, 100)) for first in range(256)]
VERSIONS = [bytes((22, major, 3, 0, 100)) for major in range(256)]


def outcomes(heads, is_head):
    """Return what a link says of each: the session waits for the rest, which does not come."""
    return ["closed during handshake" if is_head(head) else "not a TLS peer" for head in heads]


@pytest.fixture(
    params=[
        (HEADS, lambda head: head[0] in (20, 21, 22, 23)),
        (VERSIONS, lambda head: head[1] == 3),
    ],
    ids=["types", "versions"],
)
def table(request):
    """Return heads, and the rule for them."""
    return request.param


def test_a_client_link_judges_heads(net, table):
    heads, is_head = table
    waiting = iter(heads)

    def answer(client):
        client.recv(1)
        client.sendall(next(waiting))
        client.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while client.recv(4096):
                pass

    with serving(answer) as port:
        said = net.run(CLIENT, port=port, count=len(heads))
    assert said == outcomes(heads, is_head)


def test_a_server_link_judges_heads(net, table):
    heads, is_head = table
    with net.running(SERVER, count=len(heads), **netcerts.shown("rsa")) as process:
        port = int(process.stdout.readline())
        said = []
        for head in heads:
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                client.sendall(head)
                client.shutdown(socket.SHUT_WR)
                said.append(process.stdout.readline().strip())
    assert said == outcomes(heads, is_head)
