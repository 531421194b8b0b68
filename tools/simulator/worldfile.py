"""Reading a world file: every key is checked, every complaint names file and key.

A row of a table below is (key, check, default); a check takes the value and returns it, or raises
ValueError saying what would be right.
"""

import ipaddress
import re
import socket
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tools.simulator.errors import WorldError

SECURITY = (
    *("open", "wep", "wpa_psk", "wpa2_psk", "wpa_wpa2_psk", "wpa2_enterprise"),
    *("wpa3_psk", "wpa2_wpa3_psk", "wapi_psk", "owe"),
)
GPIOS = 47
HIGHEST_MV = 3300
Check = Callable[[Any], Any]


def integer(low: int, high: int) -> Check:
    """Return a check for an integer in a range."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return check


def text(low: int, high: int) -> Check:
    """Return a check for a string by its length in bytes."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not low <= len(value.encode()) <= high:
            raise ValueError(f"must be a text of {low} to {high} bytes")
        return value

    return check


def one_of(words: tuple[str, ...]) -> Check:
    """Return a check for one of some words."""

    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return check


def mac(value: Any) -> str:
    """Check a MAC address; return it in lower case."""
    if not isinstance(value, str) or not re.fullmatch(
        r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", value
    ):
        raise ValueError("must be a MAC address like ca:d7:19:d8:a6:44")
    return value.lower()


def ipv4(value: Any) -> str:
    """Check an IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(value if isinstance(value, str) else "-"))
    except ValueError:
        raise ValueError("must be an IPv4 address like 127.0.0.2") from None


def own_address(value: Any) -> str:
    """Check an IPv4 address that this PC can give away: of its loopback network or an interface.

    127.0.0.1 is the PC's own.
    """
    address = ipv4(value)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            address = "127.0.0.1"
    if address in ("127.0.0.1", "0.0.0.0"):
        raise ValueError(
            "must be an address in 127.0.0.0/8, other than 127.0.0.1, or of an interface"
        )
    return address


def switch(value: Any) -> bool:
    """Check true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def addresses(value: Any) -> list[str]:
    """Check one IP address, a list of them, or "" for none."""
    listed = [] if value == "" else value if isinstance(value, list) else [value]
    try:
        return [str(ipaddress.ip_address(one if isinstance(one, str) else "-")) for one in listed]
    except ValueError:
        raise ValueError('must be an IP address, a list of them, or ""') from None


PMF = ("off", "capable", "required")


def protocols(value: Any) -> str:
    """Check 802.11 protocols."""
    if value not in ("b", "bg", "bgn"):
        raise ValueError("must be b, bg or bgn")
    return value


def prefix(value: Any) -> str:
    """Check an IPv6 prefix of 64 bits, or "" for none."""
    if value != "":
        try:
            if ipaddress.IPv6Network(value).prefixlen != 64:
                value = None
        except ValueError:
            value = None
        if value is None:
            raise ValueError("must be an IPv6 prefix like 2001:db8:1::/64")
    return value


def methods(value: Any) -> list[str]:
    """Check a list of EAP methods."""
    known = ("tls", "peap", "ttls")
    if not isinstance(value, list) or not value or any(each not in known for each in value):
        raise ValueError(f"must be a list of {', '.join(known)}")
    return value


def users(value: Any) -> dict[str, str]:
    """Check users and their passwords."""
    return _free_table("users", value, text(1, 32), text(1, 32))


def eap(value: Any) -> dict[str, Any]:
    """Check the authentication server of an enterprise network."""
    return _table("eap", value, _EAP)


_EAP = (
    ("methods", methods, ["tls", "peap", "ttls"]),
    ("users", users, {}),
    ("ca", text(1, 255), "build/certs/wpa2_ca.pem"),
)
_AP = (
    ("ssid", text(1, 32), None),
    ("password", text(0, 64), ""),
    ("security", one_of(SECURITY), None),
    ("bssid", mac, None),
    ("channel", integer(1, 14), 1),
    ("rssi", integer(-127, 0), -50),
    ("hidden", switch, False),
    ("up", switch, True),
    ("dhcp", switch, True),
    ("full", switch, False),
    ("ipv6", prefix, ""),
    ("wps", switch, False),
    ("pmf", one_of(PMF), None),
    ("protocols", protocols, "bgn"),
    ("eap", eap, None),
)
_DHCP = (
    ("first", own_address, "127.0.0.2"),
    ("last", own_address, "127.0.0.99"),
    ("gateway", ipv4, "127.0.0.1"),
    ("netmask", ipv4, "255.0.0.0"),
)


def registers(value: Any) -> dict[int, int]:
    """Check the registers of a sensor: number = value, both 0 to 255."""
    if not isinstance(value, dict):
        raise ValueError("must be a table like { 0x27 = 0x12 }")
    checked = {}
    for key, content in value.items():
        try:
            number = int(key, 0)
        except ValueError:
            number = -1
        if not 0 <= number <= 0xFF:
            raise ValueError(f"there is no register {key}, only 0 to 255")
        checked[number] = integer(0, 0xFF)(content)
    return checked


_I2C = (
    ("device", one_of(("eeprom", "sensor")), None),
    ("name", text(1, 32), ""),
    ("scl", integer(0, GPIOS - 1), 9),
    ("sda", integer(0, GPIOS - 1), 8),
    ("address", integer(0, 0x3FF), None),
    ("ten_bit", switch, False),
    ("size", integer(1, 65536), 4096),
    ("page", integer(1, 256), 32),
    ("cycle_ms", integer(0, 1000), 5),
    ("registers", registers, {}),
)


