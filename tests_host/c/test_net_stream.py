"""Streams from the AT port to a link: AT+CIPSENDL and passthrough, lost links, slow peers."""

import hashlib
import queue
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest

from tests_host.c.netpeers import host_and_uart, lines_of, nudge, receive, sink, tls_serving
from tests_host.c.netpieces import GUARD_S, UP
from tests_host.c.netscript import LIMIT_S, echo, serving

STREAM = """
link = reach(port, secured)
uart.stream()
atnet.up_stream(link, chunk, interval, total, report)
print("ready")
while True:
    status = news()
    tell(status)
    if status[0] != atnet.UP_RUNNING:
        break
leave(link)
"""


@pytest.mark.parametrize("secured", [False, True])
def test_a_stream_of_known_length(net, secured):
    """AT+CIPSENDL: news at each report size, the exact total at the end."""
    store = []
    data = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(50_000))[:1_500_001]
    values = {"chunk": 2920, "interval": 20, "total": len(data), "report": 500_000}
    with tls_serving(sink(store), secured) as port, host_and_uart() as (host, uart):
        with net.running(UP + STREAM, uart, port=port, secured=secured, **values) as process:
            assert process.stdout.readline() == "ready\n"
            sender = threading.Thread(target=host.sendall, args=(data,))
            sender.start()
            lines = []
            while not lines or lines[-1].startswith("running"):
                lines += lines_of(process, 1)
            sender.join()
    assert lines[-1] == f"done {len(data)} {len(data)} 0"
    assert [int(line.split()[2]) // 500_000 for line in lines[:-1]] in ([1, 2], [1, 2, 3])
    assert store == [data]


def test_a_stream_flows_both_ways_until_three_pluses(net):
    """Passthrough: every byte there and back, `+++` neither sent nor lost when it is data."""
    source = """
link = connect(port)
atnet.down_gate(True, True)
atnet.down(link, atnet.DOWN_RAW)
uart.stream()
atnet.up_stream(link, 2920, 20)
print("ready")
tell(finished())
uart.listen()
serve(atlink.UART_RX)
print(uart.poll() == atlink.LINE, uart.line(), atnet.ended(link))
"""
    data = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(60_000))
    data = data[:900_000] + b"+++" + data[900_000:]
    with serving(echo) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port) as process:
            assert process.stdout.readline() == "ready\n"
            sender = threading.Thread(target=host.sendall, args=(data,))
            sender.start()
            assert receive(host, len(data)) == data
            sender.join()
            time.sleep(GUARD_S)
            host.sendall(b"+++")
            assert process.stdout.readline() == f"ended {len(data)} {len(data)} 0\n"
            host.sendall(b"AT\r\n")
            assert process.stdout.readline() == "True b'AT' False\n"


def test_few_bytes_wait_for_the_interval_many_do_not(net):
    arrivals = queue.Queue()

    def take(client):
        while part := client.recv(65536):
            arrivals.put(len(part))

    values = {"secured": False, "chunk": 100, "interval": 1000, "total": 140, "report": 0}
    with serving(take) as port, host_and_uart() as (host, uart):
        with net.running(UP + STREAM, uart, port=port, **values) as process:
            assert process.stdout.readline() == "ready\n"
            waits = []
            for pieces in (1, 10, 3):  # few bytes; as many as leave at once; the rest of the count
                begin = time.monotonic()
                for _ in range(pieces):
                    host.sendall(b"0123456789")
                    time.sleep(0.01)
                assert arrivals.get(timeout=LIMIT_S) == 10 * pieces
                waits.append(time.monotonic() - begin)
            assert process.stdout.readline() == "done 140 140 0\n"
    assert waits[0] == max(waits)


SURVIVING = """
link = connect(port)
uart.stream()
atnet.up_stream(link, 2920, 0)
print("ready")
until(link, atnet.READ)
print("reset")
status = finished()
print(names[status[0]], atnet.error(link) is not None)
atnet.close(link)
atnet.up_attach(None)
sys.stdin.readline()
atlink.wait(100, 0)
tell(atnet.up_status())
link = connect(port)
atnet.up_attach(link)
while atnet.up_status()[2] < 12:
    atlink.wait(10, 0)
print("attached")
sys.stdin.readline()
atnet.close(link)
print(names[finished()[0]])
atnet.up_attach(None, True)
tell(finished())
"""


def test_a_stream_survives_its_link(net):
    """Bytes wait while there is no link and go to the next one; or are swallowed."""
    store = []
    gone = threading.Event()

    def first_then_rest(client):
        if not gone.is_set():
            gone.set()
            store.append(client.recv(100))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        sink(store)(client)

    with serving(first_then_rest) as port, host_and_uart() as (host, uart):
        with net.running(UP + SURVIVING, uart, port=port) as process:
            assert process.stdout.readline() == "ready\n"
            host.sendall(b"first")
            assert process.stdout.readline() == "reset\n"
            host.sendall(b"waiting")
            assert process.stdout.readline() == "failed True\n"
            nudge(process)
            assert process.stdout.readline() == "running 12 5 0\n"
            assert process.stdout.readline() == "attached\n"
            nudge(process)
            time.sleep(0.05)
            host.sendall(b"nobody hears this")
            assert process.stdout.readline() == "failed\n"
            time.sleep(GUARD_S)
            host.sendall(b"+++")
            assert process.stdout.readline() == "ended 29 12 0\n"
    assert store == [b"first", b"waiting"]


def test_three_pluses_end_a_stream_without_a_link(net):
    source = """
uart.stream()
atnet.up_stream(None, 2920, 20)
print("ready")
tell(finished())
uart.busy()
"""
    with host_and_uart() as (host, uart), net.running(UP + source, uart) as process:
        assert process.stdout.readline() == "ready\n"
        host.sendall(b"x" * 20_000)
        time.sleep(GUARD_S)
        host.sendall(b"+++")
        assert process.stdout.readline() == "ended 20000 0 0\n"


def test_a_peer_that_reads_slowly_holds_the_host_back(net):
    """The UART is not read while the link takes nothing; nothing is lost."""
    data = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(500_000))
    digest, ready = [], threading.Event()

    def slow(client):
        ready.wait(LIMIT_S)
        sha = hashlib.sha256()
        while part := client.recv(65536):
            sha.update(part)
        digest.append(sha.hexdigest())

    values = {"secured": False, "chunk": 2920, "interval": 0, "total": len(data), "report": 0}
    with serving(slow) as port, host_and_uart() as (host, uart):
        with net.running(UP + STREAM, uart, port=port, **values) as process:
            assert process.stdout.readline() == "ready\n"
            host.settimeout(0.5)
            done = 0
            with suppress(TimeoutError):
                while done < len(data):
                    done += host.send(data[done : done + 65536])
            assert done < len(data)
            ready.set()
            host.settimeout(LIMIT_S)
            host.sendall(data[done:])
            assert process.stdout.readline() == f"done {len(data)} {len(data)} 0\n"
    assert digest == [hashlib.sha256(data).hexdigest()]


def test_numbers_out_of_range(net):
    lines = net.run("""
link = atnet.open(atnet.UDP, 4)
for call, *args in (
    (atnet.up_collect, 0),
    (atnet.up_collect, 8193),
    (atnet.up_stream, None, 0, 20),
    (atnet.up_stream, None, 2921, 20),
    (atnet.up_stream, None, 100, 1001),
    (atnet.up_interval, -1),
    (atnet.down, link, 3),
    (atnet.down, link, 1, 100),
    (atnet.set_peer, link, "127.0.0.1", 1, 3),
):
    print(failing(call, *args))
""")
    assert lines == ["out of range"] * 9
