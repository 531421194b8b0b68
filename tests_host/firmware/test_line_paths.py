"""Two modules get the same lines; one of them takes none in C. Every answer is the same bytes.

The lines are those of the boundary cases that are refused, and random ones whose effect shows in a
query. (What C binds, and what not, is compared line by line in test_command_lines.py.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests_device.conduct import SAMPLES
from tools.catalogue import boundaries, declarations
from tools.host.atclient import Module
from tools.host.simprocess import Simulator

# AT+PATH: no line is taken in C from now on.
PATH = """
import atcore

from at.command import command

PATH = command("+PATH", "Take no line in C from now on")


@PATH.run
def path_run(at):
    atcore.serve(at, {})
"""

COMMANDS = declarations.all_commands()
_RESULT = re.compile(rb"(OK|ERROR)\r\n")
Pair = tuple[Module, Module]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folders = [tmp_path_factory.mktemp(name) for name in ("both", "python")]
    with Simulator(folders[0], bits=32) as both, Simulator(folders[1], bits=32) as python:
        modules = []
        for simulator in (both, python):
            simulator.put_user_file("path.py", PATH)
            simulator.start()
            module = simulator.module().__enter__()
            module.echo_off()
            module.ok("AT+SYSLOG=2")
            modules.append(module)
        modules[1].ok("AT+PATH")
        yield modules[0], modules[1]
        for module in modules:
            module.ok("AT")
            module.__exit__(None, None, None)


def compare(pair: Pair, line: bytes) -> None:
    answers = []
    for module in pair:
        module.write(line + b"\r\n")
        answers.append(module.read_until(_RESULT))
    assert answers[0] == answers[1], line


@pytest.mark.parametrize("group", declarations.groups())
def test_refused_lines(pair: Pair, group: str) -> None:
    for module in pair:
        module.ok("AT+CIPMUX=1")  # so that parameters that are link IDs are there
    for command in (each for each in COMMANDS if each.group == group):
        for batch in boundaries.batches(command, SAMPLES):
            for case in batch.cases:
                if case.code is not None:
                    compare(pair, case.line.encode())
        compare(pair, f"AT{command.name}=?".encode())


SIMPLE = (  # state that is seen again at once
    *("AT+SYSSTORE=%d", "AT+CIPDINFO=%d", "AT+CIPMUX=%d", "AT+CIPRECVMODE=%d"),
    *("AT+TRANSINTVL=%d", "AT+CIPSERVERMAXCONN=%d", "AT+CIPSENDLCFG=%d", "AT+CIPRECONNINTV=%d"),
)
QUERIES = tuple(line.partition("=")[0] + "?" for line in SIMPLE)
NUMBERS = st.one_of(st.integers(-1, 6), st.sampled_from([100, 1000, 1048576, 36000, 36001]))
ENDS = st.sampled_from(["", ",", ",,", " ", ",1", ' ,"a"', "x", '"', "\\", "?"])


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SIMPLE), NUMBERS, ENDS, st.sampled_from(QUERIES))
def test_random_lines(pair: Pair, line: str, number: int, end: str, query: str) -> None:
    compare(pair, (line % number + end).encode())
    compare(pair, query.encode())
