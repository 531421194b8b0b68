"""HTTP bodies of megabytes in both directions: whole, in order, without holding them.

Framing, sizes and failures are in the transcripts; the module has 40 KB of heap in all.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Iterator

import pytest

from tests_device.haste import HASTE
from tests_device.rig import Rig
from tools.host.atclient import Module
from tools.host.simprocess import Simulator
from tools.peers import servers
from tools.peers.webpeer import WebServer, noise

TEN_MB = 10_485_760
SEED = 20261121
_MARK = re.compile(rb"\+HTTPC[A-Z]+:(\d+),|\r\n(OK|ERROR|SEND OK|SEND FAIL)\r\n")


@pytest.fixture
def at(rig: Rig) -> Module:
    """Return a module in the network."""
    if not {"wifi", "host"} <= rig.offers:
        pytest.skip("the bench offers no access point or no host")
    return join(rig, rig.fresh(blank=False))


def join(rig: Rig, module: Module) -> Module:
    module.echo_off()
    module.ok("AT+CWMODE=1")
    module.ok(f'AT+CWJAP="{rig.variables["ssid"]}","{rig.variables["password"]}"', 60.0)
    return module


@pytest.fixture(params=["http", "https"])
def web(request: pytest.FixtureRequest, rig: Rig) -> Iterator[str]:
    """Yield the beginning of the URLs of a server."""
    here = rig.variables["host"]
    context = servers.server_context() if request.param == "https" else None
    with WebServer(here, context) as server:
        yield f"{request.param}://{here}:{server.port}"


def body(at: Module, pause_s: float = 0.0) -> tuple[bytes, bytes, set[int]]:
    """Read an answer; return its body, the final result and the sizes of the pieces."""
    got, sizes = bytearray(), set()
    while True:
        found = _MARK.match(mark := at.read_until(_MARK, 30.0)) or _MARK.search(mark)
        assert found and found.start() == 0, mark
        if found[2]:
            return bytes(got), found[2], sizes
        sizes.add(int(found[1]))
        got += at.read_exactly(int(found[1]), 30.0)
        at.expect(b"\r\n")
        time.sleep(pause_s)


@pytest.mark.parametrize("chunks", ["", "/9999"], ids=["sized", "chunked"])
def test_ten_megabytes_come_whole(at: Module, rig: Rig, web: str, chunks: str) -> None:
    size = rig.fit(TEN_MB)
    at.send(f'AT+HTTPCGET="{web}/noise/{size}{chunks}",,4096')
    got, result, sizes = body(at)
    assert result == b"OK"
    assert len(got) == size
    assert hashlib.sha256(got).digest() == hashlib.sha256(noise(size)).digest()
    assert max(sizes) <= 4096


def test_a_host_may_be_slow(at: Module, rig: Rig, web: str) -> None:
    """The time-out is for the server's silence, not for the host's; the server is held back."""
    rig.need_patience()
    want = noise(rig.fit(9_000_000))  # making it takes its time
    at.send(f'AT+HTTPCGET="{web}/noise/{len(want)}",,,1500')
    time.sleep(3)
    got, result, _ = body(at)
    assert result == b"OK"
    assert got == want


@pytest.mark.parametrize("command", ["AT+HTTPCPOST", "AT+HTTPCPUT"])
def test_a_body_of_two_megabytes_is_passed_on(
    at: Module, rig: Rig, web: str, command: str
) -> None:
    data = random.Random(SEED).randbytes(rig.fit(2_000_000))
    at.prompt(f'{command}="{web}/digest",{len(data)}')
    at.write(data)
    got, result, _ = body(at)
    assert got.decode() == f"{len(data)} {hashlib.sha256(data).hexdigest()}"
    assert result == b"SEND OK"


def test_a_payload_that_is_shorter_than_announced(rig: Rig, tmp_path_factory, web: str) -> None:  # type: ignore[no-untyped-def]
    if not rig.simulated:
        pytest.skip("takes 20 s on a real module")
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "user").mkdir()
    (folder / "user" / "hasty.py").write_text(HASTE)
    options = ("--user", str(folder / "user"))
    with Simulator(folder / "module", bits=rig.options.bits, options=options) as simulator:
        with simulator.start(erase=True).module() as at:
            join(rig, at)
            at.ok("AT+SYSLOG=2")
            for line in (
                f'AT+HTTPCPOST="{web}/digest",20000',
                f'AT+HTTPCPOST="{web}/digest",2000',
                "AT+HTTPURLCFG=2000",
                'AT+FS=0,1,"file",0,2000',
                "AT+USEROTA=2000",
                "AT+HTTPCHEAD=2000",
            ):
                at.prompt(line)
                at.write(bytes(500))
                at.expect(
                    b"REASON:the payload is shorter than announced\r\n"
                    b"ERR CODE:0x010a0000\r\n\r\nERROR\r\n"
                )
                at.ok("AT")
            at.write(b"AT+SSLCRET=1,2000\r\n")
            at.expect(b"\r\n>")
            at.write(bytes(500))
            at.expect(
                b"REASON:the payload is shorter than announced\r\n"
                b"ERR CODE:0x010a0000\r\n\r\nERROR\r\n"
            )
            at.ok("AT")
