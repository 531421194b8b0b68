"""The driver's softAP: its configuration and the stations that come, get leases and go."""

from collections.abc import Callable
from dataclasses import dataclass

from tools.simulator.loop import Loop, Timer
from tools.simulator.wifi import errors as esp
from tools.simulator.wifi.errors import EspError
from tools.simulator.wifi.netif import Emit, SoftApNet

_JOIN_S = 0.05
_LEASE_S = 0.1
_DROP_S = 0.05  # for each second of silence that is taken for the end
_INACTIVE_S = 300
_NO_IP = "0.0.0.0"


@dataclass
class Guest:
    """A station of the world that wants to be in the softAP."""

    mac: str
    password: str | None = None  # None: it knows the right one
    static_ip: str | None = None
    is_in: bool = False
    ip: str = _NO_IP
    timer: Timer | None = None


class SoftAp:
    """The softAP half of the driver; guests stay in the world while the module restarts."""

    def __init__(self, loop: Loop, net: SoftApNet, emit: Emit) -> None:
        self._loop = loop
        self._net = net
        self._emit = emit
        self.guests: dict[str, Guest] = {}
        self.is_on = False
        self.reset()

    def reset(self) -> None:
        """Go back to what holds after a start of the chip."""
        self.is_on = False
        self.inactive_s = _INACTIVE_S
        self._password = b""
        self._authmode = 0
        self._most = 4
        for guest in self.guests.values():
            self._out(guest)

    def switch(self, on: bool) -> None:
        """Turn the interface on, and guests come; or off, and they are gone."""
        if on == self.is_on:
            return
        self.is_on = on
        self.inactive_s = _INACTIVE_S  # the driver forgets
        for guest in self.guests.values():
            if on:
                self._invite(guest)
            elif self._out(guest):
                self._emit(("ap_disconnected", guest.mac))

    def config(
        self, ssid: bytes, password: bytes, authmode: int, most: int, channel_ok: bool
    ) -> None:
        """Take a configuration; guests are thrown out, and come back if they know the way."""
        if not self.is_on:
            raise EspError(esp.WRONG_MODE)
        if not 1 <= len(ssid) <= 32:
            raise EspError(esp.BAD_SSID)
        if authmode and not 8 <= len(password) <= 63:
            raise EspError(esp.BAD_PASSWORD)
        if authmode not in (0, 2, 3, 4) or not 1 <= most <= 15 or not channel_ok:
            raise EspError(esp.INVALID_ARG)
        self._password, self._authmode, self._most = password, authmode, most
        for guest in self.guests.values():
            if self._out(guest):
                self._emit(("ap_disconnected", guest.mac))
            self._invite(guest)

    # Guests.

    def arrive(self, guest: Guest) -> None:
        """Let a station of the world try to come in, now and whenever the softAP starts."""
        self.guests[guest.mac] = guest
        self._invite(guest)

    def depart(self, mac: str) -> None:
        """Take a station away."""
        guest = self.guests.pop(mac)
        if self._out(guest):
            self._emit(("ap_disconnected", mac))

    def silence(self, mac: str) -> None:
        """Let a station be out of reach without a word: the softAP drops it in the end."""
        guest = self.guests[mac]
        if guest.is_in:
            self._after(guest, _DROP_S * self.inactive_s, self._drop)

    def _drop(self, guest: Guest) -> None:
        self.depart(guest.mac)

    def _invite(self, guest: Guest) -> None:
        if self.is_on and not guest.is_in:
            self._after(guest, _JOIN_S, self._enter)

    def _after(self, guest: Guest, seconds: float, step: Callable[[Guest], None]) -> None:
        if guest.timer is not None:
            guest.timer.cancel()
        guest.timer = self._loop.after(seconds, lambda: step(guest))

    def _enter(self, guest: Guest) -> None:
        guest.timer = None
        knows = guest.password is None or guest.password.encode() == self._password
        crowd = sum(other.is_in for other in self.guests.values())
        if not self.is_on or crowd >= self._most or (self._authmode and not knows):
            return
        guest.is_in = True
        self._emit(("ap_connected", guest.mac))
        if guest.static_ip is None:
            self._after(guest, _LEASE_S, self._lease)

    def _lease(self, guest: Guest) -> None:
        guest.timer = None
        address = self._net.lease(guest.mac)
        if address is not None:
            guest.ip = address
            self._emit(("ap_leased", guest.mac, address))

    def _out(self, guest: Guest) -> bool:
        """Throw a guest out; tell whether it was in."""
        if guest.timer is not None:
            guest.timer.cancel()
            guest.timer = None
        was_in, guest.is_in, guest.ip = guest.is_in, False, _NO_IP
        return was_in

    def stations(self) -> list[tuple[str, str]]:
        """Return (MAC, address by DHCP or 0.0.0.0) of those who are in."""
        if not self.is_on:
            raise EspError(esp.WRONG_MODE)
        return [(guest.mac, guest.ip) for guest in self.guests.values() if guest.is_in]

    def deauth(self, mac: str | None) -> None:
        """Throw one out, or all; they do not come back by themselves."""
        if not self.is_on:
            raise EspError(esp.NOT_STARTED)
        inside = [guest.mac for guest in self.guests.values() if guest.is_in]
        if mac is not None and mac not in inside:
            raise EspError(esp.NOT_FOUND)
        for each in inside if mac is None else [mac]:
            self.depart(each)
