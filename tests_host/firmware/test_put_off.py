"""What happens by itself when there is no memory for it is made up for: nothing stays undone."""

import pytest

from pins import ROOT
from tests_host.simulator.waiting import wait_for

JOIN = 'AT+CWJAP="espressif","1234567890"'
# The look that the loop takes each minute, at a host's word.
LOOK = """
from at.command import command
from at.services import chip

LOOK = command("+LOOK", "Look after what was put off")


@LOOK.run
def look_run(at):
    chip.deliver()
    at.wifi.look()
    at.port.see_to_tasks()
"""


@pytest.fixture
def module_in(simulate, tmp_path):
    """Return a function that gives a simulator with these options and its module."""
    modules = []

    def start(*options):
        user = tmp_path / "user"
        user.mkdir()
        (user / "look.py").write_text(LOOK)
        simulator = simulate(bits=32, options=("--user", str(user), *options))
        modules.append(simulator.module(timeout_s=90))
        modules[0].echo_off()
        modules[0].ok("AT+CWMODE=1")
        return simulator, modules[0]

    yield start
    for module in modules:
        module.close()


@pytest.fixture
def joined(module_in):
    """Return a simulator and its module, which comes back each second when it is lost."""
    simulator, module = module_in()
    module.ok("AT+CWRECONNCFG=1,0")
    module.ok(JOIN)
    return simulator, module


def fault(simulator, skip, times):
    order = {"call": "heap.python", "error": "MemoryError", "skip": skip, "times": times}
    simulator.act({"do": "fault", **order})


def lose_the_network(simulator, module, skip, times):
    """Let the access point go away, until the module said so or memory was missing for it."""
    module.quiet(20)  # what was put off the time before
    fault(simulator, skip, times)
    simulator.act("ap_down espressif")
    told = b""
    while (status := simulator.act("status"))["wifi"]["ap"] or not (
        b"WIFI DISCONNECT" in told or status["fault_hits"]
    ):
        told += module.quiet(10)
    module.quiet(50)


@pytest.mark.parametrize("times", [1, 5, 40])
def test_the_station_comes_back_whatever_allocation_failed_when_it_was_lost(joined, times):
    simulator, module = joined
    skip, is_met = 0, True
    while is_met:
        lose_the_network(simulator, module, skip, times)
        is_met = simulator.act({"do": "fault"})["hits"] > 0
        module.ok("AT+LOOK")
        simulator.act("ap_up espressif")
        wait_for(lambda: "+CWSTATE:2" in module.ok("AT+CWSTATE?")[-1])
        skip += 1
    assert skip > 3


def test_the_loop_sees_to_it_by_itself(joined):
    simulator, module = joined
    lose_the_network(simulator, module, 0, 0)  # no allocation succeeds
    assert simulator.act({"do": "fault"})["hits"] > 0
    simulator.act("ap_up espressif")
    module.read_until(b"WIFI DISCONNECT\r\n")
    module.read_until(b"WIFI GOT IP\r\n")


PHONE = {"do": "smartconfig", "type": "ESPTOUCH", "ssid": "abc", "password": "0123456789"}
CAMPUS = ("--world", str(ROOT / "tools/worlds/campus.toml"))


def has_come(simulator, failed):
    """Tell whether it was heard and joined, or memory was missing more often than `failed`."""
    has_failed = simulator.log_text().count("MemoryError") > failed
    return has_failed or simulator.act("status")["wifi"]["ap"]


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize(
    ("begin", "act", "name", "end"),
    [
        ("AT+CWSTARTSMART=1", PHONE, "abc", "AT+CWSTOPSMART"),
        ("AT+WPS=1", "wps test", "test", "AT+WPS=0"),
    ],
    ids=["SmartConfig", "WPS"],
)
def test_what_comes_from_outside_is_not_lost_whatever_allocation_failed(
    module_in, times, begin, act, name, end
):
    simulator, module = module_in(*CAMPUS)
    skip, is_met = 0, True
    while is_met:
        module.ok(begin)
        module.quiet(20)
        module.ok("AT+LOOK")  # there is nothing yet
        failed = simulator.log_text().count("MemoryError")
        fault(simulator, skip, times)
        simulator.act(act)
        wait_for(lambda before=failed: has_come(simulator, before))
        is_met = simulator.act({"do": "fault"})["hits"] > 0
        module.ok("AT+LOOK")
        wait_for(lambda: f'+CWSTATE:2,"{name}"' in module.ok("AT+CWSTATE?"))
        module.ok(end)
        module.quiet(20)
        skip += 1 + skip // 4
    assert skip > 3
