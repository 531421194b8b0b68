"""The next command may follow OK at once, also where OK had to wait for room."""

import os
import re
import tty

import pytest

SIZE = 100_000  # bytes: at the end some wait outside the ring, and OK behind them
ROUNDS = 400  # one of fifty was answered `busy p...` before


@pytest.fixture
def port(simulate):
    simulator = simulate(bits=32)
    with simulator.module(timeout_s=30) as module:
        module.echo_off()
        module.prompt(f'AT+FS=0,1,"file",0,{SIZE}')
        module.write(bytes(SIZE))
        assert module.finish().ok
    port = os.open(simulator.link, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    yield port
    os.close(port)


def hear(port, end):
    """Return what the module says until the end, and nothing behind it."""
    said = b""
    while not re.search(end + rb"\r\n\Z", said):
        said += os.read(port, 65536)
    return said


def test_a_command_right_behind_a_long_answer(port):
    for _ in range(ROUNDS):
        os.write(port, b'AT+FS=0,2,"file",0,%d\r\n' % SIZE)
        hear(port, rb"\r\nOK")
        os.write(port, b"AT\r\n")
        assert hear(port, rb"(OK|busy p\.\.\.)") == b"\r\nOK\r\n"
