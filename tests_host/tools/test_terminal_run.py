"""`make run` from a pipe: the terminal that boots a simulated module of its own."""

import os
import re
import subprocess
import sys
import time

import pytest

from pins import ROOT

TERMINAL = ROOT / "tools/terminal.py"


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """Keep the module of this test out of build/run, where others run at the same time."""
    own.clear()
    names = {"link": "tty", "state": "flash", "control": "control.sock", "log": "uart0.log"}
    own.extend(("--", *(f"--{key}={tmp_path / name}" for key, name in names.items())))
    return tmp_path


own = []  # the module's options


def run(lines, *words, **options):
    """Run the terminal with these lines on stdin."""
    return subprocess.run(
        [sys.executable, TERMINAL, *words, *own],
        input=lines,
        capture_output=True,
        timeout=300,
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


def test_the_first_error_can_be_the_end():
    done = run(b"ATE0\nAT+NOPE\nAT+GMR\n", "--stop-on-error")
    assert done.returncode == 1
    assert done.stdout.endswith(b"\r\nERROR\r\n")
    assert b"stopped at the first error" in done.stderr
    assert run(b"AT\n", "--stop-on-error").returncode == 0


def test_lines_for_the_terminal_change_the_world():
    done = run(b'ATE0\nAT+CWMODE=1\n:world ap_down espressif\nAT+CWLAP="espressif"\n:world x\n')
    assert done.returncode == 0
    assert b"done\n" in done.stdout
    assert b"+CWLAP" not in done.stdout
    assert b"there is no act 'x'" in done.stderr


def test_options_of_the_simulator_stand_behind_two_dashes(folder):
    assert run(b"AT\n").returncode == 0
    assert (folder / "flash/flash.img").exists()


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
        [sys.executable, TERMINAL, *own], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        while b"ready" not in first.stdout.readline():
            pass
        done = run(b"AT\n")
        assert done.returncode == 1
        assert b"another simulated module" in done.stderr
        first.stdin.close()
        assert first.wait(200) == 0


def test_a_crash_of_the_firmware_is_a_failure(folder, tmp_path):
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
    assert "out of order" in (folder / "uart0.log").read_text()


def test_nothing_is_left_running(folder):
    run(b"AT\n")
    assert not (folder / "tty").is_symlink()
    assert not (folder / "control.sock").exists()


def test_a_killed_terminal_takes_its_module_along(folder):
    with subprocess.Popen(
        [sys.executable, TERMINAL, *own], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as terminal:
        while b"ready" not in terminal.stdout.readline():
            pass
        terminal.kill()
    until = time.monotonic() + 200
    while (folder / "tty").is_symlink():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert run(b"AT\n").returncode == 0
