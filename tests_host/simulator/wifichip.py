"""The imitated Wi-Fi driver on a clock of its own, called as the firmware calls it."""

import heapq
import itertools
from collections.abc import Callable

import pytest

from tools.simulator import worldfile
from tools.simulator.wifi import errors as esp
from tools.simulator.wifi.acts import AirActs
from tools.simulator.wifi.driver import Driver

LEASE = ("127.0.0.9", "255.0.0.0", "127.0.0.1")
WORLD = """
[[ap]]
ssid = "home"
password = "secret 1"
bssid = "ca:d7:19:00:00:01"
channel = 6
rssi = -50
ipv6 = "2001:db8::/64"
wps = true

[[ap]]
ssid = "home"
password = "secret 1"
bssid = "ca:d7:19:00:00:02"
channel = 11
rssi = -40
wps = true

[[ap]]
ssid = "far"
security = "open"
channel = 14
rssi = -50

[[ap]]
ssid = "mute"
security = "open"
dhcp = false
"""


class Clock:
    """A loop whose time goes on when told to."""

    def __init__(self) -> None:
        self._now = 0.0
        self._timers: list[tuple[float, int, list[Callable[[], None] | None]]] = []
        self._count = itertools.count()

    def after(self, seconds: float, callback: Callable[[], None]) -> "Clock._Timer":
        """Call back later."""
        cell: list[Callable[[], None] | None] = [callback]
        heapq.heappush(self._timers, (self._now + seconds, next(self._count), cell))
        return Clock._Timer(cell)

    def run(self, seconds: float = 1.0) -> None:
        """Let time pass."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._now, _, cell = heapq.heappop(self._timers)
            if cell[0] is not None:
                cell[0]()
        self._now = end

    class _Timer:
        def __init__(self, cell: list[Callable[[], None] | None]) -> None:
            self._cell = cell

        def cancel(self) -> None:
            self._cell[0] = None


class Chip:
    """The driver as the firmware sees it: calls by name, events in a list."""

    def __init__(self, tmp_path, text: str = WORLD) -> None:
        path = tmp_path / "world.toml"
        path.write_text(text)
        self.aps = worldfile.load(path)["ap"]
        self.clock = Clock()
        self._events: list[tuple] = []
        self.is_started = False
        self.driver = Driver(
            self.clock, self.aps, LEASE, "7c:df:a1:00:00:10", self._events.append, self._switched
        )
        self.acts = AirActs(self.aps, self.driver).commands

    def _switched(self, on: bool) -> None:
        self.is_started = on

    def __call__(self, name: str, *args):
        request = {"op": "wifi", "name": name, "args": [_plain(arg) for arg in args]}
        answer = self.driver.requests["wifi"](request)
        if "esp_err" in answer:
            raise esp.EspError(answer["esp_err"])
        return answer["value"]

    def fails(self, name: str, *args) -> int:
        """Call and return the error."""
        with pytest.raises(esp.EspError) as caught:
            self(name, *args)
        return caught.value.code

    def events(self, seconds: float = 1.0) -> list[tuple]:
        """Return what happens in this time."""
        self.clock.run(seconds)
        found = list(self._events)
        self._events.clear()
        return found

    def act(self, do: str, **fields) -> None:
        """Change the world."""
        self.acts[do]({"do": do, **fields})

    def connect(self, ssid: str, password: str = "", **options) -> list[tuple]:
        """Connect and return the events."""
        self(
            "wifi_connect",
            ssid.encode(),
            password.encode(),
            options.get("bssid"),
            3,
            options.get("all_channels", False),
            options.get("floor", 0),
            options.get("pmf", 1),
        )
        return self.events()


def _plain(value):
    return {"hex": value.hex()} if isinstance(value, bytes) else value
