"""The conformance suite: options, the bench, and the record of what ran.

Runs against a real module (`--port URL`, anything pyserial opens) or a simulated one that it
starts itself. README.md in this folder is the manual.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests_device.interrupts import Interrupts
from tests_device.rig import Rig, RigOptions
from tools.conformance.collect import Collector, readable
from tools.host.atclient import Module
from tools.host.athost import Host
from tools.peers import servers
from tools.transcript import seen

ROOT = Path(__file__).resolve().parent.parent
SEEN = ROOT / "build" / "seen_commands.json"
_NOTES = "ATLINK_SEEN_NOTES"  # environment: the notes file all processes of a session share
_LAST = "test_all_seen.py"
_SILENCES = 20  # that --slow tells


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("module under test")
    group.addoption("--port", help="pyserial URL of a real module (default: simulate one)")
    group.addoption("--baud", type=int, default=115200, help="its rate (default 115200)")
    group.addoption("--bits", type=int, choices=(32, 64), default=64, help="simulated word size")
    group.addoption("--heap", help="GC heap of a simulated module, e.g. 80k (default: the chip's)")
    group.addoption(
        "--slow",
        action="store_true",
        help="a simulated module as slow as the chip; tells where its loop stood still longest",
    )
    group.addoption("--ssid", help="access point a real module may join")
    group.addoption("--password", help="its password")
    group.addoption("--host-ip", help="address of this machine as the module reaches it")
    group.addoption("--host-ip6", help="its IPv6 address, if the access point's network has one")
    group.addoption("--host-name", help="a name of this machine that the module can look up")
    group.addoption("--shuffle", type=int, metavar="SEED", help="run in another order")
    group.addoption(
        "--overwrite",
        action="store_true",
        help="a real module's certificates, user partitions and files may be changed for good",
    )
    group.addoption("--results", type=Path, help="JSON file for what each test did")
    group.addoption("--notes", type=Path, help="file that keeps what ran; added to")
    group.addoption("--firmware", default="", help="what the report calls the module's firmware")
    group.addoption("--reference", action="store_true", help="record what comes, do not judge it")
    group.addoption("--accept", action="store_true", help="rewrite expected lines, for review")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        notes = config.option.notes or SEEN.parent / "seen" / f"{os.getpid()}.jsonl"
        notes.parent.mkdir(parents=True, exist_ok=True)
        if not config.option.notes:
            notes.unlink(missing_ok=True)
        os.environ[_NOTES] = str(notes)
    config.pluginmanager.register(Interrupts(config))
    if config.option.results:
        config.pluginmanager.register(
            Collector(config.option.results, _facts(config), config.option.password)
        )


def _facts(config: pytest.Config) -> dict[str, str]:
    options = config.option
    return {
        "firmware": options.firmware,
        "port": f"{options.port}, {options.baud} baud" if options.port else "simulated",
        "host": options.host_ip or "",
    }


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell the longest silences of --slow: ms in all, and those of flash."""
    if config.option.slow:
        reports = terminalreporter.stats.get("", [])  # of what comes behind the tests themselves
        rows = [(dict(report.user_properties).get("silence_ms"), report) for report in reports]
        rows = sorted((row for row in rows if row[0]), key=lambda row: row[0], reverse=True)
        for (whole, flash), report in rows[:_SILENCES]:
            terminalreporter.line(f"{whole:5.0f} ms, {flash:.0f} of them flash: {report.nodeid}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.shuffle is not None:
        shuffle(items, random.Random(config.option.shuffle))
    looks_back = [item for item in items if item.path.name == _LAST]
    items[:] = [item for item in items if item.path.name != _LAST]
    if hasattr(config, "workerinput"):  # of parallel workers none knows when the others are done
        config.hook.pytest_deselected(items=looks_back)
    else:
        items += looks_back


def pytest_collection_finish(session: pytest.Session) -> None:
    here = [item for item in session.items if item.path.is_relative_to(Path(__file__).parent)]
    tests = [item.nodeid for item in here if item.path.name != _LAST]
    if tests and not session.config.option.collectonly:
        seen.note_collected(Path(os.environ[_NOTES]), tests)


def shuffle(items: list[pytest.Item], chance: random.Random) -> None:
    """Bring files into another order, and the tests in each; a file's tests stay together."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    groups = list(files.values())
    chance.shuffle(groups)
    for group in groups:
        chance.shuffle(group)
    items[:] = [item for group in groups for item in group]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        notes = Path(os.environ[_NOTES])
        if notes.exists():
            seen.summarize(seen.read(notes), SEEN)
            if not session.config.option.notes:
                notes.unlink()


@pytest.fixture(scope="session")
def notes() -> Path:
    """Return the file in which the session notes which commands ran."""
    return Path(os.environ[_NOTES])


@pytest.fixture(scope="session")
def recorder(notes: Path) -> seen.Recorder:
    """Return the observer of the AT port."""
    return seen.Recorder(notes)


@pytest.fixture(autouse=True)
def recording(request: pytest.FixtureRequest, recorder: seen.Recorder) -> Iterator[None]:
    """Append what each test ran to the session's notes."""
    yield
    recorder.flush(request.node.nodeid)


@pytest.fixture(scope="session")
def rig(
    request: pytest.FixtureRequest,
    recorder: seen.Recorder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rig]:
    """Return the bench with the module under test."""
    config = request.config
    if config.getoption("port") and hasattr(config, "workerinput"):
        raise pytest.UsageError("one real module cannot serve parallel workers")
    options = RigOptions(
        **{
            name: getattr(config.option, name)
            for name in (
                "port",
                "baud",
                "bits",
                "heap",
                "slow",
                "ssid",
                "password",
                "host_ip",
                "host_ip6",
                "host_name",
                "overwrite",
            )
        }
    )
    rig = Rig(options, tmp_path_factory.mktemp("rig"), recorder)
    yield rig
    rig.end()


@pytest.fixture(autouse=True)
def keeping_bytes(request: pytest.FixtureRequest, recording: None) -> Iterator[None]:
    """Give the report of --results what went over the port in each test."""
    del recording
    rig = None
    if request.config.option.results and "rig" in request.fixturenames:
        rig = request.getfixturevalue("rig")
        if rig.log:
            rig.log.clear()
    yield
    if rig and rig.log:
        request.node.user_properties.append(("log", readable(rig.log)))


@pytest.fixture(autouse=True)
def silence(request: pytest.FixtureRequest, recording: None) -> Iterator[None]:
    """Note how long the loop of a slow module stood still in each test."""
    del recording
    yield
    if request.config.option.slow and "rig" in request.fixturenames:
        found = request.getfixturevalue("rig").silence_ms()
        request.node.user_properties.append(("silence_ms", found))


@pytest.fixture
def joined(rig: Rig) -> Module:
    """Return a module that has joined the access point, echo off."""
    return rig.joined()


@pytest.fixture
def host(joined: Module) -> Host:
    """Return a host program for several links."""
    host = Host(joined)
    host.ok("AT+CIPMUX=1")
    return host


@pytest.fixture
def here(rig: Rig) -> str:
    """Return the address at which the module reaches this machine."""
    return rig.variables["host"]


@pytest.fixture
def echo(here: str) -> Iterator[servers.Server]:
    """Return a server that sends back what it gets."""
    with servers.Server(servers.echo, here) as server:
        yield server
