"""Fixtures: a module in the network, the same in a hurry, and brokers that a test plays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests_device.haste import HASTE
from tests_device.mqtt.peer import Peer, WebPeer
from tests_device.rig import Rig
from tools.host.atclient import Module
from tools.host.simprocess import Simulator
from tools.transcript.seen import Recorder


@pytest.fixture(scope="module")
def bench(rig: Rig) -> Iterator[Module]:
    """Return a module in the network."""
    if not {"wifi", "host"} <= rig.offers:
        pytest.skip("the bench does not offer: wifi, host")
    yield join(rig, rig.fresh())
    rig.close()


@pytest.fixture(scope="module")
def hasty_bench(
    rig: Rig, bench: Module, recorder: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Module]:
    """Return a simulated module whose time-outs are a tenth; a real one has its own."""
    if not rig.simulated:
        yield bench
        return
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "user").mkdir()
    (folder / "user" / "hasty.py").write_text(HASTE)
    options = ("--user", str(folder / "user"))
    with Simulator(folder / "module", bits=rig.options.bits, options=options) as simulator:
        with simulator.start(erase=True).module(observer=recorder) as module:
            yield join(rig, module)


def join(rig: Rig, module: Module) -> Module:
    module.echo_off()
    module.ok("AT+CWMODE=1")
    module.ok(f'AT+CWJAP="{rig.variables["ssid"]}","{rig.variables["password"]}"', 30.0)
    return module


def cleaned(module: Module) -> Iterator[Module]:
    """Yield the module with nothing of MQTT configured; it still answers afterwards."""
    module.ok("AT+SYSLOG=1")
    module.command("AT+MQTTCLEAN=0")
    module.quiet(20)
    module.log.clear()
    yield module
    module.command("AT+MQTTCLEAN=0")
    module.quiet(20)
    module.ok("AT")


@pytest.fixture
def at(bench: Module) -> Iterator[Module]:
    """Return the module."""
    yield from cleaned(bench)


@pytest.fixture
def hasty(hasty_bench: Module) -> Iterator[Module]:
    """Return the module with short time-outs, for tests that wait for one."""
    yield from cleaned(hasty_bench)


@pytest.fixture
def peer(here: str) -> Iterator[Peer]:
    """Return the broker."""
    with Peer(here) as broker:
        yield broker


@pytest.fixture
def web(here: str) -> Iterator[WebPeer]:
    """Return the broker behind a WebSocket."""
    with WebPeer(here) as broker:
        yield broker
