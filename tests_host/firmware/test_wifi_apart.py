"""The driver and the firmware disagree about a link or an interface, and come together again."""

import pytest

from tools.host.simprocess import Simulator

# What the loop does once a minute; and the event of an earlier attempt, which comes too late: at
# once, or in the middle of the next attempt.
APART = """
import asyncio

from at.command import command

LOOK = command("+LOOK", "Look after Wi-Fi")
LATE = command("+LATE", "Hear of an earlier attempt")
LATER = command("+LATER", "Hear of it in the middle of the next")
_tasks = []


@LOOK.run
def look_run(at):
    at.wifi.look()


@LATE.run
def late_run(at):
    at.wifi.station.on_sta_disconnected(8)


@LATER.run
def later_run(at):
    _tasks.append(asyncio.create_task(_later(at.wifi.station)))


async def _later(station):
    while station._link != 1:
        await asyncio.sleep_ms(0)
    station.on_sta_disconnected(8)
"""
JOIN = 'AT+CWJAP="espressif","1234567890"'
JOINED = ['+CWSTATE:2,"espressif"']


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("apart")) as simulator:
        simulator.put_user_file("apart.py", APART)
        simulator.start()
        with simulator.module() as module:
            module.echo_off()
            module.ok("AT+CWMODE=1")
            yield simulator, module


def test_a_look_that_fails_says_nothing_of_the_link(bench):
    simulator, module = bench
    module.ok(JOIN)
    simulator.act({"do": "fault", "call": "atchip.wifi_ap_info", "error": 0xFFFF})
    module.error("AT+LOOK")
    assert simulator.act({"do": "fault"})["hits"] == 1
    assert module.ok("AT+CWSTATE?") == JOINED
    module.expect_silence(100)


def test_a_station_that_hears_of_an_earlier_attempt_comes_back(bench):
    _, module = bench
    module.ok(JOIN)
    module.ok("AT+LATE")
    module.read_until(b"WIFI GOT IP\r\n")
    assert module.ok("AT+CWSTATE?") == JOINED


@pytest.mark.parametrize("between", [(), ("AT+CWQAP",), ("AT+CWLAP",)])
def test_a_station_believed_lost_joins_when_told_to(bench, between):
    _, module = bench
    module.ok("AT+CWRECONNCFG=0,0")
    module.ok(JOIN)
    module.ok("AT+LATE")
    for command in between:
        module.ok(command)
    module.ok(JOIN)
    assert module.ok("AT+CWSTATE?") == JOINED


def test_an_earlier_attempt_is_heard_of_in_the_middle_of_the_next(bench):
    _, module = bench
    module.ok("AT+CWQAP")
    module.ok("AT+LATER")
    module.ok(JOIN)
    assert module.ok("AT+CWSTATE?") == JOINED


def test_an_interface_that_stayed_off_comes_back(bench):
    """A MAC address is set while the interface is off; then it cannot be turned on."""
    simulator, module = bench
    was_off = 0
    for skip in range(8):
        fault = {"call": "network.WLAN.active", "error": 0xFFFF, "skip": skip, "times": 0}
        simulator.act({"do": "fault", **fault})
        module.command('AT+CIPSTAMAC="1a:fe:35:98:d3:7b"')
        simulator.act({"do": "fault"})
        was_off += not simulator.act("status")["wifi"]["station"]
        module.ok("AT+LOOK")
        assert simulator.act("status")["wifi"]["station"]
        module.ok(JOIN)
    assert was_off
