"""Every number of a command has its meaning, in the reference and in the terminal's help."""

import re

import pytest

from tools.catalogue import declarations, examples, gendocs, words
from tools.catalogue.words import Words, WordsError, parse
from tools.term import meaning
from tools.transcript.seen import form_of

FEW = 16  # values that are named one by one
# Parameters of few values that are numbers of something all the same: counts, sizes, places.
QUANTITIES = {
    "alpn_counts", "address", "cmd_len", "addr_len", "con_id", "counts", "databits", "duty_res",
    "length", "link_id", "max_conn", "num", "start_channel", "total_channel_count", "txt_number",
}  # fmt: skip
PLACES = {("+CWSAP", "channel"), ("+DRVADC", "channel")}

COMMANDS = declarations.all_commands()
NUMBERS = [
    (command, each)
    for command in COMMANDS
    for each in command.parameters_of_all()
    if each.kind == "int" or (each.values and isinstance(each.values[0], int))
]


def values_of(parameter):
    return [int(each) for each in parameter.values] or range(parameter.low, parameter.high + 1)


def unnamed(command, parameter):
    """Return what is not said of a parameter: all of it, or values."""
    if parameter.words is None:
        return ["words"]
    values = values_of(parameter)
    is_place = parameter.name in QUANTITIES or (command.name, parameter.name) in PLACES
    if len(values) > FEW or is_place:
        return [] if parameter.words.rest or parameter.words.covers(values[-1]) else ["a unit"]
    known = sum(bit for bit, _ in parameter.words.bits)
    return [n for n in values if not parameter.words.of(n) and not (n == 0 and known)]


def test_every_number_of_every_command_has_its_words():
    missing = {f"AT{c.name} {p.name}": unnamed(c, p) for c, p in NUMBERS if unnamed(c, p)}
    assert not missing
    assert len(NUMBERS) > 150


def test_a_value_without_words_is_noticed():
    source = 'X = command("+X", "x", (("int", "mode", 0, 2), ("int", "t", 0, 99)), words={%s})'
    for declared, wanted in [
        ("", [["words"], ["words"]]),
        ('"mode": "0 off; 1 on", "t": "ms"', [[2], []]),
        ('"mode": "a mode", "t": "0 off"', [[0, 1, 2], ["a unit"]]),
        ('"mode": "0 off; 1-2 on", "t": "ms"', [[], []]),
    ]:
        command = declarations.read(source % declared, declarations.COMMANDS / "x.py").commands[0]
        assert [unnamed(command, each) for each in command.parameters] == wanted


def test_no_words_for_what_cannot_be_given():
    for command, each in NUMBERS:
        for low, high, word in (each.words or Words()).values:
            values = values_of(each)
            assert low in values and high in values, (command.name, each.name, word)
        for bit, word in (each.words or Words()).bits:
            assert bit <= each.high, (command.name, each.name, word)


def test_every_word_is_of_a_parameter_or_of_an_answer():
    for command in COMMANDS:
        known = {each.name for each in command.parameters_of_all()} | set(command.answers)
        assert set(command.words) <= known, command.name


def test_every_field_of_an_answer_has_its_words():
    missing = [(c.name, f) for c in COMMANDS for f, told in c.answers.items() if told is None]
    assert not missing


def shape(command, form):
    """Return the fewest and most fields of the answer's line, None if its form is not told."""
    found = re.search(rf"`(\{command.name}:)([^`]*)`", command.told(form))
    if not found or found[2].startswith("(") or "<" not in found[2]:
        return None
    most = found[2].count("<")
    return most - sum(part.count("<") for part in re.findall(r"\[[^\]]*\]", found[2])), most


def count(text):
    """Count the fields of an answer; commas in strings are not between fields."""
    return len(re.sub(r'"(?:\\.|[^"\\])*"', '""', text).split(","))


def test_queries_answer_as_it_is_told():
    known = {each.name: each for each in COMMANDS if not each.alias_of}
    checked = set()
    for script in examples.scripts():
        command = None
        for step in script.steps:
            if step.kind == "send":
                name, form = form_of(step.text) or ("", "")
                command = known.get(name) if form == "query" else None
            elif command and step.kind == "line" and step.text.startswith(f"{command.name}:"):
                fields = shape(command, "query")
                if fields and "{" not in step.text:
                    found = count(step.text.partition(":")[2])
                    most = (
                        5 if fields == (1, 1) else fields[1]
                    )  # of five links, one after the other
                    assert fields[0] <= found <= most, step
                    checked.add(command.name)
    assert len(checked) > 40


