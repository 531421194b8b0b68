"""What a station aims at, and how an attempt to join it may fail.

A target, the form in which an access point is kept in flash, is a list: [SSID in hex, password
in hex, BSSID as text or None, authmode floor 0..10, listen interval or None for that of
wifi_times, scan mode, time limit in s, PMF 0..3, EAP], where EAP is None or [method, identity,
user name, password, security], the texts in hex, with the weakest RSSI and the channel to begin
with behind them if they were given.
"""

import binascii

from micropython import const

from at.errors import LinkError, is_memory

TIMED_OUT = 1  # results, as +CWJAP: counts
_WRONG_PASSWORD = const(2)
_NOT_FOUND = const(3)
_FAILED = const(4)

_LISTEN = const(4)  # place in a target


class JoinFailed(LinkError):
    """A join ended without an address.

    `result` is 1 time-out, 2 wrong password, 3 not found, 4 failed otherwise; `was_associated`:
    the access point let us in, but no address came.
    """

    def __init__(self, result, reason, was_associated=False):
        super().__init__(reason)
        self.result = result
        self.was_associated = was_associated


class DriverRefused(JoinFailed):
    """The driver did not even take the settings."""

    def __init__(self, error):
        why = "out of memory" if is_memory(error) else "the Wi-Fi driver refused: %s" % error
        super().__init__(_FAILED, why)


def result_of(reason):
    """Translate a driver's reason into a result."""
    if reason in (15, 202, 204):  # 4-way handshake time-out, authentication, handshake time-out
        return _WRONG_PASSWORD
    if reason in (201, 210, 211, 212):  # no such SSID, or none of that security, floor, strength
        return _NOT_FOUND
    return _FAILED


def make_target(ssid, password, bssid=None, floor=0, rest=(3, 0, 15, 1), eap=None):
    """Compose a target; `ssid` and `password` are bytes, `rest` goes from interval to PMF."""
    return [_hex(ssid), _hex(password), bssid, floor] + list(rest) + [eap]


def without_listen(target):
    """Return a target that has no listen interval of its own; () stays ()."""
    if not target or target[_LISTEN] is None:
        return target
    return list(target[:_LISTEN]) + [None] + list(target[_LISTEN + 1 :])


def _hex(data):
    return binascii.hexlify(data).decode()
