"""Provisioning and enterprise networks (manual sections 3.2.22 to 3.2.25)."""

from micropython import const

from at.command import EVENTS, command
from at.errors import (
    SUB_COUNT,
    SUB_INVALID,
    SUB_LENGTH,
    ATError,
    StateError,
    invalid,
    is_memory,
)
from at.services.wifi_target import DriverRefused, JoinFailed, make_target
from at.wire.reply import plain

EVENTS.update(
    {
        "smartconfig_type": "smartconfig type:%s",
        "smartconfig_heard": "Smart get wifi info",
        "smartconfig_ssid": lambda at, ssid: b"ssid:" + plain(ssid),
        "smartconfig_password": lambda at, password: b"password:" + plain(password),
        "smartconfig_reserved": b'+SCRD:%d,"%s"',
        "smartconfig_joined": "smartconfig connected wifi",
    }
)

CWSTARTSMART = command(
    "+CWSTARTSMART",
    "Start SmartConfig",
    (
        ("int", "type", 1, 4),  # 1 ESP-TOUCH; 2 AirKiss; 3 both; 4 ESP-TOUCH v2
        # 0 OPEN; 1 WEP; 2 WPA_PSK; 3 WPA2_PSK; 4 WPA_WPA2_PSK; 5 WPA2_ENTERPRISE; 6 WPA3_PSK;
        # 7 WPA2_WPA3_PSK
        ("int", "auth_floor", 0, 7, 0),
        ("str", "esptouch_v2_key", 16, 16, None),
    ),
)


@CWSTARTSMART.set
async def cwstartsmart_set(at, kind, floor, key):
    """Needs AT+CWMODE=1. A joined station leaves first. A key is refused with types 1 to 3.

    `+SCRD:` with the reserved data of ESP-TOUCH v2 stands behind `password:`. If what was heard
    does not lead to a join nothing more is said; the log knows why. What was joined is kept.
    """
    if key is not None and kind != 4:
        raise invalid(2, "only ESP-TOUCH v2 has a key")
    if at.wifi.mode != 1:
        raise StateError("SmartConfig needs AT+CWMODE=1")
    at.wifi.need_station()
    from at.services.wifi_provision import SmartConfig

    await SmartConfig(at.wifi, kind, floor, key).start()


@CWSTARTSMART.run
async def cwstartsmart_run(at):
    """The same as type 3."""
    await cwstartsmart_set(at, 3, 0, None)


CWSTOPSMART = command("+CWSTOPSMART", "Stop SmartConfig and free its memory")


@CWSTOPSMART.run
async def cwstopsmart_run(at):
    """OK as well if none runs. An access point that was joined stays joined."""
    await at.wifi.stop_provisioning()


WPS = command(
    "+WPS",
    "WPS push button",
    (
        ("int", "enable", 0, 1),  # 0 stop; 1 start
        ("int", "auth_floor", 0, 7, 0),
    ),
    words={"...": "+CWSTARTSMART"},
)


@WPS.set
async def wps_set(at, enable, floor):
    """Success shows as WIFI CONNECTED and WIFI GOT IP; a failure in the log only."""
    if not enable:
        at.wifi.need(1)
        await at.wifi.stop_provisioning()
        return
    at.wifi.need_station()
    from at.services.wifi_provision import Wps

    await Wps(at.wifi, floor).start()


# Errors of AT+CWJEAP, manual 3.2.25; the others are the service's.
_NO_MEMORY = const(0x8001)
_CONN_FAILED = const(0x8003)
_SET_WIFI_CONFIG = const(0x8004)
_ALREADY_CONNECTED = const(0x8011)
_GET_SSID = const(0x8012)
_SSID_NULL = const(0x8013)
_CONN_TIMEOUT = const(0x8016)
_METHOD_SECURITY_UNMATCHED = const(0x801F)
_PARAMETER_COUNT = const(0x8020)
_NO_MODE = const(0x8021)
_MODE_NOT_STATION = const(0x8022)
_SET_CONFIG = const(0x8023)
_METHOD_ERROR = const(0x8024)
_ANY_RSSI = const(-127)
_SSID_LENGTH = const(0x8014)
_GET_METHOD = const(0x8015)
_GET_IDENTITY = const(0x8017)
_GET_USERNAME = const(0x8019)
_GET_PASSWORD = const(0x801B)
_GET_SECURITY = const(0x801D)

# Of each parameter: what it is that cannot be read, and what is wrong otherwise.
_REFUSALS = (
    (_GET_SSID, _SSID_LENGTH),
    (_GET_METHOD, _METHOD_ERROR),
    (_GET_IDENTITY, _GET_IDENTITY + 1),
    (_GET_USERNAME, _GET_USERNAME + 1),
    (_GET_PASSWORD, _GET_PASSWORD + 1),
    (_GET_SECURITY, _GET_SECURITY + 1),
)

