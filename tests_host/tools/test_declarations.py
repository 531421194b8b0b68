"""The reader of declarations and the boundary cases made from them."""

from pathlib import Path

import pytest

from tools.build.commandtable import is_bound
from tools.catalogue import boundaries, declarations

SOURCE = '''
"""Sample commands

Text about them.
"""
MODE = command(
    "+MODE",
    "Mode of the thing",
    (("int", "mode", 0, 3), ("str", "label", 1, 4, None), ("pick", "speed", (10, 100), 10)),
    stores="mode",
)
alias("+MOD", MODE)

RAM = command(
    "+RAM",
    "Memory",
    (
        (
            "by",
            "operation",
            (
                (0, ()),
                (1, (("int", "size", 1, 1024),)),
                (2, (("int", "size", 1, 9), ("int", "offset", 0, 5, 0))),
            ),
        ),
    ),
    text="+RAM:free text",
)
PING = command("+PING", "Ask")
HEADERS = command(
    "+HEADERS", "Several", (("int", "n", 0, 9), ("each", "header", 1, 3, None))
)


@MODE.query
def mode_query(at):
    at.reply(1)


@MODE.set
async def mode_set(at, mode, label, speed):
    """Restart the thing
    when it must be."""


@HEADERS.set
def headers_set(at, n, *headers):
    pass


@RAM.set
def ram_set(at, operation, size=0, offset=0):
    pass


@PING.run
def ping_run(at):
    pass
'''


@pytest.fixture
def group() -> declarations.Group:
    return declarations.read(SOURCE, Path("sample.py"))


def lines(command: declarations.Command, label: str) -> dict[str, int | None]:
    for batch in boundaries.batches(command):
        if batch.label == label:
            return {case.line: case.code for case in batch.cases}
    raise AssertionError([batch.label for batch in boundaries.batches(command)])


def test_a_group_has_title_text_and_commands_in_order(group):
    assert (group.title, group.text) == ("Sample commands", "Text about them.")
    assert [c.name for c in group.commands] == ["+MODE", "+MOD", "+RAM", "+PING", "+HEADERS"]


def test_forms_come_from_handlers_and_test_comes_with_set(group):
    mode, mod, ram, ping, _ = group.commands
    assert mode.forms == mod.forms == ("test", "query", "set")
    assert ram.forms == ("test", "set")
    assert ping.forms == ("execute",)


def test_docstrings_of_handlers_are_read(group):
    assert group.commands[0].handlers["set"] == "Restart the thing when it must be."


def test_a_default_makes_a_parameter_optional(group):
    mode, label, speed = group.commands[0].parameters
    assert (mode.optional, label.optional, speed.optional) == (False, True, True)
    assert (label.default, speed.default) == (None, 10)


def test_a_by_has_a_variant_for_each_value(group):
    variants = group.commands[2].variants()
    assert [[p.name for p, _ in variant] for variant in variants] == [
        ["operation"],
        ["operation", "size"],
        ["operation", "size", "offset"],
    ]


@pytest.mark.parametrize(
    "declared",
    [
        'command("+X", "x", (("float", "a", 0, 1),))',
        'command("+X", "x", (("int", "a", 0),))',
        'command("+X", "x", (("int", "a", 3, 1),))',
        'command("+X", "x", (("int", "a", low(), 1),))',
        'command("+X", "x", (("ip", "a", None, 1),))',
    ],
)
def test_a_wrong_declaration_is_named_with_its_line(declared):
    with pytest.raises(declarations.DeclarationError, match=r"sample\.py:1"):
        declarations.read(declared, Path("sample.py"))


def test_boundaries_of_a_number(group):
    cases = lines(group.commands[0], "AT+MODE-mode")
    assert cases["AT+MODE=0"] is None
    assert cases["AT+MODE=3"] is None
    assert cases["AT+MODE=0x3"] is None
    assert cases["AT+MODE=-1"] == cases["AT+MODE=4"] == 0x01070000
    assert cases['AT+MODE="0"'] == 0x01050000
    assert cases["AT+MODE="] == 0x01060100
    assert cases['AT+MODE=,"a",10'] == 0x01070000


def test_boundaries_of_a_string(group):
    cases = lines(group.commands[0], "AT+MODE-label")
    assert cases['AT+MODE=0,"a"'] is None
    assert cases['AT+MODE=0,"aaaa"'] is None
    assert cases['AT+MODE=0,""'] == cases['AT+MODE=0,"aaaaa"'] == 0x01040001
    assert cases["AT+MODE=0,10"] == 0x01050001
    assert cases['AT+MODE=0,"abc'] == 0x01080001
    assert cases["AT+MODE=0"] is None
    assert cases["AT+MODE=0,"] is None


def test_boundaries_of_a_pick_and_one_too_many(group):
    cases = lines(group.commands[0], "AT+MODE-speed")
    assert cases["AT+MODE=0,,10"] is None
    assert cases["AT+MODE=0,,100"] is None
    assert cases["AT+MODE=0,,9"] == cases["AT+MODE=0,,11"] == 0x01070002
    assert cases['AT+MODE=0,"a",10,1'] == 0x01060304


def test_boundaries_of_strings_to_the_end_of_the_line(group):
    headers = next(each for each in group.commands if each.name == "+HEADERS")
    cases = lines(headers, "AT+HEADERS-header")
    assert cases['AT+HEADERS=0,"aaa"'] is None
    assert cases["AT+HEADERS=0"] is None
    assert cases['AT+HEADERS=0,"aaaa"'] == 0x01040001
    assert not any(line.endswith(",1") for line in cases)  # none is one too many
    assert not is_bound(headers.parameters)  # Python binds it


def test_each_value_of_a_by_is_tried(group):
    ram = group.commands[2]
    labels = [batch.label for batch in boundaries.batches(ram)]
    assert labels == [
        "AT+RAM-operation",
        "AT+RAM(operation=1)-size",
        "AT+RAM(operation=2)-size",
        "AT+RAM(operation=2)-offset",
    ]
    operation = lines(ram, "AT+RAM-operation")
    assert operation["AT+RAM=0"] is None
    assert operation["AT+RAM=0,1"] == 0x01060102
    assert operation["AT+RAM=3"] == 0x01070000
    assert lines(ram, "AT+RAM(operation=1)-size")["AT+RAM=1"] == 0x01060201


def test_a_command_without_set_has_no_boundaries(group):
    assert boundaries.batches(group.commands[3]) == []


def test_the_firmware_declares_every_command_once():
    names = [command.name for command in declarations.all_commands()]
    assert sorted(names) == sorted(set(names))


def test_every_stores_names_a_row_of_the_settings():
    rows = declarations.policies()
    stored = {c.stores for c in declarations.all_commands() if c.stores}
    assert stored <= set(rows)


def test_rows_that_commands_share_are_put_in():
    source = """
_ONE = (("str", "a", 1, 9),)
_TWO = _ONE + (("int", "b", 0, 3, 0),)
X = command("+X", "An x", _TWO)
Y = command("+Y", "A y", (("by", "kind", ((1, _ONE), (2, _TWO))),))
"""
    x, y = declarations.read(source, Path("x.py")).commands
    assert [each.name for each in x.parameters] == ["a", "b"]
    assert [len(tail) for tail in y.parameters[0].branches] == [1, 2]


def test_a_name_that_is_no_row_is_named_with_its_line():
    with pytest.raises(declarations.DeclarationError, match=r"x\.py:1"):
        declarations.read('X = command("+X", "An x", (("int", "a", 0, _MOST),))', Path("x.py"))
