"""The language of transcripts and its player, against a scripted peer."""

from pathlib import Path

import pytest

from tools.host.atclient import Module
from tools.transcript import grammar, seen
from tools.transcript.player import Player, TranscriptFailure, missing_needs


class World:
    def __init__(self):
        self.acts = []

    def act(self, text):
        self.acts.append(text)


def play(fake, text, *, accept=False, tmp_path=Path("."), variables=None, observer=None):
    path = tmp_path / "sample.at"
    if accept:
        path.write_text(text)
    script = grammar.parse(text, path, "sample")
    world = World()
    with Module(fake.port, timeout_s=1.0, observer=observer) as module:
        if not script.echo:
            module.echo_off()
        player = Player(script, module, world, variables or {}, timeout_s=0.5, accept=accept)
        player.play()
        if accept:
            player.rewrite()
    return path.read_text() if accept else world.acts


def fails(fake, text, **options):
    with pytest.raises(TranscriptFailure) as caught:
        play(fake, text, **options)
    return str(caught.value)


def test_blank_lines_do_not_count(fake):
    play(fake, "> AT+ECHO=1\n< +ECHO:1\n< OK\n> AT\n< OK\n")


def test_exact_counts_every_byte(fake):
    play(fake, "exact\n> AT+ECHO=1\n< +ECHO:1\n<\n< OK\n> AT\n<< \\r\\nOK\\r\\n\n")
    assert "+      <\n" in fails(fake, "exact\n> AT+ECHO=1\n< +ECHO:1\n< OK\n")


def test_an_echo_file_sees_the_echo(fake):
    play(fake, "echo\nexact\n> AT\n< AT\n<\n< OK\n")


def test_a_data_phase_with_raw_bytes(fake):
    play(fake, "> AT+DATA=4\n< OK\n< >\n>> a\\0\\r\\xff\n<< +DATA:a\\0\\r\\xff\n< OK\n")


def test_a_line_without_crlf_counts_once_nothing_follows(fake):
    play(fake, "> AT+RAW=+IPD,4:test\n< OK\n< +IPD,4:test\n~ 20\n")


def test_regular_expressions_and_captures(fake):
    play(
        fake,
        "> AT+ECHO=17,x\n</\\+ECHO:\\d+,./\n< OK\n"
        "> AT+ECHO=42,9\n< +ECHO:{number:\\d+},{any:\\d{1,2}}\n< OK\n"
        "> AT+ECHO={number}\n< +ECHO:42\n< OK\n",
    )


def test_variables_of_the_bench_and_fillers(fake):
    text = "> AT+ECHO={ssid}{fill:12}\n< +ECHO:home{fill:12}\n< OK\n"
    play(fake, text, variables={"ssid": "home"})
    assert "no variable 'ssid'" in fails(fake, text)


def test_lines_in_any_order(fake):
    text = "> AT+ECHO=1\n<* OK\n<* +ECHO:{any:.}\n"
    play(fake, text)
    assert "another line came" in fails(fake, text + "> AT+ECHO=2\n<* OK\n<* +ECHO:3\n")


def test_silence(fake):
    play(fake, "> AT\n< OK\n~ 20\n")
    assert "expected silence" in fails(fake, "> AT+LATER\n< OK\n~ 200\n")


def test_what_comes_after_the_last_line_is_a_failure(fake):
    text = fails(fake, "> AT+ECHO=1\n< +ECHO:1\n")
    assert "more came after the last line" in text
    assert "+      < OK" in text


def test_the_module_must_answer_at_after_the_end(fake):
    assert "AT is not answered" in fails(fake, "> AT+DATA=90\n< OK\n< >\n")


def test_a_failure_shows_a_diff_and_the_bytes(fake):
    text = fails(fake, "# Title\n> AT+ECHO=1\n< +ECHO:2\n< OK\n")
    assert "sample.at:3: another line came" in text
    assert "-    3 < +ECHO:2" in text
    assert "+      < +ECHO:1" in text
    assert "> AT+ECHO=1\\r\\n" in text


def test_an_answer_that_does_not_come_is_a_failure(fake):
    assert "nothing more came in time" in fails(fake, ">> AT\n< OK\n")


def test_the_echo_is_on_again_after_a_restart(fake):
    play(fake, "> AT+RST\n< OK\n< ready\n> ATE0\n< ATE0\n< OK\n> AT\n< OK\n")
    play(fake, "> AT+RST\n< OK\n< ready\n")


def test_acts_reach_the_world(fake):
    assert play(fake, "! gpio 12 1\n! pause 5\n> AT\n< OK\n") == ["gpio 12 1"]


def test_accept_rewrites_only_what_differs(fake, tmp_path):
    text = "# T\n> AT+ECHO=1\n< old\n\n> AT+DATA=2\n< OK\n< >\n>> hi\n</.DATA.*/\n< OK\n"
    new = play(fake, text, accept=True, tmp_path=tmp_path)
    assert new == text.replace("< old\n", "< +ECHO:1\n< OK\n")
    assert play(fake, new, accept=True, tmp_path=tmp_path) == new


