"""The grammar of a command line, its binding and the text of answers, under CPython."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from at.errors import NotAT, NotSupported, ParamError
from at.wire import reply
from at.wire.bind import bind, describe, parse_ip, parse_mac
from at.wire.grammar import QUERY, RUN, SET, TEST, split_arguments, split_line

MODE = (("int", "mode", 0, 3), ("int", "auto_connect", 0, 1, 1))
JOIN = (("str", "ssid", 0, 32, None), ("str", "password", 8, 63, None), ("int", "pci", 0, 1, 0))
SEND = (("link", "link_id", 0, 4), ("int", "length", 1, 8192))
LINK = (
    (
        "by",
        "type",
        (
            ("TCP", (("int", "port", 1, 65535), ("int", "keep_alive", 0, 7200, None))),
            ("UDP", (("int", "port", 1, 65535), ("pick", "mode", (0, 2), 0))),
        ),
        "TCP",
    ),
)


def bound(params, text, mux=False):
    return bind(params, *split_arguments(text), mux)


def refused(params, text, mux=False):
    with pytest.raises(ParamError) as caught:
        bound(params, text, mux)
    return caught.value.code() & 0xFFFFFF


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"AT", ("", RUN, None)),
        (b"ATE0", ("E0", RUN, None)),
        (b"AT+GMR", ("+GMR", RUN, None)),
        (b"AT+CMD?", ("+CMD", QUERY, None)),
        (b"AT+CWMODE=?", ("+CWMODE", TEST, None)),
        (b"AT+CWMODE=1", ("+CWMODE", SET, b"1")),
        (b"AT+CWMODE=", ("+CWMODE", SET, b"")),
        (b'AT+X="a=b?"', ("+X", SET, b'"a=b?"')),
        (b"AT+GMR\rAT", ("+GMR\rAT", RUN, None)),
    ],
)
def test_a_line_has_a_name_a_form_and_arguments(line, expected):
    assert split_line(line) == expected


@pytest.mark.parametrize("line", [b"", b"at", b"At", b"aT+GMR", b" AT", b"\nAT", b"A", b"?"])
def test_a_line_that_does_not_begin_with_at_is_refused(line):
    with pytest.raises(NotAT):
        split_line(line)


def test_bytes_that_are_no_text_are_no_command_name():
    with pytest.raises(NotSupported):
        split_line(b"AT+\xff\xfe")


@pytest.mark.parametrize(
    ("text", "tokens", "quoted"),
    [
        (b"", [], 0),
        (b"1", [b"1"], 0),
        (b"1,2", [b"1", b"2"], 0),
        (b"1,2,", [b"1", b"2"], 0),
        (b",,0", [None, None, b"0"], 0),
        (b'"a","b"', [b"a", b"b"], 3),
        (b'""', [b""], 1),
        (b'0, "mfg_nvs", 4096', [b"0", b"mfg_nvs", b"4096"], 2),
        (rb'"comma\,backslash\\ssid"', [rb"comma,backslash\ssid"], 1),
        (rb'"ab\,c","0123456789\""', [b"ab,c", b'0123456789"'], 3),
        (rb'"\x\y"', [b"xy"], 1),
        (b'"\x00\xff"', [b"\x00\xff"], 1),
    ],
)
def test_arguments_are_split_and_unescaped(text, tokens, quoted):
    assert split_arguments(text) == (tokens, quoted)


@pytest.mark.parametrize(
    ("text", "index"),
    [(b'"abc', 0), (b'1,"abc', 1), (b'"a,b"', 0), (b'"a"b', 0), (b'"a\\', 0), (b'"\\x,"', 0)],
)
def test_a_damaged_string_is_refused_with_its_index(text, index):
    with pytest.raises(ParamError) as caught:
        split_arguments(text)
    assert caught.value.code() == 0x01080000 + index


@pytest.mark.parametrize(
    ("text", "tokens", "quoted"),
    [
        (b"4,192.168.31.239,60000", [b"4", b"192.168.31.239", b"60000"], 0),
        (b"3,8888", [b"3", b"8888"], 0),
        (b'1,5,"a,b\\"c"', [b"1", b"5", b'a,b"c'], 4),
        (b'"a,b"', [b"a,b"], 1),
        (b"2, two words ,1", [b"2", b"two words", b"1"], 0),
    ],
)
def test_the_bare_lexer_takes_commas_in_quotes(text, tokens, quoted):
    assert split_arguments(text, True) == (tokens, quoted)


def test_only_bare_commands_take_strings_without_quotes():
    params = (("str", "host", 1, 64), ("ip", "dns", None))
    assert bind(params, *split_arguments(b"host,1.2.3.4"), False, True) == [b"host", "1.2.3.4"]
    assert bind(params, *split_arguments(b'"host","1.2.3.4"'), False, True) == [b"host", "1.2.3.4"]
    assert refused(params, b"host") == 0x050000
    with pytest.raises(ParamError) as caught:
        bind(params, [b"h" * 65], 0, False, True)
    assert caught.value.code() == 0x01040000


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6))
def test_bare_strings_in_quotes_need_two_escapes_only(values):
    written = [v.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for v in values]
    tokens, quoted = split_arguments(b",".join(b'"' + v + b'"' for v in written), True)
    assert tokens == values
    assert quoted == (1 << len(values)) - 1


@given(st.lists(st.text("abc.-:/ \\019", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_bare_words_come_apart_as_they_are(values):
    tokens, quoted = split_arguments(",".join(values).encode(), True)
    assert (tokens, quoted) == ([v.encode() for v in values], 0)


@given(st.lists(st.one_of(st.binary(max_size=40), st.integers(-(2**31), 2**32)), max_size=8))
def test_what_is_escaped_and_joined_comes_apart_again(values):
    def written(value):
        if isinstance(value, int):
            return b"%d" % value
        for special in (b"\\", b",", b'"'):
            value = value.replace(special, b"\\" + special)
        return b'"' + value + b'"'

    tokens, quoted = split_arguments(b",".join(written(v) for v in values))
    assert tokens == [b"%d" % v if isinstance(v, int) else v for v in values]
    assert quoted == sum(1 << i for i, v in enumerate(values) if isinstance(v, bytes))


@given(st.binary(max_size=250))
def test_no_line_breaks_the_parser(text):
    try:
        _, form, arguments = split_line(b"AT+X" + text)
        if form == SET:
            bound(JOIN, arguments)
    except (NotSupported, ParamError):
        pass


def test_defaults_stand_in_for_what_is_left_out():
    assert bound(MODE, b"3") == [3, 1]
    assert bound(MODE, b"3,") == [3, 1]
    assert bound(MODE, b"3,0") == [3, 0]
    assert bound(JOIN, b",,1") == [None, None, 1]


def test_a_link_id_is_there_only_with_several_links():
    assert bound(SEND, b"10") == [0, 10]
    assert bound(SEND, b"4,10", mux=True) == [4, 10]
    assert refused(SEND, b"4,10") == 0x060102
    assert refused(SEND, b"10", mux=True) == 0x070000


def test_one_parameter_may_decide_which_follow():
    assert bound(LINK, b'"UDP",7,2') == ["UDP", 7, 2]
    assert bound(LINK, b'"TCP",7') == ["TCP", 7, None]
    assert bound(LINK, b",7,60") == ["TCP", 7, 60]
    assert refused(LINK, b'"UDP",7,1') == 0x070002
    assert refused(LINK, b'"SSL",7') == 0x070000
    assert refused(LINK, b'"UDP"') == 0x060201


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", 0x060100),
        (b"4", 0x070000),
        (b"-1", 0x070000),
        (b"99999999999999999999", 0x070000),
        (b'"1"', 0x050000),
        (b"one", 0x050000),
        (b"1x", 0x050000),
        (b"1_0", 0x050000),
        (b"+", 0x050000),
        (b"+4", 0x070000),
        (b"0x", 0x050000),
        (b"0xg", 0x050000),
        (b"-", 0x050000),
        (b"1,2", 0x070001),
        (b"1,1,1", 0x060203),
        (b",1", 0x070000),
    ],
)
def test_what_is_wrong_with_a_number_is_said_exactly(text, code):
    assert refused(MODE, text) == code


def test_a_number_may_have_a_plus():
    assert bound(MODE, b"+1,+0") == [1, 0]  # time zones are written so: manual 3.3.20


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"abc", 0x050000), (b'"' + b"x" * 33 + b'"', 0x040000), (b'"a","1234567"', 0x040001)],
)
def test_what_is_wrong_with_a_string_is_said_exactly(text, code):
    assert refused(JOIN, text) == code


@pytest.mark.parametrize("text", [b"0", b"3", b"0x3", b"0X03", b"003", b" 2 "])
def test_numbers_may_be_decimal_or_hexadecimal(text):
    assert bound(MODE, text)[0] == int(text, 16)


def test_the_last_parameter_may_take_all_that_follows():
    post = (("int", "count", 0, 99, 0), ("each", "header", 1, 5, None))
    assert bound(post, b"") == [0]
    assert bound(post, b"2") == [2]
    assert bound(post, b'2,"a:1",,"b:2"') == [2, b"a:1", None, b"b:2"]
    many = [b"%d:%d" % (i, i) for i in range(40)]
    assert bound(post, b"40," + b",".join(b'"%s"' % each for each in many)) == [40, *many]
    assert refused(post, b'1,"a","123456"') == 0x040002
    assert refused(post, b'1,"a",b') == 0x050002
    assert list(describe(post)) == ['(0-99),"header"(5),...']


def test_addresses_are_checked_and_put_in_one_form():
    assert parse_ip(b"192.168.004.1") == "192.168.4.1"
    assert parse_mac(b"CA:d7:19:D8:a6:44") == "ca:d7:19:d8:a6:44"
    for wrong in (b"", b"1.2.3", b"1.2.3.256", b"1.2.3.x", b"1..2.3", b"1.2.3.4.5", b"1.2.3.0004"):
        assert parse_ip(wrong) is None
    for wrong in (b"", b"ca:d7:19:d8:a6", b"ca:d7:19:d8:a6:4", b"ca-d7-19-d8-a6-44", b"g" * 17):
        assert parse_mac(wrong) is None


def test_the_test_form_shows_ranges():
    assert list(describe(MODE)) == ["(0-3),(0,1)"]
    assert list(describe(JOIN)) == ['"ssid"(32),"password"(63),(0,1)']
    assert list(describe(LINK)) == [
        '("TCP"),(1-65535),(0-7200)',
        '("UDP"),(1-65535),(0,2)',
    ]


def test_answers_are_framed_as_on_the_wire():
    assert reply.result(b"OK") == b"\r\nOK\r\n"
    assert reply.error_line(0x010A0000) == b"ERR CODE:0x010a0000\r\n"
