"""Fixtures shared by the tests on the PC: a simulated module, a scripted serial peer.

The client, the simulator's launcher and the transcript player are in tools/ (atclient,
simprocess, transcript); here is only what pytest needs of them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests_host.c.netscript import FLAVOURS, Scripts
from tests_host.chip import fakeidf
from tests_host.fakemodule import FakeModule
from tests_host.firmware.webbench import Bench, boot
from tools.host.atclient import Module
from tools.host.simprocess import Simulator
from tools.image import layout
from tools.peers.servers import FreePort

# How long an example takes is the machine's business: a busy one fails no test.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def fake() -> Iterator[FakeModule]:
    """Return a peer on a pty that answers as a tiny AT module, for tests of the tools."""
    with FakeModule() as peer:
        yield peer


@pytest.fixture
def free_port() -> Iterator[Callable[[], int]]:
    """Return a function that gives TCP ports which nobody else gets before the test is over."""
    places: list[FreePort] = []

    def take() -> int:
        places.append(FreePort())
        return places[-1].number

    yield take
    for place in places:
        place.close()


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Callable[..., Simulator]]:
    """Return a function that starts simulated modules; they end with the test.

    ``simulate()`` boots blank flash; keyword arguments are those of Simulator. A second call with
    the same ``name`` finds the flash of the first, once that one is stopped.
    """
    started: list[Simulator] = []

    def start(name: str = "module", *, erase: bool = True, **options: object) -> Simulator:
        simulator = Simulator(tmp_path / name, **options)  # type: ignore[arg-type]
        started.append(simulator)
        return simulator.start(erase=erase)

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an image as make firmware leaves it, but for what is merged."""
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    return fakeidf.built(tmp_path / "build/firmware")


@pytest.fixture
def at(simulate: Callable[..., Simulator]) -> Iterator[Module]:
    """Return a freshly booted simulated module with its echo off."""
    with simulate().module() as module:
        module.echo_off()
        module.quiet(30)
        yield module


@pytest.fixture(params=FLAVOURS)
def net(request: pytest.FixtureRequest, tmp_path: Path) -> Scripts:
    """Return what runs scripts on the firmware's network layer, in each flavour of the build."""
    return Scripts(request.param, tmp_path)


@pytest.fixture(scope="module", params=[64, 32])
def web_module(request, tmp_path_factory):
    """Return a module with a softAP and its web server (tests_host/firmware/webbench.py)."""
    simulator = boot(tmp_path_factory.mktemp("web"), request.param)
    with simulator.module(timeout_s=60) as module:
        yield Bench(simulator, module)
    simulator.stop()


@pytest.fixture
def web(web_module):
    """Return the bench, which a test leaves as it was: the server runs, nothing is joined."""
    web_module.module.quiet(20)
    web_module.news()
    return web_module


@pytest.fixture(scope="module")
def page_module(tmp_path_factory):
    """Return a module with its web server and a browser that can visit it."""
    from tests_host.firmware import browserbench

    simulator = boot(tmp_path_factory.mktemp("web"), 64)
    with simulator.module(timeout_s=60) as module:
        bench = Bench(simulator, module)
        with browserbench.launch(bench.ip) as browser:
            yield bench, browser
    simulator.stop()


@pytest.fixture
def page_bench(page_module):
    """Return that module, in no network."""
    page_module[0].module.quiet(20)
    page_module[0].news()
    return page_module[0]


@pytest.fixture
def browser(page_module):
    """Return that browser."""
    return page_module[1]


@pytest.fixture
def phone(browser, page_bench):  # noqa: ARG001 - it is what the page is of
    """Return the page on a phone."""
    from tests_host.firmware import browserbench

    page = browserbench.visit(browser, browserbench.LOOKS["phone-light"])
    yield page
    assert page.errors == []
    page.context.close()