CWJEAP = command(
    "+CWJEAP",
    "Join a WPA2-Enterprise access point",
    (
        ("str", "ssid", 1, 32),
        ("int", "method", 0, 2),  # 0 EAP-TLS; 1 EAP-PEAP; 2 EAP-TTLS
        ("str", "identity", 1, 32),
        ("str", "username", 1, 32, None),
        ("str", "password", 1, 32, None),
        ("int", "security", 0, 3),  # +1 show the client's certificate; +2 check the server's
        ("int", "jeap_timeout", 3, 600, 15),  # seconds
        ("int", "rssi", -128, 127, None),  # dBm, the weakest that will do
        ("mac", "bssid", None),
        ("int", "channel", 0, 14, None),  # 0 anywhere; 1-14 where to look first
        # 0 the first that is found; 1 the strongest on all channels
        ("int", "scan_mode", 0, 1, 0),
        # 0 WPA2-Enterprise or WPA3-Enterprise; 1 WPA3-Enterprise only
        ("int", "auth_mode", 0, 1, 0),
    ),
    stores="wifi_ap",
    text='+CWJEAP:"ssid"(32),(0-2),"identity"(32),"username"(32),"password"(32),(0-3),(3-600)',
    since="main: `rssi`, `bssid`, `channel`, `scan_mode`, `auth_mode`",
)


@CWJEAP.refuse
def cwjeap_refuse(error, tokens):
    """Give what is wrong with a parameter the codes of this command."""
    if error.sub == SUB_COUNT:
        return ATError(error.reason, _PARAMETER_COUNT)
    if error.ext >= len(_REFUSALS):
        return error
    unreadable, wrong = _REFUSALS[error.ext]
    if error.ext == 0 and tokens and tokens[0] == b"":
        return ATError(error.reason, _SSID_NULL)
    is_missing = error.ext >= len(tokens) or tokens[error.ext] is None
    is_wrong = error.sub in (SUB_LENGTH, SUB_INVALID) and not is_missing
    return ATError(error.reason, wrong if is_wrong else unreadable)


@CWJEAP.query
def cwjeap_query(at):
    """`+CWJEAP:<ssid>,<method>,<identity>,<username>,<password>,<security>`.

    Only OK while the station is not in an enterprise network.
    """
    station = at.wifi.station
    eap = station.is_associated and station.target[8]
    if eap:
        method, identity, username, password, security = eap[:5]
        texts = [bytes.fromhex(text) for text in (identity, username, password)]
        at.reply(station.ssid, method, *texts, security)


@CWJEAP.set
async def cwjeap_set(at, ssid, method, identity, username, password, security, limit_s, *rest):
    """EAP-TLS needs bit 0 of security, PEAP and TTLS username and password.

    Certificates are wpa2_ca, wpa2_cert and wpa2_key of the manufacturing data. ERR CODE has the
    codes 0x80.. of the manual as extension: docs/enterprise-errors.md. Joining the same network
    with the same data again is an error. Without rssi any signal will do.
    """
    if not at.wifi.is_running:
        raise StateError("the Wi-Fi driver is stopped; AT+CWINIT=1 starts it", _NO_MODE)
    if at.wifi.mode & 1 == 0:
        raise StateError("the station is off; AT+CWMODE=1 turns it on", _MODE_NOT_STATION)
    at.wifi.need_station()
    _need_what_proves(method, username, password, security)
    texts = [(text or b"").hex() for text in (identity, username, password)]
    rssi, bssid, channel, scan_mode, auth_mode = rest
    eap = [method] + texts + [security]
    if rssi is not None or channel is not None:
        eap += [_ANY_RSSI if rssi is None else rssi, channel or 0]
    pmf = 3 if auth_mode else 1  # WPA3-Enterprise is WPA2's with protected management frames
    target = make_target(ssid, b"", bssid, rest=(None, scan_mode, limit_s, pmf), eap=eap)
    station = at.wifi.station
    if station.is_joined and station.target == target:
        raise ATError("joined already", _ALREADY_CONNECTED)
    try:
        await station.join(target)
    except JoinFailed as error:
        if error.result == 1:
            at.line(at.name + ":Timeout")
        raise ATError(error.reason, _code_of(error))
    except MemoryError:
        raise ATError("out of memory", _NO_MEMORY)
    except OSError as error:
        why = "out of memory" if is_memory(error) else error
        raise ATError("joined, but not kept: %s" % why, _SET_CONFIG)


def _need_what_proves(method, username, password, security):
    """Raise ATError unless there is what a method shows to the network."""
    if method == 0 and not security & 1:
        raise ATError("EAP-TLS shows a client certificate", _METHOD_SECURITY_UNMATCHED)
    if method and username is None:
        raise ATError("PEAP and TTLS need a user name", _GET_USERNAME)
    if method and password is None:
        raise ATError("PEAP and TTLS need a password", _GET_PASSWORD)


def _code_of(error):
    if isinstance(error, DriverRefused):
        return _SET_WIFI_CONFIG
    return _CONN_TIMEOUT if error.result == 1 else _CONN_FAILED
