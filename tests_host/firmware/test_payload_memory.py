"""An announced payload is never taken for commands, whatever becomes of the command that asked."""

import re
import socket

import pytest

from tools.host.simprocess import Simulator

# Commands of a user stand for any command: they ask, and fail at every place there is.
FAILING = """
import asyncio

import atnet
from at.command import command

PARAMETERS = (("int", "after", 0, 4096), ("int", "kind", 0, 2))
FAIL = command("+FAIL", "Ask for a payload and fail", PARAMETERS)
ERRORS = (MemoryError, ValueError, OSError)


@FAIL.set
async def fail_set(at, after, kind):
    at.ask(4096)
    while after > 0:
        after -= len(await at.take(after))
    raise ERRORS[kind]


NONE = command("+NONE", "Ask for more than there is memory for", (("int", "length", 1, 4000000),))


@NONE.set
async def none_set(at, length):
    await at.prompt(length)


TAKE = command("+TAKE", "Ask for so many bytes and show them", (("int", "length", 1, 100),))


@TAKE.set
async def take_set(at, length):
    at.line(await at.prompt(length))


SHORT = command("+SHORT", "Fail without any memory, and others do, too", PARAMETERS[:1])
held = [None]


def fill():
    try:
        while True:
            held[0] = (held[0],)
    except MemoryError:
        return


async def fail_then():
    await asyncio.sleep_ms(1)
    try:
        fill()
        atnet.peer(99)
    except Exception:
        held[0] = None


@SHORT.set
async def short_set(at, after):
    at.ask(4096)
    while after > 0:
        after -= len(await at.take(after))
    asyncio.create_task(fail_then())
    fill()
    bytearray(4096)


UNASKED = command("+UNASKED", "Have no memory for the next prompt")


@UNASKED.run
def unasked_run(at):
    def fail(*_):
        del at.ask
        raise MemoryError("no prompt")

    at.ask = fail
"""
# Bytes that would be commands, and answers that would show it.
POISON = b"AT+GMR\r\n+++AT\r\n" * 273 + b"\r"
ANSWER = re.compile(rb"\r\n(OK|ERROR)\r\n")


@pytest.fixture
def module(tmp_path):
    with Simulator(tmp_path, bits=32) as simulator:
        simulator.put_user_file("failing.py", FAILING)
        simulator.start()
        with simulator.module() as module:
            module.echo_off()
            yield module


def test_what_others_fail_with_is_not_taken_for_the_commands_failure(module):
    module.ok("AT+SYSLOG=2")
    module.send("AT+SHORT=100")
    module.read_until(b">")
    module.write(POISON[:2000])
    module.quiet(50)
    module.write(POISON[2000:])
    assert b"REASON:out of memory\r\n" in module.read_until(ANSWER)


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("after", [0, 1, 100, 4095, 4096])
def test_what_was_announced_is_swallowed_to_its_end(module, after, kind):
    assert len(POISON) == 4096
    module.send(f"AT+FAIL={after},{kind}")
    module.read_until(b">")
    module.write(POISON)
    assert module.read_until(ANSWER) == b"\r\nERROR\r\n"
    assert module.command("AT").raw == b"\r\nOK\r\n"


@pytest.mark.parametrize(
    "line",
    ['AT+CIPSEND=10,"127.0.0.1",9', "AT+CIPSENDEX=10", "AT+CIPSENDL=10", "AT+CIPSENDEX=5000"],
)
def test_a_link_takes_nothing_of_the_next_payload(module, line):
    """It was to get the payload of a command that failed for want of memory."""
    module.ok('AT+CWJAP="espressif","1234567890"')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        module.ok(f'AT+CIPSTART="UDP","127.0.0.1",{peer.getsockname()[1]}')
        module.ok("AT+UNASKED")
        module.error(line)
        module.send("AT+TAKE=8")
        module.read_until(b">")
        module.write(b"payload!")
        assert b"payload!\r\n" in module.read_until(ANSWER)
        module.ok("AT+CIPSEND=2")
        module.write(b"ok")
        module.read_until(b"SEND OK\r\n")
        assert peer.recv(100) == b"ok"


def test_memory_is_found_before_the_host_is_asked(module):
    module.send("AT+NONE=4000000")
    said = module.read_until(ANSWER)
    assert said == b"\r\nERROR\r\n"  # and no prompt
    assert module.command("AT").raw == b"\r\nOK\r\n"
