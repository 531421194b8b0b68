"""The driver's station: scanning, connecting, being connected, being dropped.

Times are short, but in the order of real ones: looking, shaking hands, failing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tools.simulator.loop import Loop, Timer
from tools.simulator.wifi import air
from tools.simulator.wifi import errors as esp
from tools.simulator.wifi.errors import EspError
from tools.simulator.wifi.netif import Emit, StationNet

_SCAN_SCALE = 0.00005  # seconds for each millisecond on a channel
_LOOK_S = 0.01  # looking for an access point, each channel
_JOIN_S = 0.05
_REFUSE_S = 0.3
_LEAVE_S = 0.02
_DROP_S = 0.05  # for each second of missing beacons that are taken for the end
_INACTIVE_S = 6


Choice = tuple[bytes | None, str | None, int]  # SSID, BSSID, channel


class Station:
    """The station half of the driver; `aps` is the world's list."""

    def __init__(
        self, loop: Loop, aps: list[air.AccessPoint], net: StationNet, emit: Emit
    ) -> None:
        self._loop = loop
        self._aps = aps
        self._net = net
        self._emit = emit
        self._timer: Timer | None = None
        self._leaving: Timer | None = None
        self._scan: Timer | None = None
        self._drop: Timer | None = None
        self._found: list[tuple[Any, ...]] = []
        self.link: air.AccessPoint | None = None
        self.mac = ""
        self.is_on = False
        self.inactive_s = _INACTIVE_S

    def switch(self, on: bool) -> None:
        """Turn the interface on or off."""
        if not on:
            was_linked = self.link is not None
            self.stop()
            if was_linked:
                self._emit(("sta_disconnected", esp.ASSOC_LEAVE))
        self.is_on = on
        self.inactive_s = _INACTIVE_S  # the driver forgets

    def stop(self) -> None:
        """End everything without a word."""
        for timer in (self._timer, self._leaving, self._scan, self._drop):
            if timer is not None:
                timer.cancel()
        self._timer = self._leaving = self._scan = self._drop = None
        self.link = None
        self._net.link_down()

    @property
    def _is_connecting(self) -> bool:
        return self._timer is not None and self.link is None

    def _need(self) -> None:
        if not self.is_on:
            raise EspError(esp.NOT_STARTED)

    # Scanning.

    def scan(self, choice: Choice, channels: Sequence[int], ms: int) -> None:
        """Begin a scan: (SSID, BSSID, channel), 0 or None for any; `ms` on each channel."""
        self._need()
        if self._is_connecting or self._scan is not None:
            raise EspError(esp.WRONG_STATE)
        count = 1 if choice[2] else len(channels)
        self._scan = self._loop.after(
            count * ms * _SCAN_SCALE, lambda: self._scanned(choice, channels)
        )

    def _scanned(self, choice: Choice, channels: Sequence[int]) -> None:
        self._scan = None
        ssid, bssid, channel = choice
        self._found = [
            air.record(ap, ssid)
            for ap in sorted(self._aps, key=lambda ap: -ap["rssi"])
            if air.is_heard(ap, channels)
            and ssid in (None, ap["ssid"].encode())
            and bssid in (None, ap["bssid"])
            and channel in (0, ap["channel"])
        ]
        self._emit(("scan_done", 0))

    def scan_next(self) -> tuple[Any, ...] | None:
        """Take the next record, strongest first."""
        return self._found.pop(0) if self._found else None

    def scan_stop(self) -> None:
        """End a scan and forget what it found."""
        self._found.clear()
        if self._scan is not None:
            self._scan.cancel()
            self._scan = None
            self._emit(("scan_done", 1))

    # Connecting.

    def connect(self, wanted: air.Wanted, channels: range) -> None:
        """Begin to connect; how that ends is an event."""
        self._need()
        if not wanted.ssid:
            raise EspError(esp.BAD_SSID)
        if self._is_connecting or self.link is not None:
            raise EspError(esp.WRONG_STATE)
        if self._scan is not None or self._leaving is not None:
            raise EspError(esp.WRONG_STATE)
        looked = _LOOK_S * len(channels)
        self._after(looked, lambda: self._looked(wanted, channels))

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._timer = self._loop.after(seconds, action)

    def _looked(self, wanted: air.Wanted, channels: range) -> None:
        try:
            ap = air.choose(self._aps, wanted, channels)
        except air.Refused as refusal:
            self._fail(refusal.reason)
            return
        try:
            air.check_in(ap, wanted)
        except air.Refused as refusal:
            reason = refusal.reason
            self._after(_REFUSE_S, lambda: self._fail(reason))
            return
        self._after(_JOIN_S, lambda: self._joined(ap))

    def _fail(self, reason: int) -> None:
        self._timer = None
        self._emit(("sta_disconnected", reason))

    def _joined(self, ap: air.AccessPoint) -> None:
        if not ap["up"]:
            self._fail(esp.NO_AP_FOUND)
            return
        self._timer = None
        self.link = ap
        self._emit(("sta_connected",))
        self._net.link_up(ap, self.mac)

    def disconnect(self) -> None:
        """Leave, or give up connecting."""
        if self.link is None and not self._is_connecting:
            return
        self.stop()
        self._leaving = self._loop.after(_LEAVE_S, self._left)

    def _left(self) -> None:
        self._leaving = None
        self._emit(("sta_disconnected", esp.ASSOC_LEAVE))

    def info(self) -> tuple[bytes, str, int, int]:
        """Return (SSID, BSSID, channel, RSSI) of the access point."""
        if self.link is None:
            raise EspError(esp.NOT_CONNECTED)
        ap = self.link
        return ap["ssid"].encode(), ap["bssid"], ap["channel"], ap["rssi"]

    def is_heard(self, channels: range) -> bool:
        """Tell whether there is an access point at the other end of the link."""
        return self.link is not None and air.is_heard(self.link, channels)

    def air_changed(self, channels: range) -> None:
        """Look whether the access point is still there."""
        is_heard = self.is_heard(channels)
        if is_heard and self._drop is not None:
            self._drop.cancel()
            self._drop = None
        if self.link is not None and not is_heard and self._drop is None:
            self._drop = self._loop.after(
                _DROP_S * self.inactive_s, lambda: self._dropped(channels)
            )

    def _dropped(self, channels: range) -> None:
        self._drop = None
        if self.link is not None and not air.is_heard(self.link, channels):
            self.stop()
            self._emit(("sta_disconnected", esp.BEACON_TIMEOUT))
