"""The user guide: its conversations are played, its commands tried, its links followed."""

import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from pins import ROOT
from tests_device.rig import Rig, RigOptions
from tools.conformance import __main__ as conformance
from tools.params import cli as factory
from tools.simulator import options as atsim
from tools.term import session as terminal
from tools.transcript import grammar
from tools.transcript.player import Player

DOCS = ROOT / "docs"
GENERATED = {"commands.md"}
PAGES = sorted(path for path in DOCS.glob("*.md") if path.name not in GENERATED)
PAGES += [ROOT / "README.md", ROOT / "tests_device/README.md"]
PAGES += sorted((ROOT / "board").rglob("README.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")

# What the guide calls things, and what they are in the simulator's world.
STANDS_FOR = {
    '"home"': '"{ssid}"',
    "secret password": "{password}",
    "192.168.1.2": "{host}",
    ",7000": ",{echo}",
    ",7443": ",{tls}",
    "{host}:8000/hello.txt": "{host}:{web}/bytes/50",
    ",1883,": ",{mqtt},",
    '"1883"': '"{mqtt}"',
}
MAKE_NEEDS = {
    "PORT",
    "SSID",
    "PASSWORD",
    "VARIANT",
    "DOCKER",
    "MFG",
    "REFERENCE",
    "BAUD",
    "OVERWRITE",
}
# Programs of the system: only the syntax of the line is looked at.
FOREIGN = {
    *("export", "pip", "sha256sum", "shasum", "ls", "sudo", "git", "picocom", "printf", "pytest"),
    *(
        "mpremote",
        "cp",
        "cd",
        "mkdir",
        "socat",
        "openssl",
        "/usr/sbin/mosquitto",
        "python3",
        "wokwi-cli",
    ),
    *("build/venv/bin/python", "~/esptool/bin/pip", "~/esp/esp-idf/install.sh"),
}


def blocks(kind):
    """Return (id, text) of all blocks of a kind."""
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}:{number}")
        for page in PAGES
        for number, (found, text) in enumerate(BLOCK.findall(page.read_text()), 1)
        if found == kind
    ]


def lines(text):
    """Return the commands of a shell block, joined where a backslash ends a line."""
    joined = text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def rig(tmp_path_factory) -> Iterator[Rig]:
    """Return a bench with a simulated module and servers."""
    rig = Rig(RigOptions(), tmp_path_factory.mktemp("guide"))
    yield rig
    rig.end()


def transcript(text, path):
    """Return a conversation of the guide as a transcript."""
    for told, meant in STANDS_FOR.items():
        text = text.replace(told, meant)
    broker = " broker" if "{mqtt}" in text else ""
    out = ["# of the guide", "needs: wifi host" + broker]
    for line in text.splitlines():
        is_answer = line.startswith("<") and line != "< busy p..."
        out.append(line.replace("...", "{any:.*}") if is_answer else line)
    path.write_text("\n".join(out) + "\n")
    return grammar.load(path, path.stem)


@pytest.mark.parametrize("text", blocks("at"))
def test_conversation_goes_as_the_guide_says(text, rig, tmp_path):
    script = transcript(text, tmp_path / "guide.at")
    Player(script, rig.prepare(script), rig, rig.variables).play()


@pytest.mark.parametrize("text", blocks("sh"))
def test_shell_block_is_right(text, tmp_path):
    assert (
        subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True).returncode == 0
    )
    for line in lines(text):
        try_line(shlex.split(line.partition("|")[2] or line, comments=True), tmp_path)


