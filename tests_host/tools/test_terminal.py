"""tools/terminal.py: what is typed reaches the module, what it says is shown and logged."""

import re
import subprocess
import sys

import pytest
from rich.console import Console

from pins import ROOT
from tools.image import monitor
from tools.term import colon, session
from tools.term.link import Link, TerminalError, open_port
from tools.term.view import View, readable

SCRIPT = ROOT / "tools/terminal.py"


def run(url, text, *options):
    """Feed a session with lines and return what it printed and its complaints."""
    command = [sys.executable, SCRIPT, str(url), *options]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def link(simulate):
    """Return the port of a module with its echo off."""
    simulator = simulate()
    with simulator.module() as module:
        module.echo_off()
    return simulator.link


def test_lines_go_out_and_answers_are_shown(link):
    out, _ = run(link, "AT\nAT+SYSSTORE=?\n")
    assert out.split() == ["OK", "+SYSSTORE:(0,1)", "OK"]


def test_times_stand_before_each_line(link):
    out, _ = run(link, "AT\n", "--times")
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3} OK$", out, re.MULTILINE)


def test_hex_view(link):
    out, _ = run(link, "AT\n", "--hex")
    assert re.search(r"^0d 0a 4f 4b 0d 0a +\.\.OK\.\.$", out, re.MULTILINE)


def test_file_is_sent_after_the_prompt(link, tmp_path):
    file = tmp_path / "data.bin"
    file.write_bytes(bytes(range(256)) * 8)
    lines = ["AT+USERRAM=1,4096", f":send {file} AT+USERRAM=2,{{size}}", "AT+USERRAM?"]
    out, err = run(link, "\n".join(lines) + "\n")
    assert "WRITE OK" in out
    assert f"2048 bytes of {file} sent" in out
    assert err == ""


def test_file_is_not_sent_without_a_prompt(link, tmp_path, monkeypatch):
    monkeypatch.setattr(colon, "_PROMPT_S", 0.2)
    file = tmp_path / "data.bin"
    file.write_bytes(b"AT+RST\r\n")
    with Link(open_port(str(link), 115200, False), View(Console(quiet=True)), b"\r\n") as port:
        with pytest.raises(TerminalError, match="nothing was sent"):
            colon.run(port, f":send {file} AT+NOSUCH={{size}}")


def test_bytes_without_line_end(link):
    out, _ = run(link, ":raw A\n:raw T\\x0d\\n\n")
    assert out.split() == ["OK"]


def test_log_has_both_directions_in_whole_lines(link, tmp_path):
    log = tmp_path / "log"
    run(link, "AT\nAT+SYSSTORE?\n", "--log", str(log))
    lines = [line.split(" ", 1)[1] for line in log.read_text().splitlines()]
    assert lines == [
        r"> AT\r\n",
        r"< \r\n",
        r"< OK\r\n",
        r"> AT+SYSSTORE?\r\n",
        r"< +SYSSTORE:1\r\n",
        r"< \r\n",
        r"< OK\r\n",
    ]


def test_half_a_line_in_the_log_stands_before_what_came_after_it(tmp_path):
    view = View(Console(quiet=True))
    view.log_to(tmp_path / "log")
    view.received(b"\r\n")
    view.received(b">")
    view.sent(b"data")
    view.received(b"\r\nSEND ")
    view.received(b"OK\r\n")
    view.close()
    lines = [line.split(" ", 1)[1] for line in (tmp_path / "log").read_text().splitlines()]
    assert lines == [r"< \r\n", "< >", "> data", r"< \r\n", r"< SEND OK\r\n"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (":nosuch", "there is no :nosuch"),
        (":baud fast", "'fast' is no rate"),
        (":send /no/such/file", "cannot read the file"),
        (":raw \\x1", "no such escape"),
        (":log /no/such/folder/log", "cannot write the log"),
    ],
)
def test_mistake_is_reported_and_the_session_goes_on(link, line, complaint):
    out, err = run(link, f"{line}\nAT\n")
    assert complaint in err
    assert "OK" in out


def test_help_lists_every_command(link):
    out, _ = run(link, ":help\n")
    assert [line.split()[0] for line in out.splitlines()] == [
        f":{name}" for name in colon.COMMANDS
    ]


def test_quit_ends_it(link):
    out, _ = run(link, ":quit\nAT\n")
    assert "OK" not in out


def test_port_that_is_not_there():
    done = subprocess.run(
        [sys.executable, SCRIPT, "/dev/no-such-port"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot open /dev/no-such-port")


def test_port_that_goes_away(simulate):
    simulator = simulate()
    process = subprocess.Popen(
        [sys.executable, SCRIPT, str(simulator.link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        process.stdin.write("AT\n")
        process.stdin.flush()
        while "OK" not in process.stdout.readline():
            pass
        simulator.stop()
        _, err = process.communicate("AT\n" * 3, timeout=300)
    assert process.returncode == 1
    assert "error: the port went away" in err


def test_monitor_is_the_terminal_with_times(monkeypatch):
    calls = []
    monkeypatch.setattr(session, "main", lambda words: calls.append(words) or 0)
    assert monitor.main(["/dev/ttyX", "--reset"]) == 0
    words = "/dev/ttyX --baud 115200 --times --enter cr --no-results --reset"
    assert calls == [words.split()]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        (b"\x1b[2J", "<1b>[2J"),
        (b"\x00\x7f", "<00><7f>"),
        ("Müller".encode(), "Müller"),
        (b"\xff\xfe", "<ff><fe>"),
    ],
)
def test_no_byte_is_lost_or_acted_upon(data, text):
    assert readable(data) == text


def test_an_echo_of_what_stands_there_is_left_out(capsys):
    view = View(Console(highlight=False))
    view.expect_echo("AT")
    view.received(b"AT\r\n\r\nOK\r\nAT\r\n")
    assert capsys.readouterr().out == "\nOK\nAT\n"
    view.expect_echo("AT")
    view.received(b"+IPD,1:x\r\nAT\r\n")
    assert capsys.readouterr().out == "+IPD,1:x\nAT\n"


def test_results_are_not_awaited_where_there_are_none(fake):
    out, _ = run(fake.port, "1+1\n2+2\n", "--no-results")
    assert "ERROR" in out  # of the AT module that it is after all
