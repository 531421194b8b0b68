"""No memory at the worst moment: the event loop and the AT port outlive it.

Also: nobody is called for a link that is closed.
"""

import pytest

from tools.host.simprocess import Simulator

# AT+SPOIL: the next news of the AT port, or of a link, meets a function that raises.
SPOIL = """
import asyncio
import gc
import sys

import atcore
import atlink

from at.command import command
from at.loop import on
from at.services.link import Link
from at.services.stream import Stream

SPOIL = command("+SPOIL", "Break something", (("pick", "what", (0, 1)),))
STARVE = command("+STARVE", "Let what comes next find no memory", (("int", "what", 0, 5),))
FULL = command("+FULL", "Print an error with nothing left of the heap")
CLOSED = command("+CLOSED", "Close a link whose stream is not told")


def _failing(bit, error, then):
    def fail():
        on(bit, then)
        raise error("on purpose")

    return fail


@SPOIL.set
def spoil_set(at, what):
    error = MemoryError if what else ValueError
    receive = atcore.function(atlink.UART_RX)
    on(atlink.UART_RX, _failing(atlink.UART_RX, error, receive))


@STARVE.set
def starve_set(at, what):
    if what == 0:
        _starve(asyncio, "create_task")
    elif what == 1:
        _starve(at.wifi, "farewell")
    elif what == 2:
        at.then(_starved)
    elif what == 3:
        at.uart = Poor(at)
    elif what == 4:
        _starve(at, "_report")
    else:
        _starve(asyncio, "create_task")
        at.port.raw(b"x" * 20000)


class Poor:
    # an UART whose next line finds no memory
    def __init__(self, at):
        self._at = at
        self._uart = at.uart

    def __getattr__(self, name):
        return getattr(self._uart, name)

    def line(self):
        self._at.uart = self._uart
        raise MemoryError("on purpose")


def _starve(place, name):
    good = getattr(place, name)

    def starved(*args):
        setattr(place, name, good)
        raise MemoryError("on purpose")

    setattr(place, name, starved)


def _starved():
    raise MemoryError("on purpose")


@FULL.run
def full_run(at):
    nothing = []
    holes, walls = [None] * 200, [None] * 200
    for i in range(200):
        holes[i] = [i]
        walls[i] = [i]
    size, hoard = 65536, None
    while size:
        try:
            hoard = (bytearray(size), hoard)
        except MemoryError:
            size //= 2
    for i in range(200):  # room for the error, but not for its text
        holes[i] = None
    gc.collect()
    try:
        nothing.pop()
    except IndexError as error:
        sys.print_exception(error)
    hoard = None


@CLOSED.run
def closed_run(at):
    link = Link(0, "UDP")
    link.open_udp("127.0.0.1", 9, 0, None, 0)
    Stream(link)
    bit = link.bit
    at.line("called" if atcore.function(bit) else "not called")
    link.close()
    at.line("called" if atcore.function(bit) else "not called")
"""


@pytest.fixture
def simulator(tmp_path):
    with Simulator(tmp_path) as simulator:
        simulator.put_user_file("spoil.py", SPOIL)
        yield simulator.start()


@pytest.mark.parametrize("what", [0, 1])
def test_a_function_that_raises_does_not_end_the_loop(simulator, what):
    with simulator.module() as module:
        module.echo_off()
        module.ok(f"AT+SPOIL={what}")
        module.ok("AT")
        module.ok("AT")
    log = simulator.wait_log("on purpose")
    assert ("failed unexpectedly" in log) == (what == 0)
    assert "crashed" not in log


def test_nobody_is_called_for_a_closed_link(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')
        assert module.ok("AT+CLOSED") == ["called", "not called"]


def test_a_command_that_finds_no_memory_for_its_task(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+STARVE=0")
        module.error("AT+CWMODE=1")
        module.ok("AT+CWMODE=1")


def test_a_restart_that_finds_no_memory_to_say_good_bye(simulator):
    with simulator.module() as module:
        module.quiet(50)
        module.echo_off()
        module.ok("AT+STARVE=1")
        module.ok("AT+RST")
        module.wait_ready()
        module.ok("AT")


def test_what_waits_for_the_answer_finds_no_memory(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+STARVE=2")
        module.ok("AT")


def test_an_error_while_the_heap_is_full_is_printed(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+FULL")
        module.ok("AT")
    assert "crashed" not in simulator.wait_log("IndexError")


def test_a_line_that_finds_no_memory(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+STARVE=3")
        module.error("AT+CWMODE=?")  # a form that C leaves to Python
        module.ok("AT+CWMODE?")


def test_a_report_that_finds_no_memory_is_tried_again(simulator):
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')
        module.ok("AT+STARVE=4")
        module.send("AT+CWQAP")
        module.read_until(b"WIFI DISCONNECT\r\n")
        module.ok("AT")


def test_what_the_ring_cannot_hold_finds_no_memory_for_its_task(simulator):
    with simulator.module() as module:
        module.quiet(50)
        module.echo_off()
        module.send("AT+STARVE=5")
        assert module.read_exactly(20000) == b"x" * 20000
        module.expect(b"\r\nOK\r\n")
        module.ok("AT")
