"""What the terminal knows of the module's language: help, reasons, counts, the state of a talk."""

import pytest

from tools.term import meaning
from tools.term.dialogue import Dialogue, Event


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("AT+CIPSEND=12", 12),
        ("AT+CIPSEND=0,5", 5),
        ("AT+CIPSEND", None),
        ('AT+SYSMFG=2,"n","k",8,5', 5),
        ("AT+SYSMSGFILTERCFG=1,18,3", 21),
        ('AT+MQTTPUBRAW=0,"t",10,0,0', 10),
        ("AT+CIPSEND=x", None),
        ("AT+NOSUCH=3", None),
        ("rubbish", None),
    ],
)
def test_a_line_says_how_many_bytes_it_will_ask_for(line, wanted):
    assert meaning.payload_length(line) == wanted


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("AT+SYSSTORE=2", "store_mode must be 0 or 1"),
        ("AT+CWJPA?", "no command AT+CWJPA; did you mean AT+CWJAP?"),
        ("AT+XYZZYX", "no command AT+XYZZYX"),
        ('AT+CIPSTART="TCP","a",70000', "remote_port must be 1 to 65535"),
        ("AT+GMR=1", "AT+GMR does not have this form; it has AT+GMR"),
        ("hello", "a command begins with AT"),
        ("AT+CIPSEND=0,5", ""),
        ('AT+HTTPCPOST="http://a/",1,2,"a:1","b:2"', ""),
        ('AT+HTTPCPOST="http://a/",1,2,"a:1",2', "header must stand in quotes"),
        ("AT+UART_CUR?", ""),
        ("ATE0", ""),
    ],
)
def test_why_a_line_is_wrong_whatever_the_state(line, why):
    assert meaning.reason(line) == why


def test_help_of_a_command_has_its_forms_and_ranges():
    text = "\n".join(meaning.describe("at+cipsto"))
    assert "AT+CIPSTO?" in text and "0 to 7200" in text
    with pytest.raises(KeyError, match="did you mean AT\\+CIPSTO"):
        meaning.describe("AT+CIPSTOO")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("AT+UART_CUR=115200,8,", [("1", "one"), ("2", "one and a half"), ("3", "two")]),
        ("AT+SYSSTORE=", [("0", "not kept"), ("1", "kept in flash")]),
        ("AT+CIPSTO=", [("0", "never")]),
        ("AT+GSLP=", [("0", "restart at once")]),
    ],
)
def test_values_with_names_are_offered_with_their_meaning(line, wanted):
    assert list(meaning.values_of(meaning.parameter_at(line))) == wanted


def test_every_command_has_help():
    for name in meaning.commands():
        assert meaning.describe(name)[0].startswith(name)


def test_data_is_counted_down_to_the_result():
    talk = Dialogue()
    talk.sent_line("AT+CIPSEND=5")
    assert talk.received(b"\r\nOK\r\n\r\n>") == [
        Event("OK", "AT+CIPSEND=5"),
        Event(">", "AT+CIPSEND=5"),
    ]
    assert (talk.in_data, talk.wanted) == (True, 5)
    talk.sent_data(b"abc")
    assert (talk.in_data, talk.wanted) == (True, 2)
    talk.sent_data(b"de")
    assert not talk.in_data
    assert [each.text for each in talk.received(b"\r\nRecv 5 bytes\r\n\r\nSEND OK\r\n")] == [
        "SEND OK"
    ]


def test_passthrough_ends_with_three_plus():
    talk = Dialogue()
    talk.sent_line("AT+CIPSEND")
    talk.received(b"\r\nOK\r\n\r\n>")
    assert (talk.in_data, talk.wanted) == (True, None)
    talk.sent_data(b"anything")
    assert talk.in_data
    talk.sent_data(b"+++")
    assert not talk.in_data


@pytest.mark.parametrize("cuts", range(1, 12))
def test_a_result_is_seen_however_it_is_cut(cuts):
    talk = Dialogue()
    talk.sent_line("AT+X")
    said = b"\r\nERR CODE:0x01090000\r\n\r\nERROR\r\n"
    events = [
        event for at in range(0, len(said), cuts) for event in talk.received(said[at : at + cuts])
    ]
    assert events == [Event("ERROR", "AT+X", is_explained=True)]
    assert events[0].is_refusal


def test_busy_ends_nothing():
    talk = Dialogue()
    talk.sent_line("AT+CWJAP")
    talk.sent_line("AT")
    assert [each.text for each in talk.received(b"busy p...\r\n")] == ["busy p..."]
    assert talk.is_running
    assert talk.received(b"\r\nOK\r\n") == [Event("OK", "AT+CWJAP")]
