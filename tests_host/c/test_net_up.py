"""From the AT port to a link without Python: blocks, escapes, streams, `+++`, lost links."""

import socket
import struct
import time

import pytest

from tests_host.c.netpeers import host_and_uart, lines_of, sink, tls_serving
from tests_host.c.netpieces import FILL, GUARD_S, UP
from tests_host.c.netscript import LIMIT_S, serving

COLLECT = """
link = reach(port, secured)
for size in sizes:
    uart.data(size)
    atnet.up_collect(size)
    print("ready")
    tell(finished())
    print(len(atnet.up_payload()))
    atnet.up_send(link)
    tell(finished())
leave(link)
"""


@pytest.mark.parametrize("secured", [False, True])
def test_blocks_are_collected_and_sent_in_one_go(net, secured):
    """AT+CIPSEND: what comes behind the block stays for the next mode."""
    store = []
    sizes = [1, 8192, 5, 2921]
    blocks = [bytes((i * 5 + size) & 255 for i in range(size)) for size in sizes]
    values = {"secured": secured, "sizes": sizes}
    with tls_serving(sink(store), secured) as port, host_and_uart() as (host, uart):
        with net.running(UP + COLLECT, uart, port=port, **values) as process:
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
