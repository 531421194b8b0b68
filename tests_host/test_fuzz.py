"""The fuzzer: its input is reproducible, and it notices what it must notice."""

import pytest

from tools.atclient import Module
from tools.declarations import all_commands
from tools.fuzz.bursts import Burst, Bursts
from tools.fuzz.drive import Driver, FuzzFailure, load
from tools.fuzz.phases import World


class Simulator:
    """Stands for a running simulator whose log the test writes."""

    running = True

    def __init__(self):
        self.log = ""

    def log_text(self):
        return self.log


@pytest.fixture
def bursts():
    return Bursts(7, all_commands(), World(("words",), tcp_port=1, udp_port=2))


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
def driver(fake, simulator):
    with Module(fake.port, timeout_s=1.0) as module:
        yield Driver(simulator, module)


def test_a_burst_can_be_made_again(bursts):
    again = Bursts(7, all_commands(), World(("words",), tcp_port=1, udp_port=2))
    assert [bursts.make(i).chunks for i in range(50)] == [again.make(i).chunks for i in range(50)]


def test_all_kinds_of_bursts_come_up(bursts):
    kinds = {bursts.make(i).kind for i in range(300)}
    assert kinds == {
        "valid", "boundary", "damaged", "phase", "random", "half", "long", "crowd",
        "passthrough",
    }  # fmt: skip


def test_no_burst_sleeps_for_long(bursts):
    data = b"".join(bursts.make(i).data + b"|" for i in range(3000))
    assert b"AT+GSLP" in data
    assert all(rest[:1] in b"0?" for rest in data.split(b"GSLP=")[1:])


@pytest.mark.parametrize(
    "data", [b"AT\r\n", b"AT+DATA=700\r\nshort", b"AT+EC", b"\r\r\n\0", b"AT\r\n" * 40]
)
def test_whatever_is_left_open_is_ended(driver, data):
    driver.run(Burst(0, "test", [(0, data)]))
    driver.run(Burst(1, "test", [(0, b"AT\r\n")]))


def test_a_restart_nobody_asked_for_is_a_failure(fake, driver):
    driver.run(Burst(0, "test", [(0, b"AT+RST\r\n")]))
    assert driver.restarts == 1
    fake.say(b"\r\nready\r\n")
    with pytest.raises(FuzzFailure, match="restarted after burst 1"):
        driver.run(Burst(1, "test", [(0, b"AT\r\n")]))


@pytest.mark.parametrize(
    "line",
    [
        "==1==ERROR: AddressSanitizer: heap-use-after-free",
        "x.c:1: runtime error: shift exponent 40 is too large",
        "AT+X failed unexpectedly:\nKeyError: 1",
    ],
)
def test_a_report_in_the_log_is_a_failure(driver, simulator, line):
    simulator.log = "all is well\n" + line
    with pytest.raises(FuzzFailure, match="in the log"):
        driver.run(Burst(0, "test", [(0, b"AT\r\n")]))


def test_running_out_of_heap_is_not_a_failure(driver, simulator):
    simulator.log = "AT+X failed unexpectedly:\nMemoryError: memory allocation failed"
    driver.run(Burst(0, "test", [(0, b"AT\r\n")]))


def test_a_failing_run_is_saved_and_can_be_replayed(driver, tmp_path):
    burst = Burst(3, "test", [(0, b"AT\r\n"), (1, b"\0\xff")])
    driver.run(burst)
    assert load(driver.save(tmp_path, 9)) == [burst]
