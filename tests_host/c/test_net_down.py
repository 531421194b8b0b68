"""From links to the AT port without Python: +IPD messages, passthrough, answers of CIPRECVDATA."""

import hashlib
import socket
import struct
import threading

import pytest

from tests_host.c import netcerts
from tests_host.c.netpeers import (
    host_and_uart,
    lines_of,
    nudge,
    receive,
    receive_ipd,
    receive_line,
    tls_server,
)
from tests_host.c.netpieces import LINE
from tests_host.c.netscript import LIMIT_S, serving

WATCH = """
link = connect(port, host, 6 if ":" in host else 4)
atnet.down_gate(True, True)
atnet.down(link, atnet.DOWN_IPD, number, info)
serve(bit(link))
print(atnet.ended(link), atnet.error(link))
uart.flush(5000)
"""


@pytest.mark.parametrize(
    ("peer", "number", "info", "head"),
    [
        ("127.0.0.1", -1, False, "+IPD,5"),
        ("127.0.0.1", 3, False, "+IPD,3,5"),
        ("127.0.0.1", -1, True, '+IPD,5,"127.0.0.1",{port}'),
        ("::1", 0, True, '+IPD,0,5,"::1",{port}'),
    ],
)
def test_each_form_of_a_head(net, peer, number, info, head):
    with serving(lambda client: client.sendall(b"a\r\n:z"), peer) as port:
        with host_and_uart() as (host, uart):
            values = {"port": port, "host": peer, "number": number, "info": info}
            with net.running(LINE + WATCH, uart, **values) as process:
                assert receive_ipd(host) == (head.format(port=port), b"a\r\n:z")
                assert process.stdout.readline() == "True None\n"


def test_much_data_comes_in_messages_of_2920_bytes_at_most(net):
    data = bytes(i * 7 & 255 for i in range(1_000_000))
    with serving(lambda client: client.sendall(data)) as port, host_and_uart() as (host, uart):
        values = {"port": port, "host": "127.0.0.1", "number": 1, "info": False}
        with net.running(LINE + WATCH, uart, **values) as process:
            got, largest = b"", 0
            while len(got) < len(data):
                head, part = receive_ipd(host)
                assert head == f"+IPD,1,{len(part)}"
                largest = max(largest, len(part))
                got += part
            assert got == data
            assert largest == 2920
            assert process.stdout.readline() == "True None\n"


