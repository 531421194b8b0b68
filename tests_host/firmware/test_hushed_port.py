"""What the port keeps while passthrough has it: a little, and the latest."""

HUSHED = """
from at.command import command

HUSHED = command("+HUSHED", "Reports that come in passthrough, by their numbers")


@HUSHED.query
def hushed_query(at):
    at.port.hush()
    for number in list(range(20)) + [7, 5]:
        at.port.report(b"%d\\r\\n" % number)
    at.port.is_hushed = False
    at.port.speak()
"""


def test_of_many_reports_the_latest_are_kept(simulate):
    simulator = simulate(bits=32)
    simulator.stop()
    simulator.put_user_file("user.py", HUSHED)
    with simulator.start().module() as module:
        module.echo_off()
        said = [int(line) for line in module.ok("AT+HUSHED?")]
        assert said == [4, 6, *range(8, 20), 7, 5]
        assert module.ok("AT+HUSHED?")  # and again
    assert simulator.log_text().count("report dropped") == 8
