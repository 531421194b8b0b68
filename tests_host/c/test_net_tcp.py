"""TCP links of the network layer against sockets of this process."""

import hashlib
import socket
import struct

import pytest

from tests_host.c.netpieces import ALL
from tests_host.c.netscript import LIMIT_S, echo, serving


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", 4), ("::1", 6)])
def test_all_bytes_come_back(net, host, family):
    with serving(echo, host) as port:
        values = {"port": port, "host": host, "family": family, "total": 2_000_000, "most": 5000}
        assert net.run("link = connect(port, host, family)\n" + ALL, **values) == ["True True"]


def test_a_stream_is_whole_in_each_direction(net):
    received = []

    def take_and_give(client):
        received.append(b"".join(iter(lambda: client.recv(65536), b"")))
        client.sendall(received[0][::-1])

    with serving(take_and_give) as port:
        lines = net.run(
            """
import hashlib
link = connect(port)
for i in range(300):
    write(link, bytes([i & 255]) * (i * 7 + 1))
print(atnet.shutdown(link))
sha = hashlib.sha256()
while True:
    part = read(link)
    if not part:
        break
    sha.update(part)
print(sha.digest().hex())
print(atnet.recv(link, 10), atnet.ended(link), atnet.error(link))
print(failing(atnet.send, link, b"x"))
""",
            port=port,
        )
    expected = b"".join(bytes([i & 255]) * (i * 7 + 1) for i in range(300))
    assert received == [expected]
    digest = hashlib.sha256(expected[::-1]).hexdigest()
    assert lines == ["True", digest, "b'' True None", "connection closed"]


def test_a_half_closed_link_still_sends(net):
    received = []

    def close_first(client):
        client.sendall(b"bye")
        client.shutdown(socket.SHUT_WR)
        received.append(b"".join(iter(lambda: client.recv(65536), b"")))

    with serving(close_first) as port:
        lines = net.run(
            """
link = connect(port)
print(read_all(link))
write(link, b"still here")
atnet.close(link)
""",
            port=port,
        )
    assert lines == ["b'bye'"]
    assert received == [b"still here"]


def test_a_reset_is_reported_once_then_the_stream_has_ended(net):
    def reset(client):
        client.recv(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(reset) as port:
        lines = net.run(
            """
link = connect(port)
write(link, b"go")
print(failing(read, link))
print(atnet.recv(link, 10), atnet.ended(link), atnet.error(link)[1])
print(atnet.poll(link))
""",
            port=port,
        )
    assert lines == ["connection reset", "b'' True connection reset", "3"]


def test_nobody_listens(net):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    lines = net.run(
        """
link = atnet.open(atnet.TCP, 4)
def attempt():
    if not atnet.connect(link, "127.0.0.1", port):
        again(atnet.WRITE, atnet.connected, link)
print(failing(attempt))
print(atnet.error(link)[1], atnet.ended(link))
print(failing(atnet.send, link, b"x"), "-", failing(atnet.recv, link, 1))
print(failing(atnet.connect, link, "127.0.0.1", port))
atnet.close(link)
""",
        port=port,
    )
    assert lines == [
        "connection refused",
        "connection refused True",
        "not connected - not connected",
        "not possible now",
    ]


def test_a_connection_that_nobody_takes_can_be_given_up(net):
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        port = listener.getsockname()[1]
        # backlog + 1 connections may wait to be accepted; then SYNs are dropped.
        waiting = [socket.create_connection(("127.0.0.1", port), LIMIT_S) for _ in range(2)]
        lines = net.run(
            """
link = atnet.open(atnet.TCP, 4)
print(atnet.connect(link, "127.0.0.1", port), until(link, atnet.WRITE, 300))
print(atnet.connected(link), atnet.send(link, b"x"), atnet.recv(link, 1))
atnet.close(link)
""",
            port=port,
        )
        for client in waiting:
            client.close()
    assert lines == ["False False", "False None None"]


SERVER = """
server = atnet.open(atnet.TCP, family)
if dual:
    atnet.setopt(server, atnet.V6ONLY, 0)
atnet.bind(server, host, 0)
atnet.listen(server, 5)
print(atnet.accept(server), atnet.local(server)[1])
for _ in range(clients):
    client, peer, port = again(atnet.READ, atnet.accept, server)
    print(peer, port, atnet.peer(client) == (peer, port))
    write(client, read(client))
    atnet.close(client)
"""


@pytest.mark.parametrize(
    ("host", "family", "dual", "through"),
    [
        ("127.0.0.1", 4, False, ["127.0.0.1"]),
        ("::1", 6, False, ["::1"]),
        ("::", 6, True, ["::1", "127.0.0.1"]),
    ],
)
def test_clients_are_accepted(net, host, family, dual, through):
    values = {"host": host, "family": family, "dual": dual, "clients": len(through)}
    with net.running(SERVER, **values) as process:
        port = int(process.stdout.readline().split()[1])
        for address in through:
            with socket.create_connection((address, port), LIMIT_S) as client:
                client.sendall(b"hello")
                assert client.recv(100) == b"hello"
                own = client.getsockname()[1]
                assert process.stdout.readline() == f"{address} {own} True\n"


def test_a_server_with_v6only_takes_no_v4_client(net):
    source = """
server = atnet.open(atnet.TCP, 6)
atnet.setopt(server, atnet.V6ONLY, 1)
atnet.bind(server, "", 0)
atnet.listen(server, 5)
print(atnet.local(server)[1])
sys.stdin.readline()
"""
    with net.running(source) as process, socket.socket() as other:
        port = int(process.stdout.readline())
        socket.create_connection(("::1", port), LIMIT_S).close()
        # The port is free for another server of IPv4; without the option it would not be.
        # An address that nobody else uses: 127.0.0.1 with this port may be a server of others.
        other.bind(("127.0.0.9", port))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.9", port), LIMIT_S)
        process.stdin.write("end\n")


def test_a_link_binds_the_address_it_is_told(net):
    seen = []
    with serving(lambda client: seen.append(client.getpeername())) as port:
        lines = net.run(
            """
link = atnet.open(atnet.TCP, 4)
atnet.bind(link, "127.0.0.9", 0)
if not atnet.connect(link, "127.0.0.1", port):
    again(atnet.WRITE, atnet.connected, link)
print(atnet.local(link))
other = atnet.open(atnet.TCP, 4)
print(failing(atnet.bind, other, "198.51.100.7", 0))
print(failing(atnet.bind, other, "127.0.0.1", port))
read_all(link)
""",
            port=port,
        )
    assert lines == [str(seen[0]), "address not available", "address in use"]
    assert seen[0][0] == "127.0.0.9"
