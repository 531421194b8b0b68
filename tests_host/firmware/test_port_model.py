"""The model of the AT port (portmodel.py), driven for a while; `make fuzz` drives it longer."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests_host.firmware.portmodel import Host, PortMachine
from tools.host.atclient import ATMismatch


def test_the_port_keeps_its_word_whatever_happens(simulate):
    simulator = simulate(bits=32)
    with simulator.module(timeout_s=60) as module:
        module.echo_off()
        module.ok("AT+CWMODE=1")
        module.ok('AT+CWJAP="espressif","1234567890"')
        PortMachine.simulator = simulator
        PortMachine.host = Host(module)
        try:
            run_state_machine_as_test(
                PortMachine,
                settings=settings(
                    max_examples=15,
                    stateful_step_count=15,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except BaseException:  # hypothesis shows the steps, but not what was said
            print(ATMismatch("the last that was said", module.log))
            raise