def test_accept_of_an_exact_file_keeps_blank_lines(fake, tmp_path):
    text = "exact\n> AT+DATA=1\n<< x\n>> z\n< x\n"
    new = play(fake, text, accept=True, tmp_path=tmp_path)
    assert new == "exact\n> AT+DATA=1\n<\n< OK\n<\n<< >\n>> z\n< +DATA:z\n< OK\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no steps"),
        ("hello\n> AT\n", "unknown header"),
        ("> AT\nhello\n", "not a step"),
        (">AT\n", "a space must follow"),
        ("</abc\n", "last slash"),
        ("</(/\n", "unterminated"),
        ("~ soon\n", "milliseconds"),
        ("<\n", "exact"),
        (">> \\q\n", "unknown escape"),
        (">> a\\\n", "lone backslash"),
        ("< {a:(}\n", "unterminated"),
    ],
)
def test_mistakes_in_a_file_are_named(text, message):
    with pytest.raises(grammar.TranscriptError, match=message):
        grammar.parse(text, Path("x.at"), "x")


def test_needs_are_compared_with_what_the_bench_offers():
    script = grammar.parse("needs: wifi host\n! gpio 1 1\n! pause 5\n", Path("x"), "x")
    assert missing_needs(script, ["wifi"]) == ["host", "sim"]
    assert missing_needs(script, ["wifi", "host", "sim"]) == []


@pytest.mark.parametrize(
    ("line", "need"),
    [
        ('AT+SYSMFG=0,"client_ca"', ["data"]),
        ('AT+SYSMFG=2,"mqtt_key","mqtt_key",8,5', ["data"]),
        ("AT+SYSMFG=0", ["data"]),
        ('AT+SYSMFG=2,"test","u8",1,255', []),
        ('AT+SYSMFG=1,"client_ca"', []),
        ('AT+SYSFLASH=0,"fatfs",0,4096', ["data"]),
        ('AT+SYSFLASH=2,"fatfs",0,16', []),
        ('AT+FS=0,1,"file",0,5', ["data"]),
        ('AT+FS=0,4,"."', []),
        ("AT+USEROTA=32", ["sim"]),
        ("AT+CIUPDATE", ["sim"]),
        ("AT+CIUPDATE=?", []),
        ("AT+SYSROLLBACK", ["sim"]),
    ],
)
def test_what_a_module_would_lose_for_good_is_a_need(tmp_path, line, need):
    path = tmp_path / "file.at"
    path.write_text(f"# Title\n> {line}\n< OK\n")
    assert missing_needs(grammar.load(path, "file"), []) == need


def test_the_recorder_notes_forms_results_and_codes(fake, tmp_path):
    notes = tmp_path / "notes"
    recorder = seen.Recorder(notes)
    play(fake, "> AT+ECHO=1\n< +ECHO:1\n< OK\n", observer=recorder)
    play(fake, "> AT+NO?\n< ERR CODE:0x01090000\n< ERROR\n", observer=recorder)
    # a payload's end is not the beginning of the next line
    recorder.sent(b"x: y")
    recorder.sent(b"AT+LATER?\r\n")
    recorder.received(b"\r\nOK\r\n")
    recorder.flush("test")
    record = seen.read(notes)
    assert record.ran("+LATER", "query")
    assert record.ran("+ECHO", "set")
    assert record.ran("", "execute")
    assert record.ran("E0", "execute")
    assert not record.ran("+NO", "query")
    assert record.runs["+NO", "query", "ERROR"] == 1
    assert record.subs == {0x09}
    assert record.tests == {"test"}
    seen.summarize(record, tmp_path / "out.json")
    assert '"AT+NO"' in (tmp_path / "out.json").read_text()


def test_data_may_come_in_any_pieces(fake):
    play(fake, "> AT+RAW=+IPD,2:ab+IPD,1:c+IPD,1:d\n< OK\n<: +IPD,#:abcd\n")
    assert "another line came" in fails(fake, "> AT+ECHO=1\n<: +IPD,#:abcd\n")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("+IPD,2:ab+IPD,1:x", "other data came"),
        ("+IPD,4:abcd", "more data came"),
        ("+IPD,2:ab", "nothing more came in time"),
        ("+IPD,0:+IPD,3:abc", "more data came"),
    ],
)
def test_pieces_are_checked_to_the_byte(fake, said, problem):
    assert problem in fails(fake, f"> AT+RAW={said}\n< OK\n<: +IPD,#:abc\n")


def test_pieces_need_a_length_and_data():
    with pytest.raises(grammar.TranscriptError, match="with # for the length"):
        grammar.parse("> AT\n<: +IPD,4:data\n", Path("x.at"), "x")


def test_a_line_may_be_filled_up_to_a_length(fake):
    play(
        fake,
        "> AT+DATA=20\n< OK\n< >\n>> http://{host}?{upto:20}\n"
        "<< +DATA:http://\\x61?01234567890\n< OK\n",
        variables={"host": "a"},
    )


def test_lines_that_may_come_are_passed_over(fake):
    text = "> AT+ECHO=7\n< OK\n"
    assert "another line came" in fails(fake, text)
    play(fake, "may: \\+ECHO:\\d\n" + text)
    play(
        fake, "may: \\+ECHO:\\d\n> AT+ECHO=7\n< +ECHO:7\n< OK\n"
    )  # where it is expected it counts
    with pytest.raises(grammar.TranscriptError, match=r"x\.at:1"):
        grammar.parse("may: (\n> AT\n", Path("x.at"), "x")


def test_time_on_the_line_is_not_counted(fake):
    with Module(fake.port, baud=9600, timeout_s=1.0) as module:
        end = module.deadline(0.0)
        assert end.left <= 0
        module.received += 9600
        assert 9 < end.left <= 10
