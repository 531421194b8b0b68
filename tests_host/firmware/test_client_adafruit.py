"""Adafruit's ESP AT library, unchanged, lives with a simulated module: from sync to reset.

The library runs on CPython here. What is missing of a board is put in its place: modules of
which it takes names only, and one line that compares bytes with text, which CPython refuses.
Its Wi-Fi manager is left out: what it needs, adafruit_requests, wants recv_into() of the sockets,
which the library does not have.
"""

import http.server
import importlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import serial

import pyenv
from tools.catalogue import declarations
from tools.host.simprocess import Simulator
from tools.peers import servers

BODY = b"body of the page, long enough to be told from a head\n" * 40
_SERVER_PAUSE_S = 0.1  # the library loses what comes in one read with SEND OK


_BOARD = ("busio", "digitalio", "micropython")


class Board(ModuleType):
    """A module of the board: its names are types that nothing is made of, and const()."""

    def __getattr__(self, name: str) -> object:
        return (lambda value: value) if name == "const" else Any


class Uart:
    """What the library uses of a busio.UART, on a serial port."""

    def __init__(self, path: str) -> None:
        self._serial = serial.Serial(path, timeout=1)
        self.baudrate = 115200  # of a pty: any

    @property
    def in_waiting(self) -> int:
        return self._serial.in_waiting

    def read(self, count: int) -> bytes:
        return self._serial.read(count)

    def write(self, data: bytes) -> None:
        self._serial.write(data)

    def reset_input_buffer(self) -> None:
        self._serial.reset_input_buffer()

    def close(self) -> None:
        self._serial.close()


@pytest.fixture(scope="module")
def library() -> Iterator[SimpleNamespace]:
    """Import the library with stand-ins for the modules of its board."""
    folder = str(pyenv.CLIENTS)
    pyenv.ensure("clients")
    before = set(sys.modules)
    sys.path.insert(0, folder)
    for name in _BOARD:
        sys.modules[name] = Board(name)
    main = "adafruit_espatcontrol.adafruit_espatcontrol"
    control, sockets = (importlib.import_module(main + end) for end in ("", "_socket"))
    yield SimpleNamespace(control=control, socket=sockets)
    sys.path.remove(folder)
    for name in set(sys.modules) - before:
        del sys.modules[name]


def repaired(control: Any) -> Any:
    """Return the library's class with the one line that only CircuitPython takes."""

    class ESP_ATcontrol(control.ESP_ATcontrol):  # type: ignore[misc,name-defined]  # noqa: N801
        @property
        def remote_AP(self) -> list[object]:  # noqa: N802
            if self.status != self.STATUS_APCONNECTED:
                return [None] * 4
            for line in self.at_response("AT+CWJAP?", timeout=10).split(b"\r\n"):
                if line.startswith(b"+CWJAP:"):
                    return [field.strip('"') for field in line[7:].decode().split(",")]
            return [None] * 4

    return ESP_ATcontrol


@pytest.fixture
def world() -> str:
    return "home"


@pytest.fixture
def module(
    library: SimpleNamespace, simulate: Callable[..., Simulator], world: str
) -> Iterator[Any]:
    path = declarations.ROOT / "tools" / "worlds" / f"{world}.toml"
    uart = Uart(str(simulate(options=("--world", str(path))).link))
    yield repaired(library.control)(uart, 115200)
    uart.close()


