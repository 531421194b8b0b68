"""What the module says of its own accord stays out of the echo of a line that is being typed."""

import socket
import time

import pytest

LINE = b"AT+CIPSTATE?\r\n"
GAP_S = 0.05  # a host that pauses for longer, as this test may on a busy PC, did not go on typing


@pytest.fixture
def joined(at):
    at.ok("ATE1")
    at.ok("AT+CWMODE=1")
    at.ok('AT+CWJAP="espressif","1234567890"')
    at.ok("AT+CIPMUX=1")
    return at


def address_of(module):
    return next(line.split('"')[1] for line in module.ok("AT+CIPSTA?") if ":ip:" in line)


def type_slowly(module, line, on_byte):
    """Send a line byte by byte; return whether it went without a pause."""
    last, is_steady = time.monotonic(), True
    for index in range(len(line)):
        module.write(line[index : index + 1])
        now = time.monotonic()
        is_steady = is_steady and now - last < GAP_S
        last = now
        on_byte(index)
        time.sleep(0.005)
    return is_steady


def test_links_and_their_data_wait_for_the_end_of_a_line(joined):
    own = address_of(joined)
    joined.ok("AT+CIPSERVER=1,8391")
    joined.ok(f'AT+CIPSTART=4,"UDP","{own}",9,8391')
    steady = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(40):

            def disturb(index, number=number):
                if index == 4:
                    peer.sendto(b"datagram %02d" % number, (own, 8391))
                    socket.create_connection((own, 8391), 5).close()

            is_steady = type_slowly(joined, LINE, disturb)
            said = joined.read_until(b"\r\nOK\r\n")
            until = time.monotonic() + 20
            while said.count(b",CLOSED\r\n") < 1 or b"datagram %02d" % number not in said:
                assert time.monotonic() < until, said
                joined.pump(0.1)
                said += joined.take(len(joined.buffer))
            assert b",CONNECT\r\n" in said
            if is_steady:
                steady += 1
                assert LINE in said
            if steady == 10:
                return
    pytest.fail("this PC is too busy to type steadily")


def test_a_line_that_is_not_continued_holds_nothing_back(joined):
    own = address_of(joined)
    joined.ok(f'AT+CIPSTART=4,"UDP","{own}",9,8391')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        joined.write(b"AT+CIP")
        joined.expect(b"AT+CIP")
        peer.sendto(b"data", (own, 8391))
        joined.expect(b"\r\n+IPD,4,4:data")
        joined.write(b"MUX?\r\n")
        joined.expect(b"MUX?\r\n+CIPMUX:1\r\n\r\nOK\r\n")
