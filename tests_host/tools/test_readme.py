"""The README keeps its word: its first session, its modem and its new command are tried."""

import re
import shutil
import subprocess
import sys

import pytest

import system
from pins import ROOT
from tools.host.atclient import Module
from tools.host.simprocess import Simulator
from tools.transcript import grammar
from tools.transcript.player import Player

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
_CHANGES = re.compile(r"[A-Z][a-z]{2} [ \d]\d 20\d\d \d\d:\d\d:\d\d")  # a build's time
_LAMP = """
from at.command import command


class lamp:
    period = 0

    def blink(period):
        lamp.period = period


"""


def block(kind, start):
    """Return the block of this kind that begins so."""
    return next(text for found, text in BLOCKS if found == kind and text.startswith(start))


@pytest.fixture
def simulator(tmp_path):
    simulator = Simulator(tmp_path, options=("--tcp", "127.0.0.1:0"))
    yield simulator
    simulator.stop()


def test_the_first_session_goes_as_printed(simulator):
    """The terminal leaves the echo of a line out: it stands there already."""
    session = block("", "ready\n> AT\n")
    simulator.start()
    with simulator.module() as module:
        module.quiet(50)  # "ready"
        for exchange in re.split(r"^> ", session, flags=re.MULTILINE)[1:]:
            line, _, answer = exchange.partition("\n")
            module.send(line)
            said = module.read_until(re.compile(rb"\r\n(OK|ERROR)\r\n")).decode()
            assert said.startswith(line + "\r\n")
            said = said.removeprefix(line + "\r\n")
            assert _CHANGES.sub("", said.replace("\r\n", "\n")) == _CHANGES.sub("", answer)


@pytest.mark.parametrize("way", ["pty", "tcp"])
def test_a_program_finds_the_modem_on_the_pty_and_on_tcp(simulator, way):
    simulator.start()
    text = block("python", "import serial")
    opened = re.search(r"modem = (serial\.Serial\((.*?), 115200, (.*?)\))\s+# or (.*)", text)
    assert opened
    if way == "pty":
        text = text.replace('"build/ttyAT"', repr(str(simulator.link)))
    else:
        port = simulator.act("status")["tcp"]
        text = text.replace(opened[1], f"serial.{opened[4]}".replace("127.0.0.1:2323", port))
        text = text.replace("socket://" + port + '")', "socket://" + port + '", timeout=1)')
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert "AT version:3.4.0.0(" in done.stdout, done.stderr


def test_two_programs_use_pty_and_tcp_of_one_module(simulator):
    simulator.start()
    port = simulator.act("status")["tcp"]
    with simulator.module() as there, Module(f"socket://{port}") as here:
        here.send("AT")
        here.read_until(b"\r\nOK\r\n")
        there.read_until(b"\r\nOK\r\n")


def test_the_new_command_works_as_printed(simulator):
    simulator.put_user_file("blink.py", _LAMP + block("python", "BLINK = command("))
    simulator.start()
    script = grammar.parse(block("", "# AT+BLINK"), ROOT / "README.md", "README")
    with simulator.module() as module:
        module.quiet(50)  # "ready"
        module.echo_off()
        Player(script, module, None, {}).play()


def test_a_second_start_needs_no_network(tmp_path):
    if not shutil.which("unshare"):
        pytest.skip("no unshare on this machine")
    alone = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody unplug a process from the network")
    talk = (
        "from tools.host.simprocess import Simulator as S\n"
        f"with S({str(tmp_path)!r}).start() as s, s.module() as m: print(m.ok('AT+GMR'))"
    )
    done = subprocess.run(
        [*alone, "sh", "-ec", 'make simulator; "$0" -c "$1"', sys.executable, talk],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "AT version:3.4.0.0(" in done.stdout
    assert "downloading" not in done.stdout + done.stderr


def test_the_line_for_apt_names_every_package():
    (line,) = [text for _, text in BLOCKS if text.startswith("sudo apt-get install ")]
    named = set(line.split()[3:])
    assert named == {
        package for words in system.PACKAGES.values() for package in words.split()
    } | {"git"}
