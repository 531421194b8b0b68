"""The standard `socket` and `ssl` interfaces that libraries on the module use."""

import hashlib
import socket
import struct
import threading

from tests_host.c.netpieces import SOCKETS
from tests_host.c.netscript import LIMIT_S, echo, serving


def test_a_client_reads_and_writes(net, echo_port):
    lines = net.run(
        SOCKETS
        + """
with socket.socket() as s:
    s.connect(("127.0.0.1", port))
    print(s.getpeername() == ("127.0.0.1", port), s.getsockname()[0])
    print(s.send(b"line one\\nline two\\nrest"))
    print(s.readline(), s.readline(4), s.readline(), s.read(2), s.recv(100))
    buf = bytearray(6)
    s.sendall(b"0123456789")
    print(s.recv_into(buf, 3), buf)
    print(s.readinto(buf, 2), buf)
    print(s.recv_into(buf), buf)
    print(s.write(b"abcdef", 3), s.write(b"abcdef", 3, 2), s.write("text"), s.makefile() is s)
    print(s.read(9))
    s.shutdown(socket.SHUT_WR)
    print(s.read(), s.read(5), s.readline(), s.recv(1))
    print(s.fileno() > 0)
print(s.fileno(), error(s.send, b"x"))
s.close()
""",
        port=echo_port,
    )
    assert lines == [
        "True 127.0.0.1",
        "22",
        "b'line one\\n' b'line' b' two\\n' b're' b'st'",
        "3 bytearray(b'012\\x00\\x00\\x00')",
        "2 bytearray(b'342\\x00\\x00\\x00')",
        "5 bytearray(b'56789\\x00')",
        "3 2 4 True",
        "b'abcdetext'",
        "b'' b'' b'' b''",
        "True",
        "-1 EBADF",
    ]


def test_time_outs(net):
    done = threading.Event()
    with serving(lambda client: done.wait(LIMIT_S)) as port:
        lines = net.run(
            SOCKETS
            + """
s = socket.socket()
print(s.gettimeout())
s.connect(("127.0.0.1", port))
s.settimeout(0.05)
print(s.gettimeout(), error(s.recv, 1), error(s.read, 1), error(s.readline))
s.settimeout(0.0001)
print(s.gettimeout(), error(s.recv, 1))
s.setblocking(False)
print(s.gettimeout(), error(s.recv, 1), s.read(1), s.readinto(bytearray(1)), s.readline())
s.setblocking(True)
print(s.gettimeout())
s.settimeout(0)
total = 0
while True:
    taken = s.write(bytes(10000))
    if taken is None:
        break
    total += taken
print(total > 0, error(s.send, b"x"))
""",
            port=port,
        )
        done.set()
    assert lines == [
        "None",
        "0.05 ETIMEDOUT ETIMEDOUT ETIMEDOUT",
        "0.001 ETIMEDOUT",
        "0.0 EAGAIN None None None",
        "None",
        "True EAGAIN",
    ]


def test_connecting_without_waiting(net):
    with serving(echo) as port, socket.create_server(("127.0.0.1", 0)) as gone:
        dead = gone.getsockname()[1]
        gone.close()
        lines = net.run(
            SOCKETS
            + """
import select
s = socket.socket()
s.setblocking(False)
print(error(s.connect, ("127.0.0.1", port)))
poller = select.poll()
poller.register(s, select.POLLOUT)
print(len(poller.poll(5000)))
print(s.write(b"hello"))
poller.modify(s, select.POLLIN)
print(poller.poll(5000)[0][1] == select.POLLIN, s.read(10))
poller.unregister(s)
s.close()
print(error(socket.socket().connect, ("127.0.0.1", dead)))
s = socket.socket()
s.settimeout(5)
s.connect(("127.0.0.1", port))
""",
            port=port,
            dead=dead,
        )
    assert lines == ["EINPROGRESS", "1", "5", "True b'hello'", "ECONNREFUSED"]


def test_a_server(net):
    source = (
        SOCKETS
        + """
s = socket.socket(family, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((host, 0))
s.listen(1)
s.settimeout(0.02)
print(error(s.accept))
s.settimeout(None)
print(s.getsockname()[1])
client, address = s.accept()
print(address[0], client.getpeername() == address, client.gettimeout())
client.write(client.read(5))
client.close()
"""
    )
    for host, family in (("127.0.0.1", 2), ("::1", 10)):
        with net.running(source, host=host, family=family) as process:
            assert process.stdout.readline() == "ETIMEDOUT\n"
            port = int(process.stdout.readline())
            with socket.create_connection((host, port), LIMIT_S) as client:
                client.sendall(b"hello")
                assert client.recv(10) == b"hello"
            assert process.stdout.readline() == f"{host} True None\n"


