"""A station that is about to come back by itself when a command wants the radio: one gets it."""

import re

import pytest

from tools.host.simprocess import Simulator

# A command that begins to come back, and is over before the attempt begins.
BACK = """
from at.command import command

BACK = command("+BACK", "Come back")


@BACK.run
def back_run(at):
    at.wifi.station.resume(at.settings.kept("wifi_ap"))
"""
JOIN = b'AT+CWJAP="espressif","1234567890"\r\n'


@pytest.fixture
def module(tmp_path):
    with Simulator(tmp_path) as simulator:
        simulator.put_user_file("back.py", BACK)
        simulator.start()
        with simulator.module() as module:
            module.echo_off()
            module.ok("AT+CWMODE=1")
            module.ok(JOIN.decode().strip())
            module.ok("AT+CWQAP")
            module.read_until(b"WIFI DISCONNECT\r\n")
            yield module


def test_joining_in_the_moment_of_coming_back(module):
    module.write(b"AT+BACK\r\n" + JOIN)
    module.finish()
    assert module.finish().ok
    assert module.ok("AT+CWSTATE?") == ['+CWSTATE:2,"espressif"']


def test_leaving_in_the_moment_of_coming_back(module):
    module.write(b"AT+BACK\r\nAT+CWQAP\r\n")
    module.finish()
    assert module.finish().ok
    module.expect_silence(400)
    assert module.ok("AT+CWSTATE?") == ['+CWSTATE:4,"espressif"']


def test_scanning_in_the_moment_of_coming_back(module):
    module.write(b"AT+BACK\r\nAT+CWLAP\r\n")
    module.finish()
    assert len(module.finish().lines) == 3
    module.read_until(re.compile(rb"WIFI GOT IP\r\n"))
