"""TCP links of the network layer against sockets of this process."""

import hashlib
import socket
import struct
import threading

import pytest

from tests_host.netscript import LIMIT_S, echo, serving

ECHO = """
import hashlib, random
random.seed(seed)
link = connect(port, host, family)
there, back = hashlib.sha256(), hashlib.sha256()
buf = bytearray(5000)
sent = got = 0
piece = b""
while got < total:
    if not piece and sent < total:
        piece = bytes([random.getrandbits(8)]) * min(random.randint(1, 5000), total - sent)
        there.update(piece)
        sent += len(piece)
    if piece:
        taken = atnet.send(link, piece)
        piece = piece[taken or 0:]
    count = atnet.readinto(link, memoryview(buf)[:random.randint(1, 5000)])
    if count:
        back.update(memoryview(buf)[:count])
        got += count
    elif not piece:
        until(link, atnet.READ)
print(there.digest() == back.digest(), atnet.counts(link)[:2] == (total, total))
"""


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", 4), ("::1", 6)])
def test_all_bytes_come_back(net, host, family):
    with serving(echo, host) as port:
        values = {"port": port, "host": host, "family": family, "total": 2_000_000, "seed": 5}
        assert net.run(ECHO, **values) == ["True True"]


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
    with net.running(source) as process:
        port = int(process.stdout.readline())
        socket.create_connection(("::1", port), LIMIT_S).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), LIMIT_S)
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


def test_a_late_call_does_not_hit_the_next_user_of_a_place(net):
    lines = net.run("""
old = atnet.open(atnet.TCP, 4)
atnet.close(old)
new = atnet.open(atnet.UDP, 4)
print(old & 15 == new & 15, old == new)
for call in (atnet.poll, atnet.ended, atnet.local, atnet.available, atnet.handshake):
    print(failing(call, old))
atnet.close(old)
print(atnet.poll(new))
print(failing(atnet.poll, -1), failing(atnet.poll, 5))
""")
    assert lines[0] == "True False"
    assert lines[1:] == ["link is closed"] * 5 + ["2", "link is closed link is closed"]


def test_there_are_sixteen_places(net):
    lines = net.run("""
links = [atnet.open(atnet.UDP, 4) for _ in range(16)]
print(failing(atnet.open, atnet.UDP, 4))
atnet.close(links[7])
print(atnet.open(atnet.TCP, 6) & 15)
""")
    assert lines == ["too many sockets", "7"]


def test_waiting_bytes_are_counted(net):
    def talk(client):
        client.sendall(b"12345")
        client.recv(1)
        client.sendall(b"678")

    with serving(talk) as port:
        lines = net.run(
            """
link = connect(port)
print(until(link, atnet.READ), atnet.available(link))
write(link, b"x")
while atnet.available(link) < 8:
    time.sleep_ms(1)
print(atnet.recv(link, 100))
print(read(link), atnet.available(link))
""",
            port=port,
        )
    assert lines == ["True 5", "b'12345678'", "b'' 0"]


def test_wait_tells_of_armed_links_in_its_mask_only(net):
    with serving(lambda client: client.sendall(b"x") or client.recv(1)) as port:
        lines = net.run(
            """
one, two = connect(port), connect(port)
bit = lambda link: 1 << (8 + (link & 15))
until(one, atnet.READ)
until(two, atnet.READ)
both = bit(one) | bit(two)
print(atlink.wait(20, both))
atnet.arm(one, atnet.READ)
print(atlink.wait(20, both) == bit(one), atlink.wait(20, bit(two)))
atnet.arm(two, atnet.WRITE)
print(atlink.wait(20, both) == both)
atnet.close(one)
print(atlink.wait(20, both) == bit(two))
""",
            port=port,
        )
    assert lines == ["0", "True 0", "True", "True"]


def test_two_links_at_once_do_not_mix(net):
    with serving(echo) as port:
        lines = net.run(
            """
links = [connect(port) for _ in range(5)]
for round in range(20):
    for i, link in enumerate(links):
        write(link, b"%d-%d." % (i, round))
for i, link in enumerate(links):
    want = b"".join(b"%d-%d." % (i, round) for round in range(20))
    got = b""
    while len(got) < len(want):
        got += read(link)
    print(got == want)
""",
            port=port,
        )
    assert lines == ["True"] * 5


def test_bad_arguments(net):
    lines = net.run("""
def wrong(call, *args):
    try:
        call(*args)
    except ValueError as e:
        print(e)
for kind, family in ((9, 4), (0, 6), (atnet.TCP, 5)):
    wrong(atnet.open, kind, family)
link = atnet.open(atnet.TCP, 4)
wrong(atnet.recv, link, -1)
wrong(atnet.send, link, b"abc", 4)
wrong(atnet.send, link, b"", -1)
print(failing(atnet.accept, link), "-", failing(atnet.sendto, link, b"x", "127.0.0.1", 9))
print(failing(atnet.recvfrom, link, 10), "-", failing(atnet.setopt, link, 99, 1))
print(failing(atnet.set_peer, link, "127.0.0.1", 9))
""")
    assert lines[:3] == ["unknown kind or family"] * 3
    assert lines[3:6] == ["negative size", "start out of range", "start out of range"]
    assert lines[6:] == [
        "not possible now - connection closed",
        "not possible on this link - option not supported",
        "not possible on this link",
    ]


def test_many_short_connections_leave_nothing_behind(net):
    """C heap and descriptors stay as they are; bounded here, long in the benchmarks."""
    with serving(echo) as port:
        lines = net.run(
            """
def cycle(count):
    for i in range(count):
        link = connect(port)
        write(link, b"hello")
        if read(link) != b"hello":
            print("lost", i)
        atnet.close(link)
        gc.collect()

def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

cycle(50)
before = pages()
cycle(300)
print(pages() - before < 32, atnet.closing())
""",
            port=port,
        )
    assert lines == ["True 0"]


def test_a_peer_that_comes_and_goes_many_times_at_once(net):
    """Clients that vanish before and after they are accepted do not disturb the server."""
    source = """
server = atnet.open(atnet.TCP, 4)
atnet.bind(server, "127.0.0.1", 0)
atnet.listen(server, 5)
print(atnet.local(server)[1])
good = 0
while good < 10:
    client = again(atnet.READ, atnet.accept, server)[0]
    try:
        data = read(client)
        if data:
            write(client, data)
            good += 1
    except OSError:
        pass
    atnet.close(client)
"""
    with net.running(source) as process:
        port = int(process.stdout.readline())

        def vanish():
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        rude = threading.Thread(target=vanish)
        rude.start()
        for i in range(10):
            if i == 9:
                rude.join()  # the server goes after the tenth
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                client.sendall(b"polite")
                assert client.recv(100) == b"polite"
