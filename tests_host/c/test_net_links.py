"""The table of links: places, wait(), arguments, many connections one after the other."""

import socket
import struct
import threading

from tests_host.c.netscript import LIMIT_S, serving


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


def test_two_links_at_once_do_not_mix(net, echo_port):
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
        port=echo_port,
    )
    assert lines == ["True"] * 5


def test_bad_arguments(net):
    lines = net.run("""
for kind, family in ((9, 4), (0, 6), (atnet.TCP, 5)):
    print(failing(atnet.open, kind, family))
link = atnet.open(atnet.TCP, 4)
print(failing(atnet.recv, link, -1))
print(failing(atnet.send, link, b"abc", 4))
print(failing(atnet.send, link, b"", -1))
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


SHORT = """
import os

def cycle(count):
    for i in range(count):
        link = connect(port)
        write(link, b"hello")
        got = b""
        while len(got) < 5:  # a stream may come in pieces
            got += read(link) or b"(end)"
        if got != b"hello":
            print("lost", i, got)
        atnet.close(link)
        gc.collect()

def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

def descriptors():
    return len(list(os.ilistdir("/proc/self/fd")))

at_start = descriptors()
cycle(50)
settle()  # takes for ever, if a descriptor is left
before = pages()
cycle(300)
settle()
print(pages() - before < 32, descriptors() == at_start)
"""


def test_many_short_connections_leave_nothing_behind(net, echo_port):
    """C heap and descriptors stay as they are; bounded here, long in the benchmarks."""
    assert net.run(SHORT, port=echo_port) == ["True True"]


def test_a_peer_that_comes_and_goes_many_times_at_once(net):
    """Clients that vanish before and after they are accepted do not disturb the server."""
    source = """
server = listening()
good = 0
while good < 10:
    client = accepted(server)
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
