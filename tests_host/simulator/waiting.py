"""Ask a simulated module how it is, until it is as it should be."""

import time


def status(simulator):
    return simulator.act("status")


def wait_for(claim):
    until = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < until
        time.sleep(0.01)
