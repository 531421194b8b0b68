"""Without memory all errors are one object: what it says of itself is what was raised last.

MicroPython's exception for hard times (mp_obj_exception_make_new() of 1.25). A cleanup that raises
and catches an error turns the MemoryError that is on its way into that error.
"""

import pytest

from tools.host.simprocess import Simulator

# Raises a MemoryError; on its way out a file that is not there is closed, as it were.
COMMANDS = """
import os

import micropython

from at.command import command
from at.errors import is_memory

SHORT = command("+SHORT", "Run out of memory, and clean up", (("int", "kind", 0, 1),))


def clean():
    try:
        os.stat("/not/there")
    except OSError:
        pass


@SHORT.set
def short_set(at, kind):
    try:
        bytearray(100)
    finally:
        clean()


LOCKED = command("+LOCKED", "Ask for the reason of errors while there is no memory at all")
ERRORS = (OSError(5), OSError(12), OSError(), RuntimeError("Unknown Error 0x0101"), MemoryError())


@LOCKED.run
def locked_run(at):
    found = [None] * len(ERRORS)
    micropython.heap_lock()
    for i in range(len(ERRORS)):
        found[i] = is_memory(ERRORS[i])
    micropython.heap_unlock()
    at.line(repr(found))


@SHORT.run
async def short_run(at):
    try:
        bytearray(100)
    finally:
        clean()
"""


@pytest.fixture
def simulator(tmp_path):
    simulator = Simulator(tmp_path, bits=32)
    simulator.put_user_file("short.py", COMMANDS)
    with simulator.start():
        yield simulator


@pytest.fixture
def module(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+SYSLOG=2")
        yield module


@pytest.mark.parametrize("line", ["AT+SHORT=1", "AT+SHORT"])
def test_an_error_that_found_no_memory_is_a_lack_of_memory(simulator, module, line):
    seen = 0
    for skip in range(60):
        order = {"call": "heap.python", "error": "MemoryError", "skip": skip, "times": 8}
        simulator.act({"do": "fault", **order})
        reply = module.command(line)
        if not simulator.act({"do": "fault"})["hits"]:
            break
        seen += "REASON:out of memory" in reply.lines
        assert not [text for text in reply.lines if "not/there" in text or "refused" in text]
        assert module.command("AT").ok
    assert seen
    assert "unexpectedly" not in simulator.log_text()


def test_to_know_a_lack_of_memory_takes_none(module):
    assert module.ok("AT+LOCKED") == ["[False, True, False, True, True]"]
