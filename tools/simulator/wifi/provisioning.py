"""SmartConfig and WPS: phones and push buttons of the world, and the driver that listens."""

from dataclasses import dataclass
from typing import Any

from tools.simulator.loop import Loop, Timer
from tools.simulator.wifi import errors as esp
from tools.simulator.wifi.air import AccessPoint
from tools.simulator.wifi.errors import EspError
from tools.simulator.wifi.netif import Emit

KINDS = ("ESPTOUCH", "AIRKISS", "ESPTOUCH_AIRKISS", "ESPTOUCH_V2")
_HEAR_S = 0.2
_ACKNOWLEDGE_S = 0.2


@dataclass(frozen=True)
class Phone:
    """What the app on a phone sends until somebody answers."""

    kind: int  # 1..4
    ssid: bytes
    password: bytes
    bssid: str | None = None
    reserved: bytes = b""
    key: bytes = b""


class Provisioning:
    """Listens while the firmware wants it to; `phone` and `buttons` belong to the world."""

    def __init__(self, loop: Loop, emit: Emit) -> None:
        self._loop = loop
        self._emit = emit
        self.phone: Phone | None = None
        self.buttons: list[AccessPoint] = []
        self._timer: Timer | None = None
        self.reset()

    def reset(self) -> None:
        """Stop to listen."""
        self._kind = 0
        self._key: bytes | None = None
        self._heard: Phone | None = None
        self._is_told = False  # the event is out, and the result can be had
        self._wps = False
        self._credentials: list[tuple[bytes, bytes]] = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # SmartConfig.

    def smartconfig_start(self, kind: int, key: bytes | None) -> None:
        """Listen for a phone of this kind (1..4)."""
        if self._kind or self._wps:
            raise EspError(esp.INVALID_STATE)
        if not 1 <= kind <= len(KINDS) or (key is not None and len(key) != 16):
            raise EspError(esp.INVALID_ARG)
        self._kind, self._key = kind, key
        self.listen()

    def smartconfig_stop(self) -> None:
        """Listen no longer."""
        if not self._kind:
            raise EspError(esp.INVALID_STATE)
        self.reset()

    def listen(self) -> None:
        """Let what is in the air be heard, if it is for us."""
        if self.phone is not None and self._hears(self.phone) and self._heard is None:
            phone = self._heard = self.phone
            self._timer = self._loop.after(_HEAR_S, lambda: self._tell(phone))
        if self._wps and self.buttons and self._timer is None:
            self._timer = self._loop.after(_HEAR_S, self._pressed)

    def _tell(self, phone: Phone) -> None:
        if phone is self._heard:
            self._is_told = True
            self._emit(("sc_credentials",))

    def _hears(self, phone: Phone) -> bool:
        if self._kind == 3:
            return phone.kind in (1, 2)
        # a wrong key makes the telegram unreadable
        return phone.kind == self._kind and phone.key == (self._key or b"")

    def result(self) -> tuple[Any, ...]:
        """Return what was heard: (kind, SSID, password, BSSID or None, reserved data)."""
        heard = self._heard
        if heard is None or not self._is_told:
            raise EspError(esp.INVALID_STATE)
        return heard.kind, heard.ssid, heard.password, heard.bssid, heard.reserved

    def joined(self) -> None:
        """Tell the phone, now that the module has an address."""
        if self._heard is not None:
            self.phone = None
            self._loop.after(_ACKNOWLEDGE_S, lambda: self._emit(("sc_acknowledged",)))

    # WPS.

    def wps_start(self) -> None:
        """Look for an access point whose button was pressed."""
        if self._kind or self._wps:
            raise EspError(esp.WRONG_STATE)
        self._wps = True
        self.listen()

    def wps_stop(self) -> None:
        """Look no longer."""
        if not self._wps:
            raise EspError(esp.WRONG_STATE)
        self.reset()

    def _pressed(self) -> None:
        self._timer = None
        if len(self.buttons) > 1:
            self._emit(("wps_failed", "more than one access point answers"))
        else:
            ap = self.buttons[0]
            self._credentials = [(ap["ssid"].encode(), ap["password"].encode())]
            self._emit(("wps_success",))
        self.buttons.clear()

    def credentials(self) -> list[tuple[bytes, bytes]]:
        """Return the (SSID, password) pairs that the access point gave."""
        if not self._credentials:
            raise EspError(esp.INVALID_STATE)
        return self._credentials