def test_datagrams_and_groups(net):
    lines = net.run(
        SOCKETS
        + """
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("127.0.0.1", 0))
print(two.sendto(b"hello", one.getsockname()))
data, sender = one.recvfrom(100)
print(data, sender == ("127.0.0.1", two.getsockname()[1]))
one.connect(sender)
print(one.send(b"there"), two.recv(100), error(two.getpeername))
three = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
three.bind(("", 0))
membership = bytes([239, 9, 8, 7, 127, 0, 0, 1])
three.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
three.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 3)
three.sendto(b"all", ("239.9.8.7", three.getsockname()[1]))
print(three.recv(100), three.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL))
three.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, membership)
four = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
group = bytes([255, 1] + [0] * 13 + [9]) + struct.pack("I", 1)
four.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
four.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, group)
print(error(four.setsockopt, socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, group) != "no error")
"""
    )
    assert lines == [
        "5",
        "b'hello' True",
        "5 b'there' ENOTCONN",
        "b'all' 3",
        "True",
    ]


def test_options(net):
    lines = net.run(
        SOCKETS
        + """
s = socket.socket()
for level, option, value in (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 11),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 7), (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_SNDTIMEO, 900),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5)),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0)),
    (socket.IPPROTO_IP, socket.IP_TTL, 33),
):
    s.setsockopt(level, option, value)
    print(s.getsockopt(level, option) == value)
print(error(s.setsockopt, socket.SOL_SOCKET, 999, 1), error(s.getsockopt, 5, socket.SO_LINGER))
six = socket.socket(socket.AF_INET6)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
print(six.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
"""
    )
    assert lines == ["True"] * 9 + ["EINVAL EINVAL", "0"]


def test_names_come_from_the_resolver(net, echo_port):
    lines = net.run(
        SOCKETS
        + """
print(error(socket.getaddrinfo, "peer.test", 80), error(socket.socket().connect, ("peer.test", 1)))
def resolve(host, family):
    if host == "peer.test":
        return [(6, "::1"), (4, "127.0.0.1")]
    raise OSError(-3, "server is down")
socket.set_resolver(resolve)
print(socket.getaddrinfo("peer.test", 80))
print(socket.getaddrinfo("peer.test", 80, socket.AF_INET, socket.SOCK_DGRAM))
print(socket.getaddrinfo("192.0.2.1", 80)[0][-1], socket.getaddrinfo("", 80)[0][-1])
print(error(socket.getaddrinfo, "192.0.2.1", 80, socket.AF_INET6))
s = socket.socket()
s.connect(("peer.test", port))
print(s.getpeername()[0], error(s.connect, ("other.test", port)))
""",
        port=echo_port,
    )
    assert lines == [
        "-2 -2",
        "[(10, 1, 0, '', ('::1', 80)), (2, 1, 0, '', ('127.0.0.1', 80))]",
        "[(2, 2, 0, '', ('127.0.0.1', 80))]",
        "('192.0.2.1', 80) ('', 80)",
        "-2",
        "127.0.0.1 -3",
    ]


def test_forgotten_sockets_are_found_again(net):
    """Each place is taken by a socket that nobody closed: a collection frees them.

    Not the few that a word on the stack still seems to point at.
    """
    lines = net.run(
        SOCKETS
        + """
for i in range(100):
    s = socket.socket()
print("good")
kept = []
while True:
    try:
        kept.append(socket.socket())
    except OSError as e:
        print(e.args[1], len(kept) >= 12)
        break
"""
    )
    assert lines == ["good", "too many sockets True"]


def test_much_data_through_the_interface(net):
    digests = []

    def swallow(client):
        sha = hashlib.sha256()
        while part := client.recv(65536):
            sha.update(part)
        digests.append(sha.hexdigest())

    with serving(swallow) as port:
        lines = net.run(
            SOCKETS
            + """
import hashlib
sha = hashlib.sha256()
s = socket.socket()
s.connect(("127.0.0.1", port))
for i in range(200):
    part = struct.pack("<I", i) * 2000
    s.sendall(part)
    sha.update(part)
s.close()
print(sha.digest().hex())
""",
            port=port,
        )
    assert lines == digests
    whole = b"".join(struct.pack("<I", i) * 2000 for i in range(200))
    assert digests == [hashlib.sha256(whole).hexdigest()]
