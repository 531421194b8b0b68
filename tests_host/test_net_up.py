"""From the AT port to a link without Python: blocks, escapes, streams, `+++`, lost links."""

import hashlib
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest

from tests_host import netcerts
from tests_host.netscript import LIMIT_S, echo, serving
from tests_host.test_net_close import FILL
from tests_host.test_net_down import BEGIN, host_and_uart, receive
from tests_host.test_net_tls import tls_server

GUARD_S = 0.2  # silence around `+++`, generous

UP = (
    BEGIN
    + """
def news():
    serve(atnet.UP, 30000)
    return atnet.up_status()

def finished():
    while True:
        status = news()
        if status[0] != atnet.UP_RUNNING:
            return status

names = {atnet.UP_IDLE: "idle", atnet.UP_RUNNING: "running", atnet.UP_DONE: "done",
         atnet.UP_ENDED: "ended", atnet.UP_FAILED: "failed"}

def tell(status):
    print(names[status[0]], *status[1:])
"""
)


def sink(store):
    """Return a handler that stores all a client says."""

    def take(client):
        data = bytearray()
        store.append(data)
        while part := client.recv(65536):
            data += part

    return take


def lines_of(process, count):
    return [process.stdout.readline().strip() for _ in range(count)]


COLLECT = """
link = {connect}
for size in sizes:
    uart.data(size)
    atnet.up_collect(size)
    print("ready")
    tell(finished())
    print(len(atnet.up_payload()))
    atnet.up_send(link)
    tell(finished())
uart.busy()
atnet.close(link)
while atnet.closing():
    atlink.wait(20, 0)
"""


@pytest.mark.parametrize("secure", [False, True])
def test_blocks_are_collected_and_sent_in_one_go(net, secure):
    """AT+CIPSEND: what comes behind the block stays for the next mode."""
    store = []
    handle = tls_server(netcerts.server_context(), sink(store)) if secure else sink(store)
    source = COLLECT.replace(
        "{connect}", "secure(port, atnet.Profile())" if secure else "connect(port)"
    )
    sizes = [1, 8192, 5, 2921]
    blocks = [bytes((i * 5 + size) & 255 for i in range(size)) for size in sizes]
    with serving(handle) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port, sizes=sizes) as process:
            for block in blocks:
                assert process.stdout.readline() == "ready\n"
                for start in range(0, len(block), 3000):
                    host.sendall(block[start : start + 3000])
                size = len(block)
                want = [f"done {size} 0 0", str(size), f"done {size} {size} 0"]
                assert lines_of(process, 3) == want
    assert store == [b"".join(blocks)]


def test_three_pluses_alone_end_a_block(net):
    source = """
for escaped in (False, True):
    if escaped:
        uart.stream()
    else:
        uart.data(100)
    atnet.up_collect(100, escaped)
    print("ready")
    tell(finished())
    print(atnet.up_payload())
uart.busy()
"""
    with host_and_uart() as (host, uart), net.running(UP + source, uart) as process:
        for _ in range(2):
            assert process.stdout.readline() == "ready\n"
            host.sendall(b"abc+++")
            time.sleep(GUARD_S)
            host.sendall(b"+++x")
            time.sleep(GUARD_S)
            host.sendall(b"+++")
            assert lines_of(process, 2) == ["ended 10 0 0", "b'abc++++++x'"]


def test_pluses_that_fill_a_block_are_payload(net):
    source = """
uart.data(5)
atnet.up_collect(5)
print("ready")
tell(finished())
print(atnet.up_payload())
"""
    with host_and_uart() as (host, uart), net.running(UP + source, uart) as process:
        assert process.stdout.readline() == "ready\n"
        host.sendall(b"ab")
        time.sleep(GUARD_S)
        host.sendall(b"+++")
        assert lines_of(process, 2) == ["done 5 0 0", "b'ab+++'"]


ESCAPED = """
uart.stream()
atnet.up_collect(size, True)
print("ready")
tell(finished())
print(atnet.up_payload())
"""


@pytest.mark.parametrize(
    ("size", "typed", "payload", "surplus"),
    [
        (8192, [rb"ab\cd\0"], b"abcd", 0),
        (8192, [rb"a\\0b\\", rb"\0"], b"a\\0b\\", 0),
        (8192, [b"x\\", b"0rest"], b"x", 4),
        (4, [rb"a\b\c\d"], b"abcd", 0),
        (4, [b"\\", b"a", b"\\", b"b", b"cd"], b"abcd", 0),
        (3, [b"\x00\r\n"], b"\x00\r\n", 0),
    ],
)
def test_escapes_are_undone_on_the_way(net, size, typed, payload, surplus):
    r"""AT+CIPSENDEX: `\0` or the size ends the block."""
    with host_and_uart() as (host, uart):
        with net.running(UP + ESCAPED, uart, size=size) as process:
            assert process.stdout.readline() == "ready\n"
            for part in typed:
                host.sendall(part)
                time.sleep(0.01)
            want = [f"done {len(payload)} 0 {surplus}", repr(payload)]
            assert lines_of(process, 2) == want


