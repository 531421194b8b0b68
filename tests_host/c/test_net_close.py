"""Closing links and their options: linger, time-outs, keep-alive, what a peer sees of it."""

import socket
from contextlib import contextmanager

from tests_host.c.netpeers import lines_of, nudge
from tests_host.c.netpieces import FILL
from tests_host.c.netscript import LIMIT_S, serving


@contextmanager
def stalled(net, source, count=1):
    """Run a script whose `count` connections to `port` stall soon; yield it and their peers."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        listener.settimeout(LIMIT_S)
        with net.running(FILL + source, port=listener.getsockname()[1]) as process:
            peers = [listener.accept()[0] for _ in range(count)]
            yield process, peers
            for peer in peers:
                peer.close()


def test_closing_at_once_delivers_what_was_sent(net):
    """The peer sees the end of the stream, although it sent bytes that were never read."""
    received = []

    def talk(client):
        client.sendall(b"unread" * 100)
        received.append(b"".join(iter(lambda: client.recv(65536), b"")))

    with serving(talk) as port:
        net.run(
            """
link = connect(port)
until(link, atnet.READ)
write(link, b"last words")
atnet.close(link)
""",
            port=port,
        )
    assert received == [b"last words"]


def test_closing_with_reset_tells_the_peer_so(net):
    seen = []

    def talk(client):
        client.sendall(b"x")
        try:
            seen.append(client.recv(10))
        except ConnectionResetError:
            seen.append("reset")

    with serving(talk) as port:
        net.run(
            """
for close in ((lambda link: atnet.close(link, True)),
              (lambda link: (atnet.setopt(link, atnet.LINGER, 0), atnet.close(link)))):
    link = connect(port)
    read(link)
    close(link)
""",
            port=port,
        )
    assert seen == ["reset", "reset"]


def test_linger_delivers_in_the_background(net):
    """close() returns at once; wait() goes on until the slow peer has everything."""
    source = """
link = connect(port)
atnet.setopt(link, atnet.LINGER, 30)
print(atnet.getopt(link, atnet.LINGER))
total = fill(link)
atnet.close(link)
print(atnet.closing(), failing(atnet.poll, link))
print(total)
sys.stdin.readline()
settle()
print("delivered")
"""
    with stalled(net, source) as (process, [client]):
        lines = lines_of(process, 3)
        assert lines[:2] == ["30", "1 link is closed"]
        nudge(process)
        with client:
            got = sum(len(part) for part in iter(lambda: client.recv(65536), b""))
        assert got == int(lines[2])
        assert process.stdout.readline() == "delivered\n"


def test_linger_ends_with_a_reset_when_its_time_is_over(net):
    source = """
link = connect(port)
atnet.setopt(link, atnet.LINGER, 1)
fill(link)
atnet.close(link)
print(atnet.closing())
settle()
print("over")
sys.stdin.readline()
"""
    with stalled(net, source) as (process, [client]):
        assert process.stdout.readline() == "1\n"
        assert process.stdout.readline() == "over\n"
        with client:
            try:
                while client.recv(65536):
                    pass
                seen = "end"
            except ConnectionResetError:
                seen = "reset"
        process.stdin.write("end\n")
    assert seen == "reset"


def test_lingering_connections_give_way_to_new_ones(net):
    source = """
for i in range(18):
    link = connect(port)
    atnet.setopt(link, atnet.LINGER, 60)
    fill(link)
    atnet.close(link)
print(atnet.closing())
"""
    with stalled(net, source, 18) as (process, _):
        assert process.stdout.readline() == "16\n"


def test_sending_fails_when_the_peer_takes_nothing_for_too_long(net):
    source = """
link = connect(port)
atnet.setopt(link, atnet.SEND_TIMEOUT, 150)
print(atnet.getopt(link, atnet.SEND_TIMEOUT))
start = time.ticks_ms()
def push():
    while True:
        if not atnet.send(link, bytes(4096)):
            time.sleep_ms(5)
print(failing(push), atnet.error(link)[1], time.ticks_diff(time.ticks_ms(), start) >= 150)
"""
    with stalled(net, source) as (process, _):
        assert process.stdout.readline() == "150\n"
        assert process.stdout.readline() == "send timed out send timed out True\n"


def test_options_reach_the_socket(net):
    with serving(lambda client: client.recv(1)) as port:
        lines = net.run(
            """
link = connect(port)
for option, value in ((atnet.NODELAY, 1), (atnet.KEEPALIVE, 1), (atnet.KEEP_IDLE, 17),
                      (atnet.KEEP_INTERVAL, 3), (atnet.KEEP_COUNT, 5), (atnet.HOPS, 9)):
    before = atnet.getopt(link, option)
    atnet.setopt(link, option, value)
    print(before != value, atnet.getopt(link, option) == value)
for option, value in ((atnet.NODELAY, 0), (atnet.KEEPALIVE, 0)):
    atnet.setopt(link, option, value)
    print(atnet.getopt(link, option))
print(atnet.getopt(link, atnet.LINGER), atnet.getopt(link, atnet.SEND_TIMEOUT))
atnet.setopt(link, atnet.LINGER, 2_000_000)
print(atnet.getopt(link, atnet.LINGER))
print(failing(atnet.setopt, link, atnet.KEEP_IDLE, -1))
print(failing(atnet.getopt, link, 77))
""",
            port=port,
        )
    assert lines[:6] == ["True True"] * 6
    assert lines[6:] == ["0", "0", "-1 0", "32767", "not possible now", "option not supported"]


def test_counts_and_idle_time(net):
    with serving(lambda client: client.sendall(client.recv(100) * 2)) as port:
        lines = net.run(
            """
link = connect(port)
write(link, b"12345")
got = read_all(link)
time.sleep_ms(30)
received, sent, idle = atnet.counts(link)
print(got, received, sent, 30 <= idle < 30000)
""",
            port=port,
        )
    assert lines == ["b'1234512345' 10 5 True"]


def test_a_forgotten_link_is_closed_by_its_guard(net):
    with serving(lambda client: client.recv(1)) as port:
        lines = net.run(
            """
def forget():
    link = connect(port)
    atnet.Guard(link)
    return link
links = [forget() for _ in range(3)]
x = [i for i in range(50)]
gc.collect()
print(sum(failing(atnet.poll, link) == "link is closed" for link in links) >= 2)
""",
            port=port,
        )
    assert lines == ["True"]
