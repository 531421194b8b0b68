"""SNTP packets (RFC 5905 section 14): a client's request and what may be believed of an answer.

Pure functions on bytes. Times are seconds since 1970 in UTC.
"""

import struct

_SIZE = 48
_CLIENT = 0x23  # no warning, version 4, mode 3
_SERVER = 4
_EPOCH = 2208988800  # 1970-01-01 in seconds since 1900-01-01
_ERA = 0x100000000  # seconds until the 32-bit count begins again, in February 2036
_PIVOT = 0x80000000  # a smaller count belongs to the era that begins in 2036


class Refused(ValueError):
    """The server asks to be left alone (a "kiss of death"): take another one."""


def request(stamp):
    """Compose a request; `stamp` is 8 bytes that the answer must bring back."""
    return bytes((_CLIENT,)) + bytes(39) + stamp


def answer(packet, stamp, floor=0):
    """Return the server's time in seconds, rounded to the nearest.

    ValueError if this is no answer to request(stamp), the server does not know the time, or it is
    before `floor`, when no module like this one was there.
    """
    if len(packet) < _SIZE:
        raise ValueError("shorter than 48 bytes")
    if packet[0] & 7 != _SERVER or not 1 <= packet[0] >> 3 & 7 <= 4:
        raise ValueError("not a server's answer")
    if bytes(packet[24:32]) != stamp:
        raise ValueError("not the answer to this request")
    if packet[1] == 0:
        raise Refused("refused: %s" % _kiss(packet[12:16]))
    if packet[0] >> 6 == 3 or packet[1] > 15:
        raise ValueError("the server's own clock is not set")
    seconds, fraction = struct.unpack(">II", packet[40:48])
    if seconds == 0:
        raise ValueError("no time in it")
    if seconds < _PIVOT:
        seconds += _ERA
    moment = seconds - _EPOCH + (fraction >> 31)
    if moment < floor:
        raise ValueError("a time before this firmware was built")
    return moment


def _kiss(code):
    return "".join([chr(c) if 0x20 <= c < 0x7F else "?" for c in code])
