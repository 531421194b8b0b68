"""Two modules get the same lines; one of them takes none in C. Every answer is the same bytes.

The lines are those of the boundary cases that are refused, names and forms nobody declares, and
random ones whose effect shows in a query. (What C binds, and what not, is compared line by line in
test_command_lines.py.)
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

# AT+PATH: no line is taken in C from now on. AT+MINE: a user's command, one form of it.
PATH = """
import atcore

from at.command import command

PATH = command("+PATH", "Take no line in C from now on")


@PATH.run
def path_run(at):
    atcore.serve(at, None, [])


MINE = command("+MINE", "Stay")


@MINE.query
def mine_query(at):
    at.line("here")
"""

COMMANDS = declarations.all_commands()
_RESULT = re.compile(rb"(OK|ERROR)\r\n")
Pair = tuple[Module, Module]


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, ...]]:
    folders = [tmp_path_factory.mktemp(name) for name in ("both", "python")]
    with Simulator(folders[0], bits=32) as both, Simulator(folders[1], bits=32) as python:
        yield both, python


@pytest.fixture(scope="module")
def pair(simulators: tuple[Simulator, ...]) -> Iterator[Pair]:
    modules = []
    for simulator in simulators:
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


def test_forms_that_a_command_lacks(pair: Pair) -> None:
    for command in COMMANDS:
        for form, suffix in declarations.SUFFIX.items():
            if form not in command.forms:
                compare(pair, f"AT{command.name}{suffix}".encode())


NAMES = st.one_of(
    st.sampled_from([b"+MINE", b"+MINES", b"+GMR_CUR", b"+CWMODE_DEF", b"_CUR", b"X_DEF", b"E2"]),
    st.sampled_from([b"+CWMOD", b"+CWMODEX", b"+cwmode", b" +GMR", b"+", b"\x7f", b"+\t", b"??"]),
    st.binary(max_size=8).filter(lambda name: not set(name) & set(b"\r\n\b")),
    st.text(max_size=6).map(str.encode).filter(lambda name: not set(name) & set(b"\r\n\b")),
    st.integers(1, 254).map(lambda n: b"N" * n),
)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(NAMES, st.sampled_from([b"", b"?", b"=1", b"=?"]), st.sampled_from([b"AT", b"AT+", b"at"]))
def test_unknown_names(pair: Pair, name: bytes, form: bytes, begin: bytes) -> None:
    compare(pair, begin + name + form)


def test_refusals_are_logged_alike(pair: Pair, simulators: tuple[Simulator, ...]) -> None:
    for line in (b"BEGIN", b"NOSUCH", b"NO?", b"GMR=1", b"CWMODE", b"SYSLOG=7", b"A\tB", b"END"):
        compare(pair, b"AT+" + line)
    logs = []
    for simulator in simulators:
        log = simulator.wait_log("no command AT+END\n")
        logs.append(re.sub(r"(?m)^\(\d+\)", "", log[log.index("no command AT+BEGIN\n") :]))
    assert logs[0] == logs[1]
    assert " AT+NOSUCH: no command AT+NOSUCH\n" in logs[0]
    assert " AT+CWMODE: AT+CWMODE does not have this form\n" in logs[0]


SIMPLE = (  # state that is seen again at once
    *("AT+SYSSTORE=%d", "AT+CIPDINFO=%d", "AT+CIPMUX=%d", "AT+CIPRECVMODE=%d"),
    *("AT+TRANSINTVL=%d", "AT+CIPSERVERMAXCONN=%d", "AT+CIPSENDLCFG=%d", "AT+CIPRECONNINTV=%d"),
)
QUERIES = tuple(line.partition("=")[0] + "?" for line in SIMPLE)
NUMBERS = st.one_of(st.integers(-1, 6), st.sampled_from([100, 1000, 1048576, 36000, 36001]))
ENDS = st.sampled_from(["", ",", ",,", " ", ",1", ' ,"a"', "x", '"', "\\", "?"])


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SIMPLE), NUMBERS, ENDS, st.sampled_from(QUERIES))
def test_random_lines(pair: Pair, line: str, number: int, end: str, query: str) -> None:
    compare(pair, (line % number + end).encode())
    compare(pair, query.encode())