def identity(value: Any) -> str:
    """Check what a flash says of itself: hexadecimal bytes."""
    if not isinstance(value, str) or not re.fullmatch("([0-9a-fA-F]{2}){1,16}", value):
        raise ValueError("must be hexadecimal bytes like ef4014")
    return value


_SPI = (
    ("device", one_of(("flash",)), None),
    ("name", text(1, 32), ""),
    ("mosi", integer(0, GPIOS - 1), 35),
    ("miso", integer(0, GPIOS - 1), 37),
    ("sclk", integer(0, GPIOS - 1), 36),
    ("cs", integer(0, GPIOS - 1), 34),
    ("id", identity, "ef4014"),
    ("size", integer(256, 2**24), 2**20),
    ("cycle_ms", integer(0, 1000), 3),
)
_CLOCK = (("offset", integer(-(2**31), 2**31 - 1), 0),)


def load(path: Path) -> dict[str, Any]:
    """Return the checked world with all defaults filled in; WorldError if it is wrong."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise WorldError(f"{path}: {error}") from error
    try:
        return _world(raw)
    except ValueError as error:
        raise WorldError(f"{path}: {error}") from error


def _world(raw: dict[str, Any]) -> dict[str, Any]:
    known = ("ap", "dhcp", "dns", "clock", "gpio", "adc", "i2c", "spi")
    for name in raw:
        if name not in known:
            raise ValueError(f"{name}: no such section; there are {', '.join(known)}")
    world = {
        "ap": [_ap(row, number) for number, row in _rows(raw, "ap", "access point")],
        "i2c": [_i2c(row, number) for number, row in _rows(raw, "i2c", "device")],
        "spi": [_spi(row, number) for number, row in _rows(raw, "spi", "device")],
        "dhcp": _table("dhcp", raw.get("dhcp", {}), _DHCP),
        "dns": _free_table("dns", raw.get("dns", {}), str.lower, addresses),
        "clock": _table("clock", raw.get("clock", {}), _CLOCK),
        "gpio": _free_table("gpio", raw.get("gpio", {}), _pin, integer(0, 1)),
        "adc": _free_table("adc", raw.get("adc", {}), _pin, integer(0, HIGHEST_MV)),
    }
    first, last = (ipaddress.IPv4Address(world["dhcp"][key]) for key in ("first", "last"))
    if first > last:
        raise ValueError("dhcp.last: must not come before dhcp.first")
    return world


def _rows(raw: dict[str, Any], name: str, what: str) -> Iterator[tuple[int, Any]]:
    rows = raw.get(name, [])
    if not isinstance(rows, list):
        raise ValueError(f"{name}: must be written [[{name}]], once for each {what}")
    return enumerate(rows, 1)


def _i2c(row: Any, number: int) -> dict[str, Any]:
    """Check one device on an I2C bus."""
    name = f"i2c {number}"
    device = _table(name, row, _I2C)
    for key in ("device", "address"):
        if device[key] is None:
            raise ValueError(f"{name}.{key}: is missing")
    if device["address"] > 0x7F and not device["ten_bit"]:
        raise ValueError(f"{name}.address: only with ten_bit = true above 0x7f")
    return device


def _spi(row: Any, number: int) -> dict[str, Any]:
    """Check one device on an SPI bus."""
    device = _table(f"spi {number}", row, _SPI)
    if device["device"] is None:
        raise ValueError(f"spi {number}.device: is missing")
    return device


def _ap(row: Any, number: int) -> dict[str, Any]:
    """Check one access point; give it a security and a BSSID if it has none."""
    name = f"ap {number}"
    if isinstance(row, dict) and isinstance(row.get("ssid"), str):
        name = f"ap {row['ssid']!r}"
    ap = _table(name, row, _AP)
    if ap["ssid"] is None:
        raise ValueError(f"{name}.ssid: is missing")
    ap["security"] = ap["security"] or ("wpa2_psk" if ap["password"] else "open")
    ap["bssid"] = ap["bssid"] or f"ca:d7:19:00:00:{number & 0xFF:02x}"
    ap["eap"] = ap["eap"] or _table("eap", {}, _EAP)
    if ap["pmf"] is None:
        ap["pmf"] = _usual_pmf(ap["security"])
    if ap["security"].endswith("_psk") and len(ap["password"].encode()) < 8:
        raise ValueError(f"{name}.password: {ap['security']} needs at least 8 bytes")
    return ap


def _usual_pmf(security: str) -> str:
    if security in ("wpa3_psk", "owe"):
        return "required"
    return "capable" if security in ("wpa2_psk", "wpa2_wpa3_psk", "wpa2_enterprise") else "off"


def _table(name: str, raw: Any, rows: tuple[tuple[str, Check, Any], ...]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{name}: must be a section")
    known = {key: check for key, check, _ in rows}
    values = {key: default for key, _, default in rows}
    for key, value in raw.items():
        if key not in known:
            raise ValueError(f"{name}.{key}: no such key; there are {', '.join(known)}")
        values[key] = _checked(f"{name}.{key}", known[key], value)
    return values


def _free_table(name: str, raw: Any, key_check: Check, check: Check) -> dict[Any, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{name}: must be a section")
    return {
        _checked(f"{name}.{key}", key_check, key): _checked(f"{name}.{key}", check, value)
        for key, value in raw.items()
    }


def _checked(name: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _pin(key: str) -> int:
    if not key.isdigit() or int(key) >= GPIOS:
        raise ValueError(f"pins have numbers from 0 to {GPIOS - 1}")
    return int(key)
