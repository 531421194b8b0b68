"""tools/atsim as a program: its one line of output, its files, its locks, its end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tools.host.atclient import Module
from tools.host.simprocess import ATSIM, Simulator


def command(folder, *options):
    words = [
        "--link",
        folder / "tty",
        "--state",
        folder / "flash",
        "--control",
        folder / "control",
    ]
    return [str(word) for word in (sys.executable, ATSIM, *words, *options)]


def run(folder, *options):
    """Run atsim to its end, which is expected to come by itself."""
    return subprocess.run(
        command(folder, *options), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def start(tmp_path):
    """Return a function that starts atsim and waits for its line of output."""
    running = []

    def begin(*options, folder=tmp_path):
        folder.mkdir(exist_ok=True)
        process = subprocess.Popen(
            command(folder, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        running.append(process)
        assert process.stdout.readline() == f"UART1 ready: {folder / 'tty'}\n"
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@contextmanager
def hangup_is(handler):
    """Let what is started meanwhile begin with that for SIGHUP."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(start, tmp_path, number):
    with hangup_is(signal.SIG_DFL):  # nohup may have started the tests
        process = start("--log", str(tmp_path / "log"))
    assert os.readlink(tmp_path / "tty").startswith("/dev/pts/")
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert output == ""
    assert "Traceback" not in errors
    assert not (tmp_path / "tty").is_symlink()
    assert not (tmp_path / "control").exists()
    assert f"ended by {signal.Signals(number).name}" in (tmp_path / "log").read_text()


def test_nohup_is_obeyed(start, tmp_path):
    with hangup_is(signal.SIG_IGN):
        process = start()
    process.send_signal(signal.SIGHUP)
    with Module(str(tmp_path / "tty")) as module:
        module.ok("AT")


def test_who_waits_for_it_is_told_how_it_ended(simulate):
    simulator = simulate()
    assert simulator.how_it_ended(0.1) == ""
    os.kill(simulator.pid, signal.SIGTERM)
    end = simulator.how_it_ended()
    assert "with status 0" in end
    assert "ended by SIGTERM" in end


def test_the_line_of_output_comes_once(start, tmp_path):
    process = start()
    with Module(str(tmp_path / "tty")) as module:
        module.ok("AT+RST")
        module.wait_ready()
    process.terminate()
    assert process.communicate(timeout=20)[0] == ""


def test_nothing_is_left_of_a_killed_one(start, tmp_path):
    process = start()
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(children, encoding="ascii") as file:
        firmware = file.read().split()
    assert len(firmware) == 1
    process.kill()
    process.wait()
    until = time.monotonic() + 10
    while os.path.exists(f"/proc/{firmware[0]}/exe"):
        assert time.monotonic() < until, "the firmware outlived its supervisor"
        time.sleep(0.01)
    assert (tmp_path / "tty").is_symlink()
    start()
    with Module(str(tmp_path / "tty")) as module:
        module.ok("AT")


def test_two_at_once(simulate):
    first, second = simulate("first"), simulate("second")
    with first.module() as one, second.module() as two:
        one.ok("AT+SYSMSG=1")
        two.ok("AT+SYSMSG=2")
        assert one.command("AT+SYSMSG?").lines[-1] == "+SYSMSG:1"
        assert two.command("AT+SYSMSG?").lines[-1] == "+SYSMSG:2"
    assert first.act("status")["mac"] != second.act("status")["mac"]


@pytest.mark.parametrize(
    ("option", "path"), [("--state", "flash"), ("--link", "tty"), ("--control", "control")]
)
def test_what_another_one_uses_is_refused_by_name(start, tmp_path, option, path):
    start()
    done = run(tmp_path / "other", option, str(tmp_path / path))
    assert done.returncode == 1
    assert str(tmp_path / path) in done.stderr
    assert option in done.stderr
    with Module(str(tmp_path / "tty")) as module:
        module.ok("AT")


@pytest.mark.parametrize("name", ["tty", "control"])
def test_a_file_in_the_way_is_left_alone(tmp_path, name):
    (tmp_path / name).write_text("precious")
    done = run(tmp_path)
    assert done.returncode == 1
    assert str(tmp_path / name) in done.stderr
    assert (tmp_path / name).read_text() == "precious"


@pytest.mark.parametrize(
    "options",
    [("--bits", "16"), ("--tcp", "7000"), ("--tcp", "host:port"), ("--heap", "much"), ("--nope",)],
)
def test_wrong_options_are_refused(tmp_path, options):
    done = run(tmp_path, *options)
    assert done.returncode == 2
    assert options[0] in done.stderr


def test_an_occupied_tcp_port_is_named(tmp_path, simulate):
    address = simulate("first", options=("--tcp", "127.0.0.1:0")).act("status")["tcp"]
    done = run(tmp_path / "second", "--tcp", address)
    assert done.returncode == 1
    assert address in done.stderr