def try_line(words, folder):
    """Try one command as far as it does no harm."""
    while "=" in words[0]:
        words = words[1:]
    name, rest = words[0], words[1:]
    if name == "make":
        try_make(rest)
    elif name == "tools/factory.py":
        given = factory._parser().parse_args(rest)
        factory._pairs(getattr(given, "pairs", []))
    elif name == "tools/terminal.py":
        terminal.arguments_of(rest)
    elif name == "tools/atsim":
        atsim.parse(rest)
    elif name == "esptool":
        try_esptool(rest, folder)
    elif name == "tools/build/firmware.py" or name.startswith("tools/"):
        done = subprocess.run([ROOT / name, "--help"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    elif name == "pytest":
        assert (ROOT / rest[0]).exists()
    else:
        assert name in FOREIGN, f"{name} is not known to this test"


def try_make(words):
    """Let make say what it would do; the targets that need something are given it."""
    given = {word.partition("=")[0] for word in words if "=" in word}
    assert given <= MAKE_NEEDS | {"FUZZ_SECONDS", "HOST_IP", "CONFORMANCE"}
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def try_esptool(words, folder):
    """Let esptool take the command in, up to a port that is not there."""
    files = [word for word in words if re.search(r"\.(bin|hex)$", word)]
    for name in files if "write-flash" in words else ():
        (folder / name).write_bytes(b"\xe9" + bytes(255))
    words = ["/dev/no-such-port" if word.startswith("/dev/") else word for word in words]
    done = subprocess.run(
        [sys.executable, "-m", "esptool", *words], cwd=folder, capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert "no-such-port" in said, said
    assert "Usage" not in said, said


@pytest.mark.parametrize("text", blocks("python"))
def test_python_block_compiles(text):
    compile(text, "guide", "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, part in LINK.findall(page.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        path = page.parent / target if target else page
        assert path.exists(), f"{target} is not there"
        if part and path.suffix == ".md":
            assert part in headings(path), f"{target} has no #{part}"


def headings(path):
    """Return the anchors of a page as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_in_the_table_of_contents():
    text = (DOCS / "README.md").read_text()
    missing = [path.name for path in DOCS.glob("*.md") if f"({path.name})" not in text]
    assert missing == ["README.md"]


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.svg")), ids=lambda path: path.name)
def test_picture_is_well_formed_and_lies_within_its_frame(path):
    root = ET.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert root.find(f"{space}title") is not None
    assert root.find(f"{space}desc") is not None
    width, height = map(float, root.get("viewBox").split()[2:])
    for box in root.iter(f"{space}rect"):
        assert float(box.get("x")) + float(box.get("width")) <= width
        assert float(box.get("y")) + float(box.get("height")) <= height
    for text in root.iter(f"{space}text"):
        assert 0 <= float(text.get("x")) <= width
        assert 0 <= float(text.get("y")) <= height


def test_picture_and_table_name_the_pins_of_the_firmware():
    from tests_host.chip.boardpins import board_pins

    picture = (DOCS / "wiring.svg").read_text()
    table = (DOCS / "wiring.md").read_text()
    for name, pin in board_pins().items():
        assert f"GPIO {pin}" in picture, name
        assert f"GPIO {pin} (" in table, name


def test_log_messages_of_the_guide_are_those_of_the_firmware():
    sources = [ROOT / "board/ESP32_S2_MINI_AT/board.c", *(ROOT / "firmware").rglob("*.py")]
    text = "".join(path.read_text() for path in sources)
    for start in ("vfs: no file system", "no factory parameter", "settings cannot be read"):
        assert start in text


def test_files_that_porting_names_are_there():
    text = (DOCS / "porting.md").read_text()
    names = re.findall(r"`((?:tools|tests_host|firmware|board)/[\w./]+)`", text)
    assert names
    for name in names:
        assert (ROOT / name).exists(), name
    table = re.findall(r"^\| `([\w.]+)`", text, re.MULTILINE)
    assert all((ROOT / "board/ESP32_S2_MINI_AT" / name).exists() for name in table)


def test_conformance_takes_what_the_guide_gives_it():
    given = conformance.parse(["/dev/ttyX", "--ssid", "home", "--reference", "--", "-k", "wifi"])
    assert (given.ssid, given.reference, given.pytest) == ("home", True, ["-k", "wifi"])
    assert os.path.exists(Path(conformance.__file__).with_name("page.html"))
