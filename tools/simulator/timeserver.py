"""The world's time servers: real SNTP packets with the world's clock.

One that is right, and for tests some that are not; see _MOODS.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

from tools.simulator.datagrams import Datagrams
from tools.simulator.loop import Loop

GOOD = "good"
# Servers that the module should not believe, and what they do.
MOODS = {
    "kiss": "asks to be left alone",
    "unset": "says that its own clock is not set",
    "forged": "answers another question first, with a time in 2001, then well",
    "silent": "does not answer",
}
_EPOCH = 2208988800  # 1970 in seconds since 1900
_SIZE = 48


class TimeServer(Datagrams):
    """Answers on one socket for each mood."""

    def __init__(self, loop: Loop, offset_s: Callable[[], int]) -> None:
        super().__init__(loop)
        self._offset_s = offset_s
        self.is_silent = False
        self.replies: list[bytes] = []  # sent in place of an answer, with the query's stamp
        self.asked = 0

    def serve(self, mood: str, family: int = 4) -> int | None:
        """Open one more server and return its port; None without IPv6 on this PC."""
        return self.open(family, lambda sock: self._receive(sock, mood))

    def _receive(self, sock: socket.socket, mood: str) -> None:
        try:
            packet, sender = sock.recvfrom(1024)
        except OSError:
            return
        self.asked += 1
        if self.is_silent or mood == "silent" or len(packet) < _SIZE or packet[0] & 7 != 3:
            return
        try:
            if self.replies:
                for reply in self.replies:
                    sock.sendto(reply[:24] + packet[40:48] + reply[32:], sender)
                return
            if mood == "forged":
                sock.sendto(self._answer(bytes(_SIZE), GOOD, at=1_000_000_000.0), sender)
            sock.sendto(self._answer(packet, mood), sender)
        except OSError:  # the module is gone
            return

    def _answer(self, packet: bytes, mood: str, at: float | None = None) -> bytes:
        now = time.time() + self._offset_s() if at is None else at
        stamp = struct.pack(">Q", int((now + _EPOCH) * 2**32) & (2**64 - 1))
        leap, stratum, reference = 0, 2, b"PC\0\0"
        if mood == "kiss":
            leap, stratum, reference = 3, 0, b"DENY"
        elif mood == "unset":
            leap, stratum = 3, 16
        version = packet[0] >> 3 & 7 or 4
        head = bytes((leap << 6 | version << 3 | 4, stratum, packet[2], 0xEC))
        return head + bytes(8) + reference + stamp + packet[40:48] + stamp + stamp