@pytest.fixture
def joined(module: Any) -> Any:
    module.connect({"ssid": "espressif", "password": "1234567890"})
    return module


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(_SERVER_PAUSE_S)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n\r\n"
        self.wfile.write(head.encode() + BODY)
        self.close_connection = True

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(_SERVER_PAUSE_S)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["TCP", "SSL"])
def site(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """Serve a page; return the kind of link it wants and its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        if request.param == "SSL":
            server.socket = servers.server_context().wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield request.param, server.server_port
        server.shutdown()


def fetch(library: SimpleNamespace, site: tuple[str, int], request: bytes) -> bytes:
    """Return the body of the answer to a request, by the library's own sockets."""
    kind, port = site
    sock = library.socket.socket()
    sock.settimeout(1)
    sock.connect(("peer.test", port), kind)
    sock.send(request)
    while (line := sock.readline()) and not line.lower().startswith(b"content-length:"):
        pass
    size = int(line.partition(b":")[2])
    while sock.readline():
        pass
    body = b""
    while len(body) < size:
        piece = sock.recv(size - len(body))
        assert piece, "the answer ends early"
        body += piece
    sock.close()
    return body


def test_begin_reads_versions_and_sets_the_module_up(module: Any) -> None:
    module.begin()
    assert module.version.startswith("AT version:")
    assert module.cipmux == 0
    assert not module.is_connected


def test_scan_join_look_up_ping_leave(module: Any) -> None:
    found = module.scan_APs()
    assert [3, "espressif", -42, "ca:d7:19:d8:a6:44", 6] in [row[:5] for row in found]
    module.connect({"ssid": "espressif", "password": "1234567890"})
    assert module.is_connected
    assert module.remote_AP[0] == "espressif"
    assert module.local_ip.startswith("127.")
    assert module.nslookup("peer.test") == "127.0.0.1"
    assert 0 <= module.ping("127.0.0.1") < 1000
    assert module.ping("nobody.invalid") is None
    module.disconnect()
    assert not module.is_connected


def test_wrong_password_is_an_error(library: SimpleNamespace, module: Any) -> None:
    with pytest.raises(library.control.OKError):
        module.join_AP("espressif", "wrong password", retries=1)


def test_pages_are_got_and_posted(
    library: SimpleNamespace, joined: Any, site: tuple[str, int]
) -> None:
    library.socket.set_interface(joined)
    assert fetch(library, site, b"GET / HTTP/1.1\r\nHost: peer.test\r\n\r\n") == BODY
    post = b"POST / HTTP/1.1\r\nHost: peer.test\r\nContent-Length: 15\r\n\r\nwhat was posted"
    assert fetch(library, site, post) == b"what was posted"


@pytest.mark.parametrize("world", ["campus"])
def test_enterprise(module: Any) -> None:
    secrets = {"ssid": "dlink11111", "method": 1, "identity": "example@espressif.com"}
    module.connect_enterprise({**secrets, "username": "espressif", "password": "test11"})
    assert module.is_connected
    assert module.remote_AP[0] == "dlink11111"


def test_datagrams(joined: Any) -> None:
    with servers.UdpServer(answer_later) as server:
        assert joined.socket_connect(joined.TYPE_UDP, "127.0.0.1", server.port)
        for number in range(3):
            assert joined.socket_send(b"datagram %d" % number)
            assert bytes(joined.socket_receive(2)) == b"datagram %d" % number
        joined.socket_disconnect()


def answer_later(data: bytes) -> list[bytes]:
    time.sleep(_SERVER_PAUSE_S)
    return [data]


def test_time_of_day(joined: Any) -> None:
    joined.sntp_config(True, 0, "pool.ntp.test")
    until = time.monotonic() + 20
    while (text := joined.sntp_time).endswith(b"1970"):
        assert time.monotonic() < until, "the time was never set"
    assert time.strptime(text.decode(), "%a %b %d %H:%M:%S %Y")


def test_resets(joined: Any) -> None:
    assert joined.soft_reset()
    assert joined.sync()
    joined.begin()
    until = time.monotonic() + 20
    while not joined.is_connected:  # the module joins by itself what it had joined
        assert time.monotonic() < until
    joined.factory_reset()
    time.sleep(1)
    joined.begin()
    assert not joined.is_connected


def test_no_peer_is_an_error_and_the_module_goes_on(joined: Any, library: SimpleNamespace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(library.control.OKError):
        joined.socket_connect(joined.TYPE_TCP, "127.0.0.1", port)
    assert joined.sync()


def test_tls_with_a_wrong_certificate(joined: Any, library: SimpleNamespace) -> None:
    joined.at_response("AT+CIPSSLCCONF=2,0,0")
    with (
        servers.Server(servers.echo, context=servers.server_context("other_peer")) as server,
        pytest.raises(library.control.OKError),
    ):
        joined.socket_connect(joined.TYPE_SSL, "127.0.0.1", server.port)
    assert joined.sync()
