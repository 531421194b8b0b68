"""The terminal as a person has it, in a pseudo-terminal: keys in, screen out."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pyte
import pytest

from pins import ROOT

SCRIPT = ROOT / "tools/terminal.py"
SHOTS = ROOT / "build/screenshots"
_LIMIT_S = 60.0
_COLUMNS, _LINES = 100, 40


class Person:
    """Somebody at a terminal of 100 x 40 characters."""

    def __init__(self, folder, *words):
        self.master, slave = pty.openpty()
        self._screen = pyte.Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self._screen)
        environment = {
            **os.environ,
            "TERM": "xterm",
            "COLUMNS": str(_COLUMNS),
            "LINES": str(_LINES),
            "AT_HISTORY": str(folder / "history"),
        }
        self.process = subprocess.Popen(
            [sys.executable, SCRIPT, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def text(self):
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def sees(self, text, times=1):
        """Wait until the screen shows a text, so many times."""
        until = time.monotonic() + _LIMIT_S
        while self.text().count(text) < times:
            assert time.monotonic() < until, f"no {text!r} on\n{self.text()}"
            self._look()

    def _look(self):
        if select.select([self.master], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):  # the other end is gone
                data = os.read(self.master, 65536)
                if b"\x1b[6n" in data:  # where is the cursor?
                    at = self._screen.cursor
                    os.write(self.master, f"\x1b[{at.y + 1};{at.x + 1}R".encode())
                self._stream.feed(data)

    def leaves(self):
        """Wait for the end of the program; return its exit status."""
        until = time.monotonic() + _LIMIT_S
        while self.process.poll() is None and time.monotonic() < until:
            self._look()
        return self.process.wait(1)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.leaves()
        os.close(self.master)


@pytest.fixture
def sit(tmp_path):
    """Return a function that puts a person in front of the terminal."""
    people = []

    def start(*words):
        people.append(Person(tmp_path, *map(str, words)))
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


def test_the_reason_of_an_error_stands_beneath_it(person):
    person.type("AT+SYSSTORE=2\r")
    person.sees("(store_mode must be one of (0, 1))")
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