def test_five_links_take_turns_and_do_not_mix(net):
    data = [bytes([i]) * 200_000 for i in range(5)]
    turns = iter(data)
    with serving(lambda client: client.sendall(next(turns))) as port:
        with host_and_uart() as (host, uart):
            source = """
links = [connect(port) for _ in range(5)]
for number, link in enumerate(links):
    atnet.down(link, atnet.DOWN_IPD, number)
    until(link, atnet.READ)
atnet.down_gate(True, True)
left = set(links)
while left:
    ready = serve(sum(bit(link) for link in left))
    for link in list(left):
        if ready & bit(link):
            print(atnet.counts(link)[0])
            atnet.close(link)
            left.remove(link)
uart.flush(20000)
"""
            with net.running(LINE + source, uart, port=port) as process:
                got = {str(number): b"" for number in range(5)}
                order = []
                while sum(map(len, got.values())) < 1_000_000:
                    head, part = receive_ipd(host)
                    number = head.split(",")[1]
                    got[number] += part
                    order.append(number)
                assert sorted(set(got.values())) == data
                # None waits for another to finish.
                assert set(order[: len(order) // 2]) == set(got)
                assert [process.stdout.readline() for _ in data] == ["200000\n"] * 5


def test_a_slow_host_stalls_the_peer_and_nothing_is_lost(net):
    """The host does not read: data stays in socket and peer, other work goes on."""
    data = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(200_000))
    stalled = threading.Event()

    def send(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        client.settimeout(0.3)
        done = 0
        try:
            while done < len(data):
                done += client.send(data[done : done + 65536])
        except TimeoutError:
            stalled.set()
        client.settimeout(LIMIT_S)
        client.sendall(data[done:])

    source = """
link = connect(port)
atnet.down_gate(True, True)
atnet.down(link, atnet.DOWN_RAW)
before = time.ticks_ms()
for _ in range(20):
    atlink.wait(10, 0)
print(time.ticks_diff(time.ticks_ms(), before) >= 200, atnet.poll(link) & atnet.READ)
sys.stdin.readline()
serve(bit(link), 40000)
print(atnet.ended(link))
uart.flush(20000)
"""
    with serving(send) as port, host_and_uart() as (host, uart):
        with net.running(LINE + source, uart, port=port) as process:
            assert process.stdout.readline() == "True 1\n"
            assert stalled.wait(LIMIT_S)
            nudge(process)
            assert receive(host, len(data)) == data
            assert process.stdout.readline() == "True\n"


def test_a_closed_gate_keeps_data_back(net):
    source = """
link = connect(port)
atnet.down(link, atnet.DOWN_IPD)
until(link, atnet.READ)
atlink.wait(30, 0)
uart.write(b"first ")
atlink.wait(0, 0)
print(atnet.available(link))
atnet.down_gate(True, True)
serve(bit(link))
uart.flush(5000)
"""
    with serving(lambda client: client.sendall(b"data")) as port:
        with host_and_uart() as (host, uart):
            with net.running(LINE + source, uart, port=port) as process:
                assert process.stdout.readline() == "4\n"
                assert receive(host, 6 + 13) == b"first \r\n+IPD,4:data"


@pytest.mark.parametrize("mode", ["DOWN_RAW", "DOWN_IPD"])
def test_decrypted_data_comes_the_same_way(net, mode):
    data = bytes(i * 11 & 255 for i in range(500_000))
    handle = tls_server(netcerts.server_context(), lambda secure: secure.sendall(data))
    source = f"""
link = secure(port, atnet.Profile())
atnet.down_gate(True, True)
atnet.down(link, atnet.{mode}, 2)
serve(bit(link))
print(atnet.ended(link), atnet.error(link))
uart.flush(20000)
"""
    with serving(handle) as port, host_and_uart() as (host, uart):
        with net.running(LINE + source, uart, port=port) as process:
            got = b""
            while len(got) < len(data):
                got += receive(host, 1000) if mode == "DOWN_RAW" else receive_ipd(host)[1]
            assert got == data
            assert process.stdout.readline() == "True None\n"


def test_datagrams_stay_whole_and_name_their_senders(net):
    source = """
link = atnet.open(atnet.UDP, 4)
atnet.bind(link, "127.0.0.1", 0)
atnet.down_gate(True, True)
atnet.down(link, atnet.DOWN_IPD, 4, True)
print(atnet.local(link)[1])
while atnet.counts(link)[0] < 2203:
    atlink.wait(50, 0)
uart.flush(5000)
"""
    with host_and_uart() as (host, uart), net.running(LINE + source, uart) as process:
        address = ("127.0.0.1", int(process.stdout.readline()))
        with (
            socket.socket(type=socket.SOCK_DGRAM) as one,
            socket.socket(type=socket.SOCK_DGRAM) as two,
        ):
            for sender in (one, two):
                sender.bind(("127.0.0.1", 0))
            for sender, data in ((one, b"abc"), (two, b"d" * 1460), (one, b"e" * 740)):
                sender.sendto(data, address)
                port = sender.getsockname()[1]
                head = f'+IPD,4,{len(data)},"127.0.0.1",{port}'
                assert receive_ipd(host) == (head, data)


@pytest.mark.parametrize(("reset", "reason"), [(False, "None"), (True, "connection reset")])
def test_the_end_is_reported_behind_the_last_byte(net, reset, reason):
    """And again each time until Python stops listening to the link."""
    arrived = threading.Event()

    def send(client):
        client.sendall(b"12345")
        arrived.wait(LIMIT_S)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    source = """
link = connect(port)
atnet.down_gate(True, True)
atnet.down(link, atnet.DOWN_RAW)
print(serve(bit(link)) == bit(link), atlink.wait(0, bit(link)) == bit(link))
error = atnet.error(link)
print(atnet.counts(link)[0], atnet.ended(link), error and error[1])
atnet.down(link, atnet.DOWN_OFF)
print(atlink.wait(20, bit(link)))
"""
    with serving(send) as port, host_and_uart() as (host, uart):
        with net.running(LINE + source, uart, port=port) as process:
            assert receive(host, 5) == b"12345"
            arrived.set()
            lines = lines_of(process, 3)
            assert lines == ["True True", f"5 True {reason}", "0"]


COUNT = """
def count(size, info=False):
    got = atnet.down_count(link, size, info)
    if got is not None:
        while atnet.down_left(link):
            serve(bit(link))
        uart.flush(5000)
    return got
"""


def test_counted_answers(net):
    """AT+CIPRECVDATA: head and bytes, through a closed gate; never more than there is."""
    data = bytes(i * 3 & 255 for i in range(30_000))
    source = """
link = connect(port)
print(count(10))
while atnet.available(link) < 30000:
    time.sleep_ms(5)
print(count(1), count(4000, True), count(0x7fffffff), count(1))
print(atnet.available(link), atnet.ended(link))
print(failing(count, 0))
"""
    go = threading.Event()

    def send(client):
        go.wait(LIMIT_S)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        client.recv(1)

    with serving(send) as port, host_and_uart() as (host, uart):
        with net.running(LINE + COUNT + source, uart, port=port) as process:
            assert process.stdout.readline() == "None\n"
            go.set()
            assert receive(host, 17) == b"+CIPRECVDATA:1," + data[:1] + b"+"
            head = receive_line(host, b'",%d,' % port)
            assert head == b'CIPRECVDATA:4000,"127.0.0.1",%d,' % port
            assert receive(host, 4000) == data[1:4001]
            assert receive_line(host, b",") == b"+CIPRECVDATA:25999,"
            assert receive(host, 25_999) == data[4001:]
            assert process.stdout.readline() == "1 4000 25999 None\n"
            assert process.stdout.readline() == "0 True\n"
            assert process.stdout.readline() == "out of range\n"


def test_counted_answers_of_tls_and_datagrams(net):
    handle = tls_server(netcerts.server_context(), lambda secure: secure.sendall(b"t" * 5000))
    source = """
link = secure(port, atnet.Profile())
until(link, atnet.READ)
print(count(1000), atnet.available(link), count(9000), atnet.available(link))
atnet.close(link)
link = atnet.open(atnet.UDP, 4)
atnet.bind(link, "127.0.0.1", 0)
print(count(9), atnet.local(link)[1])
until(link, atnet.READ)
print(count(5), count(5), count(5))
"""
    with serving(handle) as port, host_and_uart() as (host, uart):
        with net.running(LINE + COUNT + source, uart, port=port) as process:
            assert receive(host, 1018) == b"+CIPRECVDATA:1000," + b"t" * 1000
            assert receive(host, 4018) == b"+CIPRECVDATA:4000," + b"t" * 4000
            assert process.stdout.readline() == "1000 4000 4000 0\n"
            none, own = process.stdout.readline().split()
            assert none == "None"
            with socket.socket(type=socket.SOCK_DGRAM) as sender:
                sender.sendto(b"0123456789", ("127.0.0.1", int(own)))
            # What does not fit one answer waits for the next.
            assert receive(host, 40) == b"+CIPRECVDATA:5,01234+CIPRECVDATA:5,56789"
            assert process.stdout.readline() == "5 5 None\n"
