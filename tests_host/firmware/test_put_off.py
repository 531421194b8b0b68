"""What happens by itself when there is no memory for it is made up for: nothing stays undone."""

import pytest

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
def joined(simulate, tmp_path):
    """Return a simulator and its module, which comes back each second when it is lost."""
    user = tmp_path / "user"
    user.mkdir()
    (user / "look.py").write_text(LOOK)
    simulator = simulate(bits=32, options=("--user", str(user)))
    with simulator.module(timeout_s=90) as module:
        module.echo_off()
        for line in ("AT+CWMODE=1", "AT+CWRECONNCFG=1,0", JOIN):
            module.ok(line)
        yield simulator, module


def fault(simulator, skip, times):
    order = {"call": "heap.python", "error": "MemoryError", "skip": skip, "times": times}
    simulator.act({"do": "fault", **order})


@pytest.mark.parametrize("times", [1, 5, 40])
def test_the_station_comes_back_whatever_allocation_failed_when_it_was_lost(joined, times):
    simulator, module = joined
    skip, is_met = 0, True
    while is_met:
        fault(simulator, skip, times)
        simulator.act("ap_down espressif")
        wait_for(lambda: not simulator.act("status")["wifi"]["ap"])
        module.quiet(50)
        is_met = simulator.act({"do": "fault"})["hits"] > 0
        module.ok("AT+LOOK")
        simulator.act("ap_up espressif")
        wait_for(lambda: "+CWSTATE:2" in module.ok("AT+CWSTATE?")[-1])
        skip += 1
    assert skip > 3


def test_the_loop_sees_to_it_by_itself(joined):
    simulator, module = joined
    fault(simulator, 0, 0)  # none succeeds
    simulator.act("ap_down espressif")
    wait_for(lambda: not simulator.act("status")["wifi"]["ap"])
    module.quiet(100)
    assert simulator.act({"do": "fault"})["hits"] > 0
    simulator.act("ap_up espressif")
    module.read_until(b"WIFI DISCONNECT\r\n")
    module.read_until(b"WIFI GOT IP\r\n")
