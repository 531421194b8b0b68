"""A module that keeps itself alive: crashes, hangs, damaged data, and what the log says."""

import os
import random
import signal
from contextlib import contextmanager

import pytest

from tests_host.simulator.waiting import status, wait_for
from tools.build import partitions

PARTS = {part.name: part for part in partitions.load()}
TABLE = 0x8000

# A user's file that hangs, and does not wait a minute for the watchdog.
HANGS = """
import machine

machine.WDT(timeout=300)
while True:
    pass
"""

# One that breaks the main program itself, after the start.
BREAKS = """
import asyncio

from at.loop import watch_over


def fail():
    raise RuntimeError("broken by a user")


async def break_it():
    await asyncio.sleep_ms(10)  # the firmware's own watch comes first
    watch_over(fail, 1)


asyncio.create_task(break_it())
"""

# One with a watchdog that is as short as the looks of the loop are often.
FED = """
import asyncio

import machine

from at.command import command
from at.loop import watch_over
from at.services.guard import Guard

OFTEN = command("+OFTEN", "Have the loop look often")


@OFTEN.run
async def often_run(at):
    await asyncio.sleep_ms(10)  # the firmware's own watch comes first
    guard = Guard(at.settings)
    machine.WDT(timeout=1500)

    def look():
        guard.look()
        print("the loop looks")

    watch_over(look, 100)
"""

# One that shows how many crashes are kept, and again after each look of a module that stays up.
STEADY = """
from at.command import command
from at.services.guard import Guard

LOOK = command("+LOOK", "Look at a start that is steady by now")


@LOOK.run
def look_run(at):
    at.reply(at.settings.kept("crashes"))
    guard = Guard(at.settings)
    guard.look()
    at.reply(at.settings.kept("crashes"))
    guard.look()
    at.reply(at.settings.kept("crashes"))
"""

HARMLESS = "print('a harmless file runs')\n"


def flash(simulator):
    return simulator.folder / "flash" / "flash.img"


def overwrite(simulator, offset, data):
    """Change the flash of a simulator that is not running."""
    with flash(simulator).open("r+b") as file:
        file.seek(offset)
        file.write(data)


def crash(simulator):
    os.kill(status(simulator)["pid"], signal.SIGSEGV)


def simulate_with(simulate, name, text):
    """Return a module that has started with a user file."""
    simulator = simulate()
    simulator.stop()
    simulator.put_user_file(name, text)
    return simulator.start(timeout_s=60)


@contextmanager
def safe(simulate, text):
    """Give a module a user file that spoils its start; yield it and its port, when it is safe."""
    simulator = simulate_with(simulate, "bad.py", text)
    with simulator.module() as module:
        wait_for(lambda: "3 crashes in a row" in simulator.log_text())
        module.resync()
        yield simulator, module


@pytest.mark.parametrize("text", [HANGS, BREAKS], ids=["hangs", "breaks"])
def test_after_three_crashes_in_a_row_the_start_is_safe(simulate, text):
    with safe(simulate, text) as (simulator, module):
        module.ok("AT")
        assert status(simulator)["crashes"] == 3
        assert status(simulator)["reset"] == "watchdog"
        assert simulator.log_text().count("start: a hanging program") == 3


