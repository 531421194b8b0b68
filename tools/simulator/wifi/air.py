"""Access points as a station meets them: who is heard, what a scan says, who lets it in.

Pure functions over the rows of the world's list (tools/simulator/worldfile.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.simulator.wifi import enterprise
from tools.simulator.wifi import errors as esp
from tools.simulator.worldfile import SECURITY

SENSITIVITY_DBM = -95  # what is weaker is not heard
ENTERPRISE = SECURITY.index("wpa2_enterprise")
_OPEN = (SECURITY.index("open"), SECURITY.index("owe"))
_WEP = SECURITY.index("wep")
_SAE = (SECURITY.index("wpa3_psk"),)
_NO_JOIN = (SECURITY.index("wapi_psk"),)
# Pairwise and group cipher by security, as wifi_cipher_type_t.
_CIPHERS = ((0, 0), (1, 1), (3, 3), (4, 4), (5, 3), (4, 4), (4, 4), (4, 4), (7, 7), (4, 4))
_PMF = ("off", "capable", "required")
_BGN = {"b": 1, "g": 2, "n": 4}

AccessPoint = dict[str, Any]


class Refused(Exception):
    """The station does not get in, for a reason of wifi_err_reason_t."""

    def __init__(self, reason: int) -> None:
        super().__init__(f"reason {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Wanted:
    """What a station asks for when it connects."""

    ssid: bytes
    password: bytes
    bssid: str | None
    listen_interval: int
    all_channels: bool
    floor: int
    pmf: int
    eap: enterprise.Credentials | None
    rssi: int = -127
    channel: int = 0


def authmode(ap: AccessPoint) -> int:
    """Return the security as wifi_auth_mode_t."""
    return SECURITY.index(ap["security"])


def is_heard(ap: AccessPoint, channels: Sequence[int]) -> bool:
    """Tell whether an access point can be heard on these channels."""
    return ap["up"] and ap["rssi"] >= SENSITIVITY_DBM and ap["channel"] in channels


def record(ap: AccessPoint, asked_for: bytes | None) -> tuple[Any, ...]:
    """Return what a scan says of it; a hidden one tells its name only to who knows it."""
    ssid = ap["ssid"].encode()
    pairwise, group = _CIPHERS[authmode(ap)]
    if ap["security"] == "wep" and len(ap["password"]) == 13:
        pairwise = group = 2
    return (
        authmode(ap),
        ssid if not ap["hidden"] or asked_for == ssid else b"",
        ap["rssi"],
        ap["bssid"],
        ap["channel"],
        pairwise,
        group,
        sum(_BGN[letter] for letter in ap["protocols"]),
        int(ap["wps"]),
    )


def choose(aps: list[AccessPoint], wanted: Wanted, channels: range) -> AccessPoint:
    """Return the access point the station goes for; Refused if none of that name will do."""
    named = [
        ap
        for ap in sorted(aps, key=lambda ap: (ap["channel"] != wanted.channel, ap["channel"]))
        if is_heard(ap, channels)
        and ap["ssid"].encode() == wanted.ssid
        and wanted.bssid in (None, ap["bssid"])
    ]
    if not named:
        raise Refused(esp.NO_AP_FOUND)
    if all(ap["rssi"] < wanted.rssi for ap in named):
        raise Refused(esp.BELOW_RSSI_FLOOR)
    named = [ap for ap in named if ap["rssi"] >= wanted.rssi]
    strong = [ap for ap in named if authmode(ap) >= wanted.floor]
    if not strong:
        raise Refused(esp.BELOW_AUTHMODE_FLOOR)
    fitting = [ap for ap in strong if _fits(ap, wanted)]
    if not fitting:
        raise Refused(esp.NO_COMPATIBLE_SECURITY)
    return max(fitting, key=lambda ap: ap["rssi"]) if wanted.all_channels else fitting[0]


def _fits(ap: AccessPoint, wanted: Wanted) -> bool:
    mode = authmode(ap)
    if mode in _NO_JOIN or (mode == ENTERPRISE) != (wanted.eap is not None):
        return False
    if not wanted.password and mode not in (*_OPEN, ENTERPRISE):
        return False
    offered = _PMF.index(ap["pmf"])
    return not (wanted.pmf & 2 and offered == 0) and not (wanted.pmf == 0 and offered == 2)


def check_in(ap: AccessPoint, wanted: Wanted) -> None:
    """Authenticate and associate; Refused with the reason if that fails."""
    if ap["full"]:
        raise Refused(esp.ASSOC_TOO_MANY)
    mode = authmode(ap)
    if mode in _OPEN:
        return
    if wanted.eap is not None:
        if not enterprise.accepts(ap["eap"], wanted.eap):
            raise Refused(esp.EAP_FAILED)
    elif wanted.password != ap["password"].encode():
        raise Refused(esp.AUTH_FAIL if mode in _SAE or mode == _WEP else esp.HANDSHAKE_TIMEOUT)
