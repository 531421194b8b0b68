"""Lines that C binds get the values that Python would bind; the others it leaves alone.

The C core (core/line.c with the generated table) and at/wire/grammar.py with bind.py get the same
lines: the boundary cases of every parameter, and random ones.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import commandtable
from at.errors import ATError
from at.wire import bind, grammar
from tests_host.c.atlinkharness import ROOT, compile_c
from tools.catalogue import boundaries, declarations
from tools.catalogue.declarations import Command, Parameter

COMMANDS = {command.name: command for command in declarations.all_commands()}
BOUND = [  # commands whose set form is in the table
    command
    for command in COMMANDS.values()
    if "set" in command.forms and not command.bare and commandtable.is_bound(command.parameters)
]
_FORMS = (grammar.QUERY, grammar.SET, grammar.RUN)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen]:
    commandtable.write()
    program = compile_c(
        tmp_path_factory.mktemp("lines") / "lines",
        "lines",
        ["core/line.c"],
        f"-I{ROOT / 'build/generated'}",
    )
    with subprocess.Popen([program], stdin=-1, stdout=-1, text=True) as process:
        yield process
        process.stdin.close()
        assert process.wait() == 0  # else a sanitizer complained


def ask(core: subprocess.Popen, line: bytes, mux: bool) -> tuple | None:
    """Return (form, name, values) as C binds a line, None if it leaves it to Python."""
    core.stdin.write(f"{line.hex() or '.'} {int(mux)}\n")
    core.stdin.flush()
    words = core.stdout.readline().split()
    assert words, f"the core died at {line!r}"
    if words == ["-"]:
        return None
    values: list = []
    for kind, word in zip(words[2::2], words[3::2], strict=True):
        if kind in ("T", "S"):
            text = bytes.fromhex(word) if word != "." else b""
            values.append(text if kind == "T" else text.decode())
        else:
            values.append(int(word) if kind == "I" else None)
    name = "" if words[1] == "." else bytes.fromhex(words[1]).decode()
    return _FORMS[int(words[0])], name, values


def declared(parameter: Parameter) -> tuple:
    """Return a parameter as at/wire/bind.py wants it."""
    middle = {
        "pick": (parameter.values,),
        "by": (
            tuple(
                (value, tuple(map(declared, tail)))
                for value, tail in zip(parameter.values, parameter.branches, strict=False)
            ),
        ),
        "ip": (),
        "mac": (),
    }.get(parameter.kind, (parameter.low, parameter.high))
    default = (parameter.default,) if parameter.optional else ()
    return (parameter.kind, parameter.name, *middle, *default)


def expected(line: bytes, mux: bool) -> tuple | None:
    """Return (form, name, values) as Python binds a line, None if it refuses it."""
    try:
        name, form, text = grammar.split_line(line)
        command = COMMANDS[name]
        values = []
        if form == grammar.SET:
            tokens, quoted = grammar.split_arguments(text, command.bare)
            params = tuple(map(declared, command.parameters))
            values = bind.bind(params, tokens, quoted, mux, command.bare)
    except (ATError, KeyError):
        return None
    return form, name, values


def check(core: subprocess.Popen, line: bytes, mux: bool) -> tuple | None:
    got = ask(core, line, mux)
    if got is not None:
        assert got == expected(line, mux), line
    return got


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda each: "AT" + each.name)
def test_boundary_lines(core: subprocess.Popen, command: Command) -> None:
    for batch in boundaries.batches(command):
        for case in batch.cases:
            for mux in (True, False):
                check(core, case.line.encode(), mux)
    for suffix in declarations.SUFFIX.values():
        check(core, f"AT{command.name}{suffix}".encode(), False)


@pytest.mark.parametrize("command", BOUND, ids=lambda each: "AT" + each.name)
def test_c_takes_every_line_that_is_right(core: subprocess.Popen, command: Command) -> None:
    for batch in boundaries.batches(command):
        for case in batch.cases:
            if case.code is None:
                taken = ask(core, case.line.encode(), True)
                assert taken == expected(case.line.encode(), True), case.line


def test_most_commands_are_bound_in_c() -> None:
    sets = [command for command in COMMANDS.values() if "set" in command.forms]
    assert len(BOUND) > 0.85 * len(sets)


TOKENS = st.one_of(
    st.sampled_from(
        [b"", b" ", b"0", b"1", b"-1", b"+2", b"0x1F", b"00", b'""', b'"a"', b'"a\\,b"']
    ),
    st.sampled_from(
        [b'"', b'"a', b'"a"b', b"\\", b'"\\"', b"1 ", b"\t1", b" \t", b"0x", b"9" * 12]
    ),
    st.integers(-10, 70000).map(lambda n: b"%d" % n),
    st.binary(max_size=6),
    st.text('ab1,\\" ', max_size=8).map(str.encode),
    st.text("ab1 .:", max_size=30).map(lambda text: b'"%s"' % text.encode()),
)
NAMES = st.sampled_from([command.name for command in BOUND])


@settings(max_examples=1500)
@given(
    NAMES, st.lists(TOKENS, max_size=7), st.booleans(), st.sampled_from([b"=", b"?", b"", b"=?="])
)
def test_random_lines(
    core: subprocess.Popen, name: str, tokens: list[bytes], mux: bool, form: bytes
) -> None:
    check(core, b"AT" + name.encode() + form + b",".join(tokens), mux)


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=40), st.binary(max_size=20).map(lambda tail: b"AT+" + tail)))
def test_rubbish(core: subprocess.Popen, line: bytes) -> None:
    check(core, line, False)
