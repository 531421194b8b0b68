"""Datagrams: senders, peers that follow, groups, broadcast, echo requests."""

import socket
import struct
from contextlib import contextmanager

import pytest

from tests_host.c.netpeers import lines_of
from tests_host.c.netscript import LIMIT_S

TO_PEER = """
def to_peer(port):
    link = atnet.open(atnet.UDP, 4)
    atnet.set_peer(link, "127.0.0.1", port)
    return link
"""


@contextmanager
def datagrams(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT_S)
        sock.bind((host, 0))
        yield sock


@pytest.fixture
def peer():
    with datagrams() as sock:
        yield sock


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", 4), ("::1", 6)])
def test_datagrams_come_with_their_senders(net, host, family):
    source = """
link = atnet.open(atnet.UDP, family)
atnet.bind(link, host, 0)
print(atnet.local(link)[1])
for _ in range(3):
    data, sender, port = again(atnet.READ, atnet.recvfrom, link, 2000)
    print(len(data), sender, port)
    atnet.sendto(link, data, sender, port)
print(atnet.recvfrom(link, 100), atnet.recv(link, 100))
"""
    with net.running(source, host=host, family=family) as process:
        port = int(process.stdout.readline())
        with datagrams(host) as one, datagrams(host) as two:
            for sock, size in ((one, 10), (two, 1500), (one, 0)):
                sock.sendto(b"d" * size, (host, port))
                own = sock.getsockname()[1]
                assert process.stdout.readline() == f"{size} {host} {own}\n"
                assert sock.recvfrom(2000)[0] == b"d" * size


PEER = """
link = atnet.open(atnet.UDP, 4)
atnet.bind(link, "127.0.0.1", 0)
atnet.set_peer(link, "127.0.0.1", first, mode)
atnet.send(link, b"hello")
for _ in range(3):
    print(again(atnet.READ, atnet.recv, link, 100), atnet.peer(link)[1])
    atnet.send(link, b"answer")
"""


@pytest.mark.parametrize(("mode", "hears"), [(0, "AAA"), (1, "BBB"), (2, "BCA")])
def test_the_peer_follows_senders_as_the_mode_says(net, mode, hears):
    """AT+CIPSTART's UDP modes: fixed, changed once, changed by each datagram."""
    with datagrams() as a, datagrams() as b, datagrams() as c:
        ports = {"A": a, "B": b, "C": c}
        with net.running(PEER, first=a.getsockname()[1], mode=mode) as process:
            address = a.recvfrom(100)[1]
            for sender, hearer in zip((b, c, a), hears, strict=True):
                sender.sendto(b"to you", address)
                hearing = ports[hearer]
                want = f"b'to you' {hearing.getsockname()[1]}\n"
                assert process.stdout.readline() == want
                assert hearing.recvfrom(100)[0] == b"answer"


def test_a_connected_datagram_link_hears_its_peer_alone(net):
    source = """
link = atnet.open(atnet.UDP, 4)
print(atnet.connect(link, "127.0.0.1", first))
atnet.send(link, b"hello")
print(again(atnet.READ, atnet.recv, link, 100))
"""
    with datagrams() as peer, datagrams() as stranger:
        with net.running(source, first=peer.getsockname()[1]) as process:
            assert process.stdout.readline() == "True\n"
            address = peer.recvfrom(100)[1]
            stranger.sendto(b"from a stranger", address)
            peer.sendto(b"from the peer", address)
            assert process.stdout.readline() == "b'from the peer'\n"


def test_a_datagram_is_cut_to_the_size_asked_for(net, peer):
    source = """
link = to_peer(first)
atnet.send(link, b"hello")
until(link, atnet.READ)
print(atnet.available(link), atnet.recv(link, 4), atnet.recv(link, 4))
print(again(atnet.READ, atnet.recv, link, 4))
"""
    with net.running(TO_PEER + source, first=peer.getsockname()[1]) as process:
        address = peer.recvfrom(100)[1]
        peer.sendto(b"123456789", address)
        assert process.stdout.readline() == "9 b'1234' None\n"
        peer.sendto(b"abc", address)
        assert process.stdout.readline() == "b'abc'\n"


def test_the_next_datagram_is_measured_alone_and_empty_ones_do_not_count(net, peer):
    source = """
link = to_peer(first)
print(atnet.available(link, True))
atnet.send(link, b"hello")
while atnet.available(link) < 3006:
    time.sleep_ms(5)
for _ in range(3):
    print(atnet.available(link), atnet.available(link, True), len(atnet.recv(link, 5000) or b""))
"""
    with net.running(TO_PEER + source, first=peer.getsockname()[1]) as process:
        address = peer.recvfrom(100)[1]
        for size in (0, 3000, 0, 0, 6):
            peer.sendto(bytes(size), address)
        lines = lines_of(process, 4)
        assert lines == ["0", "3006 3000 3000", "6 6 6", "0 0 0"]