def test_flash_survives_until_it_is_erased(simulate):
    with simulate() as simulator, simulator.module() as module:
        module.ok("AT+SYSMSG=3")
    for erase, expected in ((False, "+SYSMSG:3"), (True, "+SYSMSG:0")):
        with simulate(erase=erase) as simulator, simulator.module() as module:
            assert module.command("AT+SYSMSG?").lines[-1] == expected


FREE = """\
import gc
from at.command import command

FREE = command("+FREE", "Bytes of the GC heap that are free after a collection")


@FREE.query
def free_query(at):
    gc.collect()
    at.reply(gc.mem_free())
"""


def test_the_heap_is_what_the_option_says(simulate, tmp_path):
    (tmp_path / "user").mkdir()
    (tmp_path / "user/free.py").write_text(FREE)
    free = []
    for heap in ("300k", "400k"):
        options = ("--heap", heap, "--user", str(tmp_path / "user"))
        with simulate(options=options) as simulator, simulator.module() as module:
            free.append(int(module.ok("AT+FREE?")[-1].partition(":")[2]))
    assert 60_000 < free[1] - free[0] < 110_000


def test_32_bits(simulate):
    with simulate(bits=32) as simulator, simulator.module() as module:
        module.ok("AT+GMR")


def test_help_names_every_option_and_who_knows_the_acts():
    text = subprocess.run([ATSIM, "--help"], capture_output=True, text=True, check=True).stdout
    words = (
        *("--link", "--tcp", "--state", "--world", "--bits", "--heap", "--baud-timing", "--slow"),
        *("--log", "--control", "--erase", "--sanitize", "--boot-ms", "--user"),
    )
    for word in (*words, "tools/world --help"):  # test_world_tool.py has what that says
        assert word in text


@pytest.fixture
def broken(tmp_path):
    """Return a simulator whose firmware crashes at each start."""
    app = tmp_path / "app.py"
    app.write_text("raise RuntimeError('no way')\n")
    return Simulator(tmp_path / "module", environment={"ATSIM_APP": str(app)})


def test_a_firmware_that_never_gets_ready_is_reported(broken):
    with pytest.raises(Exception, match="did not say"):
        broken.start(timeout_s=10)
    assert "the firmware crashed (exit status 1)" in broken.log_text()
    assert "no way" in broken.log_text()


def test_measuring_tools_can_be_put_in_front_of_the_firmware(simulate):
    wrap = "sh -c 'echo wrapped; exec \"$@\"' sh"
    with simulate(environment={"ATSIM_WRAP": wrap}) as simulator, simulator.module() as module:
        module.ok("AT+RST")
        module.wait_ready()
    assert simulator.log_text().count("wrapped") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--heap", "5"), "'5' is not between 16k and 64m"),
        (("--heap", "900m"), "'900m' is not between 16k and 64m"),
        (("--heap", "99999999999k"), "is not a size like 96k"),
        (("--boot-ms", "-1"), "is not a number from 0 to 60000"),
        (("--user", "/nonexistent"), "'/nonexistent' is not a folder"),
        (("--state", "/dev/null/x"), "atsim: "),
        (("--log", "/dev/null/x/log"), "atsim: "),
        (("--link", "/proc/x/tty"), "atsim: "),
        (("--control", "/dev/null/x/control"), "atsim: "),
        (("--control", "/tmp/" + "x" * 200), "atsim: "),
        (("--tcp", "no.such.host.invalid:80"), "atsim: --tcp no.such.host.invalid:80: "),
        (("--tcp", "127.0.0.1:99999"), "is not HOST:PORT"),
    ],
)
def test_impossible_values_end_in_a_sentence(tmp_path, words, told):
    given = {"--state": tmp_path / "f", "--link": tmp_path / "t", "--control": tmp_path / "c"}
    given |= {"--log": tmp_path / "log"}
    given |= dict([words])
    command = [str(word) for pair in given.items() for word in pair]
    done = subprocess.run([ATSIM, *command], capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_firmware_that_never_comes_up_ends_it(broken):
    with pytest.raises(Exception, match="the firmware does not come up: 6 crashes"):
        broken.start(timeout_s=60)


def test_a_restart_takes_about_as_long_as_a_chip(simulate):
    """A host that throws away what came behind OK still hears ready."""
    simulator = simulate(options=("--boot-ms", "1200"))
    with simulator.module() as module:
        module.echo_off()
        module.ok("AT+RST")
        module.expect_silence(300)
        module.wait_ready()
        module.echo_off()
        simulator.act("power_cycle")
        module.write(b"AT\r\n")  # nobody hears it
        module.expect_silence(300)
        module.wait_ready()
        module.quiet(100)
        module.echo_off()
