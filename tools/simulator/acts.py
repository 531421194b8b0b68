"""What the control socket can do, for people: every act, its parameters and what they mean.

The handlers check what they get; this table says it beforehand: tools/world --help, the terminal's
:world and the documentation are made from it. A parameter is (name, kind, meaning); kind is int,
text, bool, list or json, and ends with ? if it may be left out.
"""

from __future__ import annotations

Parameter = tuple[str, str, str]
Act = tuple[str, tuple[Parameter, ...]]

_SSID: Parameter = ("ssid", "text", "name of the network")
_BSSID: Parameter = ("bssid", "text?", "one access point of several with that name")
_MAC: Parameter = ("mac", "text", "address like 7c:df:a1:00:00:01")
_PIN: Parameter = ("pin", "int", "number of the GPIO, 0 to 46")
_SWITCH: Parameter = ("on", "int", "1 on, 0 off")
_SILENT: Parameter = ("silent", "bool?", "true: no server answers (default false)")
_REPLIES: Parameter = ("replies", "list?", "packets in hex that are sent in place of an answer")

ACTS: dict[str, Act] = {
    "status": ("show the module, its line, pins, radio and world", ()),
    "power_cycle": ("take the power away and give it back", ()),
    "brown_out": ("let the supply sag: the chip resets itself", ()),
    "power_cut_after_flash_writes": (
        "cut the power after so many flash operations",
        (("n", "int", "operations that still succeed; 0 cuts at once"),),
    ),
    "forget_silence": ("measure the longest silence of the loop anew (with --slow)", ()),
    "fault": (
        "let calls of the imitated chip fail; without parameters none does any more",
        (
            ("call", "text?", "such as atchip.ping, atchip.* or *; or heap.python, heap.c"),
            ("error", "json?", "an esp_err_t, or MemoryError"),
            ("skip", "int?", "calls that succeed before"),
            ("times", "int?", "calls that fail; 0 for ever"),
        ),
    ),
    "ap_down": ("an access point goes away", (_SSID, _BSSID)),
    "ap_up": ("an access point is back", (_SSID, _BSSID)),
    "ap_rssi": (
        "change how strong an access point is heard",
        (_SSID, ("rssi", "int", "dBm, -127 to 0"), _BSSID),
    ),
    "ap_dhcp": ("switch the DHCP server of a network", (_SSID, _SWITCH, _BSSID)),
    "ap_full": ("let an access point refuse more stations", (_SSID, _SWITCH, _BSSID)),
    "station_join": (
        "a station joins the module's softAP",
        (_MAC, ("password", "text?", "what it tries"), ("ip", "text?", "a static address")),
    ),
    "station_leave": ("a station leaves the softAP", (_MAC,)),
    "station_silent": ("a station of the softAP falls silent, and is dropped later", (_MAC,)),
    "smartconfig": (
        "a phone sends a network by SmartConfig",
        (
            ("type", "text", "esptouch, airkiss, esptouch_airkiss or esptouch_v2"),
            _SSID,
            ("password", "text", "of the network"),
            _BSSID,
            ("reserved", "text?", "data of ESPTouch v2"),
            ("key", "text?", "AES key of ESPTouch v2"),
        ),
    ),
    "wps": ("press the WPS button of an access point", (_SSID, _BSSID)),
    "dns": (
        "change what a name resolves to",
        (("name", "text", "the name"), ("ip", "json", "address, list of them, or null for none")),
    ),
    "dns_servers": ("let the name servers be silent or lie", (_SILENT, _REPLIES)),
    "time_servers": (
        "let the time servers be silent or lie",
        (_SILENT, _REPLIES, ("offset", "int?", "seconds that their time is ahead")),
    ),
    "gpio": ("change the level at an input", (_PIN, ("level", "int", "0 or 1"))),
    "adc": ("change the voltage at an input", (_PIN, ("mv", "int", "millivolts, 0 to 3300"))),
    "wave": (
        "tell what PWM is at a pin",
        (_PIN, ("is", "text?", "refuse if it is not this")),
    ),
    "device": (
        "change a device on a bus; registers of a sensor by their number, as 39=18",
        (("name", "text", "of the device"), ("present", "bool?", "whether it is on the bus")),
    ),
    "uart": (
        "whether the host is ready to receive (with --baud-timing)",
        (("cts", "int", "1 ready, 0 not"),),
    ),
}


def usage(name: str) -> str:
    """Return an act with its parameters, those that may be left out in brackets."""
    words = [name]
    for parameter, kind, _ in ACTS[name][1]:
        words.append(f"[{parameter}=...]" if kind.endswith("?") else parameter.upper())
    return " ".join(words)
