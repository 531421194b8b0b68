"""Generated from the declarations: every parameter of every command at and beyond its limits.

A rejected line must get exactly its ERR CODE; an accepted one must not fail for a parameter
(it may well fail for another reason). How to run the accepted ones safely is in conduct.py.
"""

import time
from collections.abc import Iterator

import pytest

from tests_device import mqttcodes
from tests_device.conduct import CODES, SAMPLES, Conduct, conduct_of
from tests_device.rig import Rig
from tools.catalogue import boundaries, declarations, examples
from tools.catalogue.boundaries import INVALID, PARAMETER_SUBS, Batch, Case
from tools.catalogue.declarations import FORMS, SUFFIX, Command
from tools.host.atclient import ATMismatch, Module, Reply

COMMANDS = declarations.all_commands()
BATCHES = [batch for command in COMMANDS for batch in boundaries.batches(command, SAMPLES)]
TESTS = len(BATCHES) + 2 * len(COMMANDS) + 1
_WRONG_FORM = 0x010C0000
_PIECE = 4096
_PROMPT_S = 0.3  # OK and the prompt may come in two pieces, over a network for example


@pytest.fixture(scope="module")
def bench(rig: Rig) -> Iterator[Rig]:
    """Return the rig with a module that shows error codes; factory settings afterwards."""
    prepare(rig)
    yield rig
    rig.close()


def prepare(rig: Rig) -> Module:
    module = rig.fresh()
    module.echo_off()
    module.ok("AT+SYSLOG=1")
    if any(command.name == "+CIPMUX" for command in COMMANDS):
        module.ok("AT+CIPMUX=1")  # so that parameters that are link IDs are there
    return module


def name_of(command: Command) -> str:
    return "AT" + command.name


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.label)
def test_parameter(batch: Batch, bench: Rig) -> None:
    conduct = conduct_of(batch.command)
    problems = []
    for case in batch.cases:
        bench.module.log.clear()
        try:
            problem = try_case(bench, case, conduct)
        except ATMismatch as mismatch:
            problem = str(mismatch)
        if problem:
            problems.append(f"{case.line}  [{case.what}]\n    {problem}")
            prepare(bench)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_forms_that_are_not_declared_are_refused(command: Command, bench: Rig) -> None:
    bench.module.log.clear()
    for form in FORMS:
        if form not in command.forms:
            code = bench.module.error(f"AT{command.name}{SUFFIX[form]}")
            assert code == _WRONG_FORM, f"{form}: 0x{code or 0:08x}"


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_the_test_form_describes_the_parameters(command: Command, bench: Rig) -> None:
    if "test" not in command.forms:
        return
    bench.module.log.clear()
    lines = bench.module.ok(f"AT{command.name}=?")
    if command.text is not None:
        assert lines == command.text.split("\r\n")
    else:
        assert lines == describe(command)


def test_cmd_lists_every_command_of_today(bench: Rig) -> None:
    bench.module.log.clear()
    assert bench.module.ok("AT+CMD?") == examples.listing(COMMANDS)


def try_case(rig: Rig, case: Case, conduct: Conduct) -> str | None:
    """Run one case; return what is wrong, None if nothing is."""
    rows = CODES.get(case.line[2:].partition("=")[0], ())
    if case.code is not None:
        want = mqttcodes.expected(case, rows) if rows else case.code
        reply = rig.module.command(case.line)
        if reply.result == "ERROR" and (reply.code == want or conduct.own_codes):
            return None
        return f"{show(reply)}, expected ERROR 0x{want:08x}"
    if not conduct.allows(case.line) or (conduct.simulated_only and not rig.simulated):
        return None
    reply = rig.module.command(case.line)
    if reply.ok and conduct.restarts:
        rig.module.wait_ready()
        rig.module.echo_off()
        rig.module.command("AT+CIPMUX=1")  # as prepare() left it
    elif reply.ok and conduct.payload:
        reply = feed(rig.module, case, conduct) or reply
    for line in (*conduct.undo, "AT+SYSLOG=1"):
        rig.module.command(line)
    if reply.sub == INVALID and conduct.may_refuse(case.line):
        return None
    if reply.sub in PARAMETER_SUBS or mqttcodes.refused(reply.code, rows):
        return f"{show(reply)}, expected to be accepted"
    return None


def feed(module: Module, case: Case, conduct: Conduct) -> Reply | None:
    """Give the payload if the module asks for one, and return the final result after it."""
    until = time.monotonic() + _PROMPT_S
    while not module.buffer.startswith(b"\r\n>"):
        if time.monotonic() > until:
            return None
        module.pump(0.03)
    module.take(3)
    left = sum(int(case.values.get(name) or "0", 0) for name in conduct.payload)
    while left:
        module.write(b"x" * min(left, _PIECE))
        left -= min(left, _PIECE)
    return module.finish(timeout_s=60.0)


def show(reply: Reply) -> str:
    return reply.result if reply.code is None else f"{reply.result} 0x{reply.code:08x}"


def describe(command: Command) -> list[str]:
    """Write what AT+X=? must show: one line for each variant."""
    out = []
    for variant in command.variants():
        shown = [
            f"({boundaries.written(pinned)})" if pinned is not None else describe_one(parameter)
            for parameter, pinned in variant
        ]
        out.append(f"{command.name}:{','.join(shown)}")
    return out


def describe_one(parameter: declarations.Parameter) -> str:
    low, high = parameter.low, parameter.high
    if parameter.kind == "pick":
        return f"({','.join(boundaries.written(value) for value in parameter.values)})"
    if parameter.kind in ("str", "each"):
        return f'"{parameter.name}"({high})' + (",..." if parameter.kind == "each" else "")
    if parameter.kind in ("int", "link"):
        return f"({low})" if low == high else f"({low}{',' if high - low == 1 else '-'}{high})"
    return f'"{parameter.name}"'
