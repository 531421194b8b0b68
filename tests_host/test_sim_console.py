"""`make run`: tools/console.py with a pipe and on a terminal."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pins import ROOT

CONSOLE = ROOT / "tools/console.py"
FOLDER = ROOT / "build/run"


@pytest.fixture(autouse=True)
def no_state_of_before():
    shutil.rmtree(FOLDER, ignore_errors=True)


def run(lines, **options):
    """Run the console with these lines on stdin."""
    return subprocess.run(
        [sys.executable, CONSOLE],
        input=lines,
        capture_output=True,
        timeout=120,
        check=False,
        **options,
    )


def test_each_line_is_a_command_and_everything_is_printed():
    done = run(b"AT\nAT+GMR\nAT+NOPE\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\r\nready\r\nAT\r\n\r\nOK\r\nAT+GMR\r\nAT version:3.4.0.0(")
    assert done.stdout.endswith(b"\r\n\r\nOK\r\nAT+NOPE\r\n\r\nERROR\r\n")


@pytest.mark.parametrize("lines", [b"AT", b"AT\r\n", b"ATE0\nAT\r\nAT\n"])
def test_line_ends_do_not_matter(lines):
    done = run(lines)
    assert done.returncode == 0
    assert done.stdout.endswith(b"\r\nOK\r\n")
    assert b"ERROR" not in done.stdout


def test_no_input_at_all():
    done = run(b"")
    assert (done.returncode, done.stdout) == (0, b"\r\nready\r\n")


def test_after_a_restart_the_next_command_waits_for_ready():
    done = run(b"ATE0\nAT+RST\nATE0\nAT+GSLP=200\nAT+RESTORE\nAT\n")
    assert done.returncode == 0
    words = re.findall(rb"ready|OK|ERROR", done.stdout)
    assert words == [
        b"ready",
        b"OK",
        b"OK",
        b"ready",
        b"OK",
        b"OK",
        b"ready",
        b"OK",
        b"ready",
        b"OK",
    ]


def test_a_line_after_the_prompt_is_data():
    done = run(b'ATE0\nAT+SYSMFG=2,"n","k",8,5\nhello\nAT+SYSMFG=1,"n","k"\n')
    assert done.returncode == 0
    assert b'+SYSMFG:"n","k",8,5,hello\r\n\r\nOK\r\n' in done.stdout
    assert b"busy" not in done.stdout


def test_data_may_go_over_several_lines():
    done = run(b'ATE0\nAT+SYSMFG=2,"n","k",8,12\nhello\nworld\nAT+SYSMFG=1,"n","k"\n')
    assert b'+SYSMFG:"n","k",8,12,hello\r\nworld\r\n\r\nOK\r\n' in done.stdout


def test_what_is_kept_is_there_next_time():
    run(b"AT+SYSMSG=3\n")
    assert b"+SYSMSG:3\r\n" in run(b"AT+SYSMSG?\n").stdout


def test_it_runs_beside_another_module(simulate):
    with simulate().module() as module:
        assert run(b"AT\n").returncode == 0
        module.ok("AT")


def test_a_second_one_says_why_not():
    with subprocess.Popen(
        [sys.executable, CONSOLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        while b"ready" not in first.stdout.readline():
            pass
        done = run(b"AT\n")
        assert done.returncode == 1
        assert b"build/run" in done.stderr and b"another simulated module" in done.stderr
        first.stdin.close()
        assert first.wait(20) == 0


def test_a_crash_of_the_firmware_is_a_failure(tmp_path):
    app = tmp_path / "app.py"
    app.write_text(
        "import atlink\n"
        "uart = atlink.UART(1, 17, 21, 20, 19)\n"
        "uart.write(b'\\r\\nready\\r\\n')\n"
        "uart.listen()\n"
        "while not uart.poll():\n"
        "    atlink.wait(1000, 1)\n"
        "raise RuntimeError('out of order')\n"
    )
    done = run(b"AT\nAT\n", env={**os.environ, "ATSIM_APP": str(app)})
    assert done.returncode == 1
    assert b"the firmware crashed" in done.stderr
    assert "out of order" in (FOLDER / "uart0.log").read_text()


def test_nothing_is_left_running():
    run(b"AT\n")
    assert not (FOLDER / "tty").is_symlink()
    assert not (FOLDER / "control.sock").exists()


def test_a_killed_console_takes_its_module_along():
    with subprocess.Popen(
        [sys.executable, CONSOLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as console:
        while b"ready" not in console.stdout.readline():
            pass
        console.kill()
    until = time.monotonic() + 20
    while (FOLDER / "tty").is_symlink():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert run(b"AT\n").returncode == 0


# On a terminal.


class Terminal:
    """The console on a pty, as a person has it."""

    def __init__(self):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, CONSOLE],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def expect(self, text):
        until = time.monotonic() + 60
        while text not in self.seen:
            assert select.select([self.master], [], [], until - time.monotonic())[0], self.seen
            self.seen += os.read(self.master, 4096)
        self.seen = self.seen.partition(text)[2]

    def type(self, keys):
        os.write(self.master, keys)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        os.close(self.master)


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_enter_sends_the_command_and_ctrl_bracket_quits(terminal):
    terminal.expect(b"Ctrl-] quits")
    terminal.expect(b"\r\nready\r\n")
    terminal.type(b"AT\r")
    terminal.expect(b"AT\r\n\r\nOK\r\n")
    terminal.type(b"AT+SY")
    terminal.expect(b"AT+SY")  # the echo comes with each key
    terminal.type(b"SMSG?\r")
    terminal.expect(b"+SYSMSG:0\r\n\r\nOK\r\n")
    terminal.type(b"\x1d")
    assert terminal.process.wait(20) == 0


def test_the_terminal_is_told_when_the_simulator_ends(terminal):
    terminal.expect(b"\r\nready\r\n")
    with open(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}/children") as file:
        os.kill(int(file.read().split()[0]), signal.SIGKILL)
    terminal.expect(b"the simulator has ended")
    assert terminal.process.wait(20) == 1
