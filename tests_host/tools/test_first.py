"""Whatever of the README is the first thing done in a fresh clone, it works.

Each case has this tree without anything that was built, but for downloads. What a compiler made
of the same sources is taken over from this tree, without the programs: they have to be made.
Packages come from this tree's environment, except in two cases (quickpip.py). That all of it can
be made from nothing is shown by what runs these tests.
"""

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import firmware
from pins import ROOT
from tests_host.tools.refusals import NOT_INSTALLED, REFUSED

LIMIT_S = 1200
pytestmark = pytest.mark.timeout(LIMIT_S)
# Folders of build/, and what in them says that there is nothing to do.
COMPILED = {
    "mpy-cross": (),
    "rom": (),
    "sim/64": ("micropython", "fingerprint"),
    "sim/32": ("micropython", "fingerprint"),
    "sim/64-asan": ("micropython", "fingerprint"),
}
FLAVOURS = ((64, False), (32, False), (64, True))
# Settings name the folder, which is another one.
SETTLE = f"""
FLAVOURS = {FLAVOURS}
import sys
sys.path.insert(0, "tools/build")
import firmware
for flavour in FLAVOURS:
    folder = firmware.BUILD / "sim" / firmware.flavour(*flavour)
    (folder / "settings").write_text(firmware.wanted_settings(*flavour))
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a copy of the tree as git would give it, changes included."""
    for flavour in FLAVOURS:
        firmware.build(*flavour)
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    (folder / "build").mkdir()
    (folder / "build/deps").symlink_to(ROOT / "build/deps")
    for name in COMPILED:
        shutil.copytree(ROOT / "build" / name, folder / "build" / name)
    subprocess.run([sys.executable, "-c", SETTLE], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Return a Python environment without packages; its pip takes them from this one."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (folder / "complete").touch()
    source = Path(sysconfig.get_path("purelib"))
    packages = folder / source.relative_to(sys.prefix)
    stub = (ROOT / "tests_host/tools/quickpip.py").read_text().replace("@SOURCE@", str(source))
    (packages / "pip").mkdir()
    (packages / "pip/__main__.py").write_text(stub)
    return folder


@pytest.fixture
def fresh(clone):
    """Return the copy, with nothing built in it that Python could use."""
    kept = {"deps", *(name.partition("/")[0] for name in COMPILED)}
    for path in (clone / "build").iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for folder, made in COMPILED.items():
        for name in made:
            (clone / "build" / folder / name).unlink(missing_ok=True)
    return clone


@pytest.fixture
def empty(fresh, bare):
    """Return the copy with an environment that has no packages yet."""
    shutil.copytree(bare, fresh / "build/venv", symlinks=True)
    return fresh


def environment():
    """Return the environment of somebody at a terminal; bytecode of packages is not needed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PYTEST"))}
    return {**kept, "PIP_NO_COMPILE": "1"}


def run(fresh, *command, feed=""):
    """Run a command in the copy; return status and output."""
    done = subprocess.run(
        command,
        cwd=fresh,
        input=feed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        env=environment(),
    )
    assert "Traceback" not in done.stdout, done.stdout
    assert "No module named" not in done.stdout, done.stdout
    return done


@pytest.mark.parametrize(
    "command", [["tools/atsim", "--log", "build/log"], ["make", "sim"]], ids=str
)
def test_atsim(fresh, command):
    """The simulated module itself: it is built, boots, and answers."""
    process = subprocess.Popen(
        command,
        cwd=fresh,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("UART1 ready: "), process.communicate(timeout=LIMIT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=LIMIT_S)


@pytest.mark.parametrize("command", [["tools/terminal.py"], ["make", "run"]], ids=str)
def test_talking_to_it(empty, command):
    done = run(empty, *command, feed="AT\nAT+GMR\n")
    assert done.returncode == 0, done.stdout
    assert "AT version:" in done.stdout


TOOLS = ["tools/terminal.py", "tools/factory.py", "tools/atsim", "tools/world", "tools/sign.py"]


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_that_show_their_help(empty, tool):
    done = run(empty, tool, "--help")
    assert done.returncode == 0, done.stdout
    assert "usage: " in done.stdout


def test_factory_parameters(empty):
    done = run(empty, "make", "mfg")
    assert done.returncode == 0, done.stdout
    assert (empty / "build/mfg_nvs.bin").stat().st_size == 0x1C000


def test_the_reference(empty):
    page = empty / "docs/commands.md"
    before = page.read_text()
    done = run(empty, "make", "docs")
    assert done.returncode == 0, done.stdout
    assert page.read_text() == before


def test_conformance(empty):
    master, slave = pty.openpty()
    try:
        done = run(empty, "make", "conformance", "PORT=socket://127.0.0.1:9")
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode != 0
    assert "error: cannot open socket://127.0.0.1:9" in done.stdout


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("flash", "error: there is no image to flash: make firmware builds it"),
        ("monitor", "there is no port /dev/nowhere"),
        ("conformance", "there is no port /dev/nowhere"),
    ],
)
def test_what_cannot_work_installs_nothing(fresh, target, words):
    done = run(fresh, "make", target, "PORT=/dev/nowhere")
    assert done.returncode != 0
    assert words in done.stdout
    assert not (fresh / "build/venv").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["firmware"], "error: make firmware needs ESP-IDF"),
        (["emulate"], "error: esp-emu has no ESP32-S2"),
        (["emulate", "BOARD=ESP32_C3_MINI_AT"], "error: "),
    ],
    ids=str,
)
def test_what_the_chip_needs_is_said(empty, words, told):
    done = run(empty, "make", *words)
    assert done.returncode != 0
    assert told in done.stdout


def test_a_benchmark(empty):
    done = run(empty, "make", "bench", "KEYS=heap_size")
    assert done.returncode == 0, done.stdout
    assert "heap_size" in done.stdout


# The shortest form of what goes on for long, and words of its success.
SHORT = {
    "check": (["QUICK=firmware/test_wire", "CONVERSATIONS=basic_gmr"], "basic conversations"),
    "soak": (["SOAK_CYCLES=20", "SOAK_SLOW_BYTES=10000"], "soak_slow │"),
    "fuzz": (["FUZZ_SECONDS=1"], "0 failures"),
    "fuzzc": (["FUZZ_SECONDS=1"], "stat::number_of_executed_units"),
    "rehearsal": (["ARGS=--fast -- -- -k basic_gmr"], "1 passed"),
}


@pytest.mark.parametrize("target", SHORT)
def test_what_goes_on_for_long_begins(request, target):
    """What a soak says of the heaps after so few links is no judgement: it may be an error."""
    words, told = SHORT[target]
    # The linters of check are not among the packages of the tests.
    clone = request.getfixturevalue("fresh" if target == "check" else "empty")
    done = run(clone, "make", target, *words)
    if any(reason in done.stdout for reason in (*REFUSED, NOT_INSTALLED)):
        pytest.skip(done.stdout.strip())
    is_judged = target != "soak" or "not flat" not in done.stdout
    assert done.returncode == 0 or not is_judged, done.stdout[-3000:]
    assert told in done.stdout


# Targets that no case here starts, and why not.
ELSEWHERE = {
    "test": "it is what runs this file",
    "clean": "removes what is not there",
    "help": "test_every_target_of_the_readme_is_in_the_help",
}


def test_every_target_and_tool_is_started_here_or_it_is_said_why_not(fresh):
    targets = set(re.findall(r"^  make (\w+)", run(fresh, "make", "help").stdout, re.MULTILINE))
    text = Path(__file__).read_text()
    started = {*re.findall(r'"make", "(\w+)"', text), *SHORT}
    started |= {"flash", "monitor", "firmware", "emulate"}
    assert targets == started - {"foo"} | set(ELSEWHERE)
    tools = {f"tools/{path.name}" for path in (fresh / "tools").iterdir() if path.is_file()}
    assert tools == set(TOOLS)


def test_release_without_an_image(empty):
    done = run(empty, "make", "release")
    assert done.returncode != 0
    assert "make firmware comes first" in done.stdout


@pytest.mark.parametrize("command", [["make", "run"], ["make", "lint"], ["tools/atsim"]], ids=str)
def test_a_path_with_a_space_is_refused_at_once(tmp_path, command):
    folder = tmp_path / "my modules"
    shutil.copytree(ROOT / "tools", folder / "tools")
    shutil.copy2(ROOT / "Makefile", folder)
    done = run(folder, *command)
    assert done.returncode != 0
    assert "has a character that MicroPython's make cannot work with, a space" in done.stdout
    assert not (folder / "build").exists()


def test_a_target_that_is_not_there(fresh):
    done = run(fresh, "make", "foo")
    assert done.returncode != 0
    assert "there is no target 'foo'; make help lists those there are" in done.stdout


def test_every_target_of_the_readme_is_in_the_help(fresh):
    done = run(fresh, "make", "help")
    targets = set(re.findall(r"^  make (\w+)", done.stdout, re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", (fresh / "README.md").read_text())) <= targets


def test_lint(fresh):
    done = run(fresh, "make", "lint")
    assert done.returncode == 0, done.stdout[-3000:]