def test_a_block_goes_to_a_link_that_fails(net):
    def refuse(client):
        client.recv(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    source = """
link = connect(port)
write(link, b"go")
until(link, atnet.READ)
uart.data(3)
atnet.up_collect(3)
print("ready")
finished()
atnet.up_send(link)
tell(finished())
print(atnet.error(link)[1])
atnet.up_stop()
atnet.close(link)
print(failing(atnet.up_send, link))
tell(atnet.up_status())
"""
    with serving(refuse) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port) as process:
            assert process.stdout.readline() == "ready\n"
            host.sendall(b"abc")
            lines = lines_of(process, 4)
            assert lines[0] == "failed 3 0 0"
            assert lines[1] in ("connection reset", "connection closed")
            assert lines[2:] == ["link is closed", "idle 3 0 0"]


def test_a_block_that_the_peer_does_not_take_in_time(net):
    source = """
link = connect(port)
fill(link)
atnet.setopt(link, atnet.SEND_TIMEOUT, 200)
uart.data(8192)
atnet.up_collect(8192)
print("ready")
finished()
status = (atnet.UP_DONE,)
while status[0] == atnet.UP_DONE:  # the stack's buffer may have grown meanwhile
    atnet.up_send(link)
    status = finished()
print(names[status[0]], atnet.error(link)[1])
"""
    with socket.socket() as listener, host_and_uart() as (host, uart):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        port = listener.getsockname()[1]
        with net.running(FILL + UP + source, uart, port=port) as process:
            with listener.accept()[0]:
                assert process.stdout.readline() == "ready\n"
                host.sendall(bytes(8192))
                assert process.stdout.readline() == "failed send timed out\n"


def test_blocks_as_datagrams(net):
    source = """
link = atnet.open(atnet.UDP, 4)
atnet.set_peer(link, "127.0.0.1", first)
for target in ((), ("127.0.0.1", second)):
    uart.data(2000)
    atnet.up_collect(2000)
    print("ready")
    finished()
    atnet.up_send(link, *target)
    tell(finished())
"""
    with host_and_uart() as (host, uart):
        peers = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
        for peer in peers:
            peer.bind(("127.0.0.1", 0))
            peer.settimeout(LIMIT_S)
        first, second = (peer.getsockname()[1] for peer in peers)
        with net.running(UP + source, uart, first=first, second=second) as process:
            for peer in peers:
                assert process.stdout.readline() == "ready\n"
                host.sendall(b"u" * 2000)
                assert peer.recvfrom(9000)[0] == b"u" * 2000
                assert process.stdout.readline() == "done 2000 2000 0\n"
                peer.close()


STREAM = """
link = {connect}
uart.stream()
atnet.up_stream(link, chunk, interval, total, report)
print("ready")
while True:
    status = news()
    tell(status)
    if status[0] != atnet.UP_RUNNING:
        break
uart.busy()
atnet.close(link)
while atnet.closing():
    atlink.wait(20, 0)
"""


@pytest.mark.parametrize("secure", [False, True])
def test_a_stream_of_known_length(net, secure):
    """AT+CIPSENDL: news at each report size, the exact total at the end."""
    store = []
    handle = tls_server(netcerts.server_context(), sink(store)) if secure else sink(store)
    source = STREAM.replace(
        "{connect}", "secure(port, atnet.Profile())" if secure else "connect(port)"
    )
    data = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(50_000))[:1_500_001]
    values = {"chunk": 2920, "interval": 20, "total": len(data), "report": 500_000}
    with serving(handle) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port, **values) as process:
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
atnet.down_gate(True)
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
    arrivals = []

    def take(client):
        while part := client.recv(65536):
            arrivals.append(len(part))

    source = STREAM.replace("{connect}", "connect(port)")
    values = {"chunk": 100, "interval": 1000, "total": 130, "report": 0}
    with serving(take) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port, **values) as process:
            assert process.stdout.readline() == "ready\n"
            for _ in range(13):
                host.sendall(b"0123456789")
                time.sleep(0.01)
            assert process.stdout.readline() == "done 130 130 0\n"
    # The first hundred leave together; the rest does because the count is complete.
    assert arrivals == [100, 30]


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

    source = """
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
    with serving(first_then_rest) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port) as process:
            assert process.stdout.readline() == "ready\n"
            host.sendall(b"first")
            assert process.stdout.readline() == "reset\n"
            host.sendall(b"waiting")
            assert process.stdout.readline() == "failed True\n"
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "running 12 5 0\n"
            assert process.stdout.readline() == "attached\n"
            process.stdin.write("\n")
            process.stdin.flush()
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

    source = STREAM.replace("{connect}", "connect(port)")
    values = {"chunk": 2920, "interval": 0, "total": len(data), "report": 0}
    with serving(slow) as port, host_and_uart() as (host, uart):
        with net.running(UP + source, uart, port=port, **values) as process:
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
def wrong(call, *args):
    try:
        call(*args)
    except ValueError as e:
        print(e)
wrong(atnet.up_collect, 0)
wrong(atnet.up_collect, 8193)
wrong(atnet.up_stream, None, 0, 20)
wrong(atnet.up_stream, None, 2921, 20)
wrong(atnet.up_stream, None, 100, 1001)
wrong(atnet.up_interval, -1)
link = atnet.open(atnet.UDP, 4)
wrong(atnet.down, link, 3)
wrong(atnet.down, link, 1, 100)
wrong(atnet.set_peer, link, "127.0.0.1", 1, 3)
""")
    assert lines == ["out of range"] * 9