def test_help_says_all_of_it():
    text = "\n".join(meaning.describe("AT+UART_CUR"))
    assert "2  one and a half" in text and "80 to 5000000, bits per second" in text
    assert "<state>\n      0  no join was begun" in "\n".join(meaning.describe("AT+CWSTATE"))
    for command in COMMANDS:
        told = "\n".join(meaning.describe(f"AT{command.name}"))
        for each in command.words.values():
            for value, word in each.lines():
                assert f"{value}  {word.replace('`', '')}" in told, (command.name, value)


def test_the_reference_has_nothing_of_the_test_bench():
    for section in gendocs.render().split("\n### ")[1:]:
        code = section.split("```")[1::2]
        for line in "".join(code).splitlines():
            assert not re.search(r"\{[a-z_]+[:}]|^<[^ ]|^>>", line), line
        assert "b'" not in section


def test_what_is_not_of_the_manual_says_where_it_is_from():
    for command in COMMANDS:
        for release, what in command.origins:
            assert release in ("4.1", "5.0", "main", "ours"), command.name
            for name in re.findall(r"`(\w+)`", what):
                assert name in {each.name for each in command.parameters_of_all()}, command.name
    told = gendocs.render().partition("### AT+CIPDOMAIN\n")[2].partition("###")[0]
    assert "**Since 4.1**: `timeout`. **Not released by Espressif yet**: `show_all_ip`." in told
    assert "Since 5.0." in meaning.describe("AT+CIPCONNPERSIST")


@pytest.mark.parametrize(
    ("text", "value", "meaning"),
    [
        ("0 none; 1 odd; 2 even", 1, "odd"),
        ("seconds; 0 never", 0, "never"),
        ("seconds; 0 never", 5, ""),
        ("+1 a; +2 b", 3, "a + b"),
        ("0 off; 1-9 on", 7, "on"),
        ("802.11 protocols", 802, ""),
        ("-1 none", -1, "none"),
    ],
)
def test_the_short_form(text, value, meaning):
    assert parse(text).of(value) == meaning


@pytest.mark.parametrize("text", ["", "a;;b", "ms; s", "0 a; +1 b", "+3 c"])
def test_words_that_contradict_themselves_are_refused(text):
    with pytest.raises(WordsError):
        parse(text)


def test_lines_are_ready_to_be_shown():
    assert words.parse("x; 0 a; 2-3 b").lines() == [("0", "a"), ("2 to 3", "b")]
    assert words.parse("+1 a; +2 b").lines() == [("+1", "a"), ("+2", "b")]


ROWS = """
_T = ("int", "t", 0, 99)  # seconds; 0 never
X = command("+X", "x", (
    ("int", "mode", 0, 2),  # 0 off; 1 on
    # 0 a;
    # 1 b
    ("int", "way", 0, 1),
    _T,
    ("str", "name", 0, 9),
))
Y = command("+Y", "y", (_T,), words={"t": "minutes"})
"""


def read(source):
    return declarations.read(source, declarations.COMMANDS / "x.py").commands


def test_a_comment_behind_a_row_or_above_says_what_its_values_mean():
    first, second = read(ROWS)
    assert [each.words for each in first.parameters] == [
        parse("0 off; 1 on"),
        parse("0 a; 1 b"),
        parse("seconds; 0 never"),
        None,
    ]
    assert second.parameters[0].words == parse("minutes")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("    _T,\n", '    _T, ("int", "z", 0, 1),  # 0 no\n', None),
        ("    _T,\n", '    ("int", "y", 0, 1), ("int", "z", 0, 1),  # 0 no\n', "two parameters"),
        ("    _T,\n", '    _T, ("int", "t", 0, 9),  # ms\n', "is told to be"),
    ],
)
def test_a_comment_is_of_one_parameter_and_says_one_thing(old, new, why):
    source = ROWS.replace(old, new)
    if why is None:
        assert read(source)[0].parameters[3].words == parse("0 no")
        return
    with pytest.raises(declarations.DeclarationError, match=why):
        read(source)
