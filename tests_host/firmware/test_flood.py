"""A host that floods the module and does not listen: nothing breaks, and the module comes back."""

import os


def test_lines_without_end_while_a_command_runs(simulate):
    simulator = simulate()
    with simulator.module() as at:
        at.echo_off()
        at.ok("AT+CWMODE=1")
        at.send("AT+CWLAP")
        port = os.open(simulator.link, os.O_WRONLY | os.O_NOCTTY)
        for _ in range(100):
            os.write(port, b"AT\r\n" * 500)
        os.close(port)
        at.read_until(b"\r\nOK\r\n", 30)
        at.resync()
        assert at.ok("AT+CWMODE?") == ["+CWMODE:1"]
    assert "crash" not in simulator.log_text()
