"""The terminal as a person has it, in a pseudo-terminal: keys in, screen out."""

import os
import pty
import select
import signal
import tty

import pytest

from pins import ROOT
from tests_host.tools.person import Person

SCRIPT = ROOT / "tools/terminal.py"
SHOTS = ROOT / "build/screenshots"


@pytest.fixture
def sit(tmp_path):
    """Return a function that puts a person in front of the terminal."""
    people = []

    def start(*words):
        people.append(Person(tmp_path, SCRIPT, *map(str, words)))
        return people[-1]

    yield start
    for person in people:
        person.close()


@pytest.fixture
def person(sit, simulate):
    """Return a person in front of a module."""
    someone = sit(simulate().link)
    someone.sees("Ctrl-] quits")
    return someone


def test_keys_edit_the_line_and_only_enter_sends_it(person):
    person.type("AT+GMX\x7fR\x1b[D\x1b[D\x1b[C")  # Backspace and arrows
    person.sees("> AT+GMR")
    assert "version" not in person.text()
    person.type("\r")
    person.sees("AT version:3.4.0.0(")
    person.sees("OK")
    assert person.text().count("AT+GMR") == 1  # the echo is not shown once more
    person.type("\x1d")
    assert person.leaves() == 0


def test_history_is_kept_on_disk(sit, simulate):
    link = simulate().link
    first = sit(link)
    first.sees("Ctrl-] quits")
    first.type("AT+SYSSTORE?\r")
    first.sees("+SYSSTORE:1")
    first.type("\x04")  # Ctrl-D leaves as well
    assert first.leaves() == 0
    second = sit(link)
    second.sees("Ctrl-] quits")
    second.type("\x1b[A\r")
    second.sees("+SYSSTORE:1")


def test_tab_completes_commands_values_and_colons(person):
    person.type("AT+SYSSTO\t")
    person.sees("AT+SYSSTORE=")
    person.type("1\r")
    person.sees("OK")
    person.type(":hel\t")
    person.sees("> :help")
    person.type(" AT+SYSSTO\t")
    person.sees(":help AT+SYSSTORE")
    person.type("\r")
    person.sees("AT+SYSSTORE=<store_mode>")


def test_keys_between_two_lines_are_not_lost_and_not_shown_twice(person):
    for _ in range(10):
        person.type("AT\r")
        for _ in range(4):  # some of them come while no line is edited
            person.type("AT\r")
        person.type(":hel\t")
        person.sees("> :help")
        person.type("\x15")  # Ctrl-U takes the line away
        person.sees_not("> :help")
        seen = person.text().splitlines()[:-1]  # the last one is the toolbar
        assert not [line for line in seen if line.startswith(":hel")]


def test_the_reason_of_an_error_stands_beneath_it(person):
    person.type("AT+SYSSTORE=2\r")
    person.sees("(store_mode must be 0 or 1)")
    person.type("AT+SYSLOG=1\r")
    person.sees("OK")
    person.type("AT+NOPE\r")
    person.sees("ERR CODE:0x01090000")
    person.type("AT\r")
    person.sees("OK", 2)
    assert "no command" not in person.text()  # the module said it itself


def test_pasted_lines_have_their_results_one_by_one(person):
    person.type("\x1b[200~AT+CWMODE=1\nAT+CWLAP\nAT+SYSSTORE?\n\x1b[201~\r")
    person.sees("+SYSSTORE:1")
    assert "busy" not in person.text()


def test_an_empty_line_has_no_result(person):
    person.type("\x1b[200~AT+CWMODE=1\n\nAT+SYSSTORE?\n\x1b[201~\r")
    person.sees("+SYSSTORE:1")
    person.type("\r")
    person.type("AT+GMR\r")
    person.sees("AT version:")


def test_lines_that_come_at_once_are_pasted_ones(person):
    """Terminals without bracketed paste type them."""
    person.type("AT+CWMODE=1\rAT+CWLAP\rAT+SYSSTORE?\r")
    person.sees("+SYSSTORE:1")
    assert "busy" not in person.text()


