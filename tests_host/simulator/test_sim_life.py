"""The life of the simulated module: resets, deep sleep, crashes, power, slots."""

import os
import re
import signal
import time

import pytest

from tests_host.simulator.waiting import status, wait_for
from tools.host.atclient import ATMismatch
from tools.host.simprocess import SimulatorError
from tools.peers import espimage

OTA_1 = 0x280000
SECTOR = 4096


def clock(module):
    return int(module.command("AT+SYSTIMESTAMP?").lines[-1].partition(":")[2])


def test_a_reset_keeps_the_pty_and_counts(simulate):
    simulator = simulate()
    with simulator.module() as module:
        target = os.readlink(simulator.link)
        for number in (1, 2, 3):
            module.ok("AT+RST")
            module.wait_ready()
            assert status(simulator)["restarts"] == number
        assert os.readlink(simulator.link) == target
        assert status(simulator)["reset"] == "reset"
        # The word of it takes another way than the bytes themselves.
        until = time.monotonic() + 20
        while not status(simulator)["ready"]:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_the_clock_survives_a_reset_and_deep_sleep_but_no_power_cycle(simulate):
    simulator = simulate()
    with simulator.module() as module:
        assert clock(module) < 100
        module.ok("AT+SYSTIMESTAMP=1565853509")
        module.ok("AT+RST")
        module.wait_ready()
        assert 0 <= clock(module) - 1565853509 < 100
        module.ok("AT+GSLP=1500")
        module.wait_ready()
        assert 1 <= clock(module) - 1565853509 < 100
        assert status(simulator)["reset"] == "deep sleep over"
        simulator.act("power_cycle")
        module.wait_ready()
        assert clock(module) < 100


def test_nothing_is_heard_in_deep_sleep(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.ok("AT+GSLP=600")
        wait_for(lambda: status(simulator)["pid"] is None)
        module.write(b"AT\r\nAT+RST\r\n")
        module.wait_ready()
        module.quiet(100)
        module.ok("AT")
        assert status(simulator)["restarts"] == 1


def test_a_power_cycle_ends_deep_sleep(simulate):
    simulator = simulate()
    with simulator.module() as module:
        module.ok("AT+GSLP=2147483647")
        wait_for(lambda: status(simulator)["pid"] is None)
        simulator.act("power_cycle")
        module.wait_ready()
        assert status(simulator)["reset"] == "power-on"


def test_a_crash_restarts_the_module_and_is_logged(simulate):
    simulator = simulate()
    with simulator.module() as module:
        for number in (1, 2):
            os.kill(status(simulator)["pid"], signal.SIGSEGV)
            module.wait_ready()
            assert status(simulator)["crashes"] == number
        module.ok("AT")
        assert status(simulator)["reset"] == "crash"
    assert simulator.log_text().count("crashed (signal SIGSEGV)") == 2


def test_a_power_cycle_is_possible_at_any_moment(simulate):
    simulator = simulate()
    with simulator.module() as module:
        for _ in range(20):
            module.write(b"AT+GMR\r\n")
            simulator.act("power_cycle")
        module.wait_ready()
        module.resync()
        module.ok("AT")
        assert status(simulator)["crashes"] == 0


def test_power_cut_at_once(simulate):
    simulator = simulate()
    with simulator.module() as module:
        simulator.act({"do": "power_cut_after_flash_writes", "n": 0})
        module.wait_ready()
        assert status(simulator)["reset"] == "power-on"


# Each row: command that writes, query, answers that are right after a cut.
WRITES = [
    ("AT+SYSMSG=3", "AT+SYSMSG?", ["+SYSMSG:0", "+SYSMSG:3"]),
    (
        'AT+SYSMFG=2,"factory_param","uart_baudrate",6,9600',
        'AT+SYSMFG=1,"factory_param","uart_baudrate"',
        None,
    ),
]


@pytest.mark.parametrize(("write", "query", "answers"), WRITES)
def test_a_power_cut_at_every_flash_write_leaves_old_or_new(simulate, write, query, answers):
    seen = set()
    for number in range(1, 100):
        with simulate() as simulator, simulator.module() as module:
            before = module.command(query).lines
            simulator.act({"do": "power_cut_after_flash_writes", "n": number})
            module.send(write)
            found = module.read_until(re.compile(rb"\r\n(ready|OK)\r\n"))
            after = module.command(query)
            assert after.ok
            seen.add(after.lines)
            assert status(simulator)["crashes"] == 0
            if b"OK" in found:
                break
    assert number > 2, "nothing was written"
    assert seen == {before, after.lines}, "neither old nor new"
    assert not answers or {lines[-1] for lines in seen} == set(answers)


# OTA slots.


def put_image(simulator, offset, image):
    """Write an application image into the flash of a simulator that is not running."""
    with (simulator.folder / "flash" / "flash.img").open("r+b") as file:
        file.seek(offset)
        file.write(image)


@pytest.fixture
def two_slots(simulate):
    """Return a simulator with another valid image in its second slot."""
    simulator = simulate()
    simulator.stop()
    put_image(simulator, OTA_1, espimage.compose([espimage.describe("9.9.9")]))
    return simulator.start()


def test_roll_back_goes_to_the_other_slot(two_slots):
    with two_slots.module() as module:
        assert "9.9.9" not in "".join(module.command("AT+GMR").lines)
        module.ok("AT+SYSROLLBACK")
        module.wait_ready()
        assert "start of slot ota_1" in two_slots.log_text()
        assert "9.9.9" in "".join(module.command("AT+GMR").lines)
        module.ok("AT+SYSROLLBACK")
        module.wait_ready()
        assert "9.9.9" not in "".join(module.command("AT+GMR").lines)


def roll_back(simulator):
    """Choose the other slot; the simulator is stopped once that has started."""
    with simulator.module() as module:
        module.ok("AT+SYSROLLBACK")
        module.wait_ready()
        module.ok("AT")
    simulator.stop()


def test_the_choice_of_a_slot_survives(two_slots):
    roll_back(two_slots)
    two_slots.start()
    assert "start of slot ota_1: power-on" in two_slots.log_text()


@pytest.mark.parametrize("damage", [0, 24 + 8 + 20, -40, -1])
def test_an_image_that_is_not_whole_is_no_way_back(simulate, damage):
    simulator = simulate()
    simulator.stop()
    image = bytearray(espimage.compose([espimage.describe("9.9.9")]))
    image[damage] ^= 1
    put_image(simulator, OTA_1, image)
    simulator.start()
    with simulator.module() as module:
        running = module.ok("AT+SYSROLLBACK?")
        module.error("AT+SYSROLLBACK")
        assert module.ok("AT+SYSROLLBACK?") == running
        module.ok("AT+RST")
        module.wait_ready()
        assert module.ok("AT+SYSROLLBACK?") == running
    assert "start of slot ota_1" not in simulator.log_text()


def test_a_slot_that_lost_its_image_is_passed_over(two_slots):
    roll_back(two_slots)
    put_image(two_slots, OTA_1, b"\0")
    two_slots.start()
    assert "start of slot ota_0: power-on" in two_slots.log_text()


def test_without_any_image_there_is_a_clear_message(two_slots):
    roll_back(two_slots)
    put_image(two_slots, OTA_1, b"\0")
    put_image(two_slots, 0x100000, b"\0")
    with pytest.raises(SimulatorError, match="no slot holds a valid firmware image"):
        two_slots.start()


def test_the_module_is_silent_after_its_end(simulate):
    simulator = simulate()
    with simulator.module() as module:
        simulator.stop()
        with pytest.raises((ATMismatch, OSError)):
            module.ok("AT", timeout_s=1)