def test_nobody_to_send_to(net):
    lines = net.run("""
link = atnet.open(atnet.UDP, 4)
print(atnet.peer(link), failing(atnet.send, link, b"x"))
print(failing(atnet.sendto, link, bytes(65508), "127.0.0.1", 9))
print(failing(atnet.set_peer, link, "here", 9))
""")
    assert lines == ["None not connected", "datagram too long", "bad address"]


def test_a_group_is_joined_and_left(net):
    lines = net.run("""
link = atnet.open(atnet.UDP, 4)
atnet.bind(link, "", 0)
port = atnet.local(link)[1]
def heard():
    atnet.sendto(link, b"to all", "239.1.2.3", port)
    return until(link, atnet.READ, 200) and atnet.recvfrom(link, 100)[0]
atnet.join(link, "239.1.2.3", "127.0.0.1")
print(heard())
atnet.leave(link, "239.1.2.3", "127.0.0.1")
print(heard())
print(failing(atnet.leave, link, "239.1.2.3", "127.0.0.1"))
print(failing(atnet.join, link, "127.0.0.1", "127.0.0.1"))
""")
    assert lines == ["b'to all'", "False", "address not available", "not possible now"]


def test_a_v6_group_is_joined_and_left(net):
    """Loopback interfaces have no route for groups, so the system's list is the witness."""
    source = """
link = atnet.open(atnet.UDP, 6)
def member():
    with open("/proc/net/igmp6") as file:
        return "ff010000000000000000000000000a17" in file.read()
print(member())
atnet.join(link, "ff01::a17%1")
print(member())
atnet.leave(link, "ff01::a17%1")
print(member())
print(failing(atnet.leave, link, "ff01::a17%1"), "-", failing(atnet.join, link, "::1"))
"""
    want = ["False", "True", "False", "address not available - not possible now"]
    assert net.run(source) == want


def test_a_group_is_heard_from_another_program(net):
    source = """
link = atnet.open(atnet.UDP, 4)
atnet.bind(link, "239.7.7.7", 0)
atnet.join(link, "239.7.7.7", "127.0.0.1")
print(atnet.local(link)[1])
print(again(atnet.READ, atnet.recvfrom, link, 100)[0])
"""
    with net.running(source) as process:
        port = int(process.stdout.readline())
        with datagrams() as sock:
            own = struct.pack("4s", socket.inet_aton("127.0.0.1"))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            sock.sendto(b"for the group", ("239.7.7.7", port))
            assert process.stdout.readline() == "b'for the group'\n"


def test_broadcast_has_to_be_allowed(net):
    lines = net.run("""
link = atnet.open(atnet.UDP, 4)
atnet.bind(link, "", 0)
port = atnet.local(link)[1]
print(failing(atnet.sendto, link, b"x", "127.255.255.255", port))
atnet.setopt(link, atnet.BROADCAST, 1)
atnet.sendto(link, b"to all", "127.255.255.255", port)
print(again(atnet.READ, atnet.recvfrom, link, 100)[0])
for option, value in ((atnet.MULTICAST_HOPS, 7), (atnet.MULTICAST_LOOP, 0)):
    for family in (4, 6):
        link = atnet.open(atnet.UDP, family)
        atnet.setopt(link, option, value)
        print(atnet.getopt(link, option))
""")
    assert lines == ["not permitted", "b'to all'", "7", "7", "0", "0"]


def may_ping():
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except OSError:
            continue
        return True
    return False


@pytest.mark.skipif(not may_ping(), reason="this user may not ping (net.ipv4.ping_group_range)")
def test_an_echo_request_is_answered(net):
    lines = net.run("""
import struct
def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff

def ping(family, host, request, answer):
    link = atnet.open(atnet.ICMP, family)
    body = struct.pack(">HH", 77, 1) + b"abcdefgh"
    head = bytes([request, 0, 0, 0])
    head = struct.pack(">BBH", request, 0, checksum(head + body))
    atnet.sendto(link, head + body, host, 0)
    while True:
        data, sender, _ = again(atnet.READ, atnet.recvfrom, link, 200)
        if data[0] == answer:
            print(sender, data[8:])
            return

ping(4, "127.0.0.1", 8, 0)
ping(6, "::1", 128, 129)
""")
    assert lines == ["127.0.0.1 b'abcdefgh'", "::1 b'abcdefgh'"]