def test_ctrl_c_ends_the_wait_for_a_result(sit):
    far, near = pty.openpty()
    tty.setraw(near)
    someone = sit(os.ttyname(near))
    someone.sees("Ctrl-] quits", 2)
    someone.type("AT+ONE\rAT+TWO\r")
    wanted = b"AT+ONE\r\n"
    assert os.read(far, 100) == wanted  # and nobody answers
    someone.type("\x03")
    someone.sees("\n>", 2)
    someone.type("AT+THREE\r")
    assert select.select([far], [], [], 60)[0], "it waits for the result that was given up"
    assert os.read(far, 100) == b"AT+THREE\r\n"
    someone.type("\x03\x1d")
    assert someone.leaves() == 0
    os.close(far)
    os.close(near)


def test_data_mode_sends_exactly_what_is_typed(person):
    person.type('AT+SYSMFG=2,"n","k",8,5\r')
    person.sees("data, 5 more>")
    person.type("hel\r")
    person.sees("data, 2 more>")
    person.type("lo\r")
    person.sees("OK", 2)
    person.type('AT+SYSMFG=1,"n","k"\r')
    person.sees("8,5,hello")


def test_what_comes_while_one_types_stands_above_the_line(sit, simulate):
    simulator = simulate()
    someone = sit(simulator.link)
    someone.sees("Ctrl-] quits")
    someone.type('AT+CWMODE=1\rAT+CWJAP="guest"\r')
    someone.sees("WIFI GOT IP")
    someone.sees("OK", 2)
    someone.type("AT+HALF")
    someone.sees("> AT+HALF")
    simulator.act("ap_down guest")
    someone.sees("WIFI DISCONNECT")
    someone.type("X")
    someone.sees("> AT+HALFX")  # the line goes on beneath
    assert someone.text().index("WIFI DISCONNECT") < someone.text().index("> AT+HALFX")


def test_the_session_goes_on_when_the_port_comes_back(sit, simulate):
    simulator = simulate()
    someone = sit(simulator.link)
    someone.sees("Ctrl-] quits")
    simulator.stop()
    someone.sees("waiting for it to come back")
    someone.type("AT\r")
    someone.sees("nothing was sent")
    simulator.start()
    someone.sees("the port is back")
    someone.type("AT+SYSSTORE?\r")
    someone.sees("+SYSSTORE:1")


def test_make_run_greets_and_leaves_a_picture(sit, tmp_path):
    own = ("--link", tmp_path / "tty", "--state", tmp_path / "flash", "--log", tmp_path / "log")
    someone = sit("--", *own, "--control", tmp_path / "control")
    someone.sees('network   AT+CWJAP="espressif","1234567890"')
    someone.sees("this PC   127.0.0.1")
    someone.sees("ready")
    someone.type("AT+GMR\r")
    someone.sees("OK")
    someone.type("AT+SYSSTORE=2\r")
    someone.sees("(store_mode must be")
    someone.type('AT+CIPSTART="TCP","127.0.0.1",80\r')
    someone.sees("ERROR", 2)
    someone.sees("(", 4)  # what the module's log says of it
    someone.type(":world ap_down espressif\r")
    someone.sees("done")
    SHOTS.mkdir(parents=True, exist_ok=True)
    (SHOTS / "terminal.txt").write_text(someone.text() + "\n")
    someone.type(":quit\r")
    assert someone.leaves() == 0


def test_the_end_of_the_simulator_ends_the_session(sit, tmp_path):
    own = ("--link", tmp_path / "tty", "--state", tmp_path / "flash", "--log", tmp_path / "log")
    someone = sit("--", *own, "--control", tmp_path / "control")
    someone.sees("ready")
    with open(f"/proc/{someone.process.pid}/task/{someone.process.pid}/children") as file:
        os.kill(int(file.read().split()[0]), signal.SIGKILL)
    assert someone.leaves() == 1