def test_a_safe_start_does_nothing_by_itself(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"', timeout_s=20)
        module.ok('AT+SAVETRANSLINK=1,"10.0.0.9",7000,"UDP",1112')
    simulator.stop()
    simulator.put_user_file("good.py", HARMLESS)
    simulator.put_user_file("worse.py", HANGS)
    simulator.start(erase=False, timeout_s=60)
    with simulator.module() as module:
        wait_for(lambda: "3 crashes in a row" in simulator.log_text())
        module.resync()
        module.echo_off()
        log = simulator.log_text()
        after = log[log.index("3 crashes in a row") :]
        assert "harmless" in log
        assert "harmless" not in after
        assert module.command("AT+CWSTATE?").lines == ('+CWSTATE:0,""',)
        assert module.command("AT+CWMODE?").lines == ("+CWMODE:1",), "settings are still there"


def test_a_restart_on_request_ends_the_row(simulate):
    with safe(simulate, HANGS) as (simulator, module):
        module.ok("AT+RST")
        # The file is there again, so it takes three more crashes.
        wait_for(lambda: simulator.log_text().count("3 crashes in a row") == 2)
        assert status(simulator)["crashes"] == 6


def test_crashes_with_life_in_between_are_not_in_a_row(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.ok("AT+RST")
        module.wait_ready()
        for _ in range(4):
            crash(simulator)
            module.wait_ready()
            module.ok("AT+RST")
            module.wait_ready()
        assert "in a row" not in simulator.log_text()


def test_crashes_are_forgotten_once_a_start_is_steady(simulate):
    simulator = simulate_with(simulate, "steady.py", STEADY)
    with simulator.module() as module:
        assert module.command("AT+LOOK").lines == ("+LOOK:0",) * 3
        crash(simulator)
        module.wait_ready()
        assert module.command("AT+LOOK").lines == ("+LOOK:1", "+LOOK:2", "+LOOK:0")


def test_the_event_loop_feeds_the_watchdog(simulate):
    simulator = simulate_with(simulate, "fed.py", FED)
    with simulator.module() as module:
        module.ok("AT+OFTEN")
        wait_for(lambda: simulator.log_text().count("the loop looks") > 25)
        module.ok("AT")
        assert status(simulator)["restarts"] == 0


def test_a_watchdog_that_is_not_fed_is_logged_and_the_module_goes_on(simulate):
    simulator = simulate()
    with simulator.module() as module:
        simulator.act({"do": "fault", "call": "machine.WDT.feed", "error": -1})
        module.ok("AT+RST")
        module.wait_ready()
        simulator.wait_log("the watchdog is not fed: ")
        module.ok("AT")
        assert status(simulator)["crashes"] == 0


def test_a_watchdog_that_is_not_fed_is_fed_at_once_again(simulate):
    simulator = simulate()
    with simulator.module() as module:
        fault = {"do": "fault", "call": "machine.WDT.feed", "error": -1, "times": 2}
        simulator.act(fault)
        module.ok("AT+RST")
        module.wait_ready()
        wait_for(lambda: simulator.log_text().count("the watchdog is not fed: ") == 2)
        module.ok("AT")
        assert simulator.act({"do": "fault"})["hits"] == 2


def test_a_brown_out_is_in_the_log_and_no_crash(simulate):
    simulator = simulate()
    with simulator.module() as module:
        for _ in range(4):
            simulator.act("brown_out")
            module.wait_ready()
        module.ok("AT")
        assert status(simulator)["reset"] == "brown-out"
        log = simulator.log_text()
        assert log.count("start: brown-out, the supply voltage fell too low") == 4
        assert "in a row" not in log


def test_the_log_says_why_the_module_started(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.ok("AT+RST")
        module.wait_ready()
        module.ok("AT+GSLP=100")
        module.wait_ready()
        crash(simulator)
        module.wait_ready()
    log = simulator.log_text()
    places = [
        log.index("start: " + reason)
        for reason in ("power-on", "restart", "end of deep sleep", "crash")
    ]
    assert places == sorted(places)


def garbage(size, seed):
    return random.Random(seed).randbytes(size)


DAMAGES = {
    "zeros": bytes(PARTS["nvs"].size),
    "random": garbage(PARTS["nvs"].size, 1),
    "first page": garbage(4096, 2),
    "page heads": b"".join(garbage(32, n) + b"\xff" * 4064 for n in range(14)),
    "a foreign file": b"not a store\n" * 4000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_settings_are_factory_settings(simulate, damage):
    simulator = simulate()
    with simulator.module() as module:
        module.ok("AT+SYSMSG=3")
    simulator.stop()
    overwrite(simulator, PARTS["nvs"].offset, damage[: PARTS["nvs"].size])
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok("AT+RST")
        module.wait_ready()
        module.echo_off()
        assert module.command("AT+CWMODE?").lines == ("+CWMODE:1",), "new ones are kept"
        assert status(simulator)["crashes"] == 0


def test_without_a_partition_for_settings_the_module_works_and_keeps_nothing(simulate):
    simulator = simulate()
    simulator.stop()
    table = bytearray(flash(simulator).read_bytes()[TABLE : TABLE + 0xC00])
    at = table.index(b"nvs\0")
    overwrite(simulator, TABLE + at, b"gone")
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+CWMODE=3")
        assert module.command("AT+CWMODE?").lines == ("+CWMODE:3",)
        module.ok("AT+RST")
        module.wait_ready()
        module.echo_off()
        assert module.command("AT+CWMODE?").lines == ("+CWMODE:1",)
        assert status(simulator)["crashes"] == 0
    assert "settings: nothing can be kept" in simulator.log_text()


@pytest.mark.parametrize("damage", [b"\0", b"\xff"], ids=["zeros", "erased"])
def test_without_manufacturing_data_the_board_has_defaults(simulate, damage):
    simulator = simulate()
    simulator.stop()
    overwrite(simulator, PARTS["mfg_nvs"].offset, damage * PARTS["mfg_nvs"].size)
    simulator.start()
    with simulator.module() as module:
        module.echo_off()
        assert module.command("AT+UART_CUR?").lines[-1].startswith("+UART_CUR:1152")
        module.ok("AT+CWMODE=1")


BAD_FACTORY = [
    ('"uart_tx_pin",6,300', "do not fit"),
    ('"uart_port",2,7', "do not fit"),
    ('"uart_tx_pin",7,4\r\nsoup', "do not fit"),
    ('"uart_baudrate",6,3', "is refused"),
]


@pytest.mark.parametrize(("what", "log"), BAD_FACTORY)
def test_factory_parameters_that_do_not_fit_are_logged_and_replaced(simulate, what, log):
    simulator = simulate()
    with simulator.module() as module:
        command, _, payload = what.partition("\r\n")
        if payload:
            module.send(f'AT+SYSMFG=2,"factory_param",{command}')
            module.read_until(b">")
            module.write(payload.encode())
            module.read_until(b"OK\r\n")
        else:
            module.ok(f'AT+SYSMFG=2,"factory_param",{command}')
        module.ok("AT+RST")
        module.wait_ready()
        module.ok("AT")
    assert log in simulator.log_text()
    assert status(simulator)["crashes"] == 0
