"""A module that serves, and its host: for links that end or stick while a command waits."""

from contextlib import contextmanager

from tools.host.athost import Host

PORT = 8300


JOIN = ("AT+CWMODE=1", 'AT+CWJAP="espressif","1234567890"', "AT+CIPMUX=1")


@contextmanager
def serving(simulate, *lines: str):
    """Run a module that serves; yield (host, address of the module)."""
    simulator = simulate()
    with simulator.module(timeout_s=60) as at:
        at.echo_off()
        for line in (*JOIN, *lines, f"AT+CIPSERVER=1,{PORT}"):
            at.ok(line)
        address = at.ok("AT+CIPSTA?")[0].split('"')[1]
        yield Host(at), address
    assert "Traceback" not in simulator.log_text()
