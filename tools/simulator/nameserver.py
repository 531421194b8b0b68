"""The world's name servers: real DNS packets on unprivileged ports of the loopback interface.

Names come from the world (`[dns]` of the world file, the control command `dns`), others from this
PC's own resolver. Names under odd.test behave oddly, for tests: see _ODD. Which addresses the
module reaches these servers at is the business of the routes (firmware/atlink/route.h).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from itertools import pairwise

import dnslib
from dnslib import QTYPE, RCODE

from tools.simulator.datagrams import Datagrams
from tools.simulator.loop import Loop

# What each name under odd.test does. Addresses are 127.0.0.1 and ::1 where nothing else is said.
_ODD = {
    "alias": "is another name for real.odd.test, whose address must be asked for",
    "chain": "is three names in a row, all in one answer",
    "loop": "is another name for itself",
    "refused": "is refused",
    "servfail": "makes the server fail",
    "silent": "is not answered",
    "late": "is answered when asked for the second time",
    "cut": "has an answer that is too long for a packet",
    "garbage": "is answered by garbage first, then well",
    "forged": "is answered by 127.0.0.66 under a wrong number first, then well",
    "v4": "has an IPv4 address only",
    "v6": "has an IPv6 address only",
    "empty": "has no address",
    "kept": "may be kept for an hour; its address counts the questions, from 127.0.1.1",
}
_ODD_ZONE = ".odd.test"
_REAL_TTL_S = 60  # of names that this PC resolved
_MAX_PACKET = 512
_TYPES = {QTYPE.A: 4, QTYPE.AAAA: 6}
Names = Callable[[], dict[str, list[str]]]


class NameServer(Datagrams):
    """Answers on one socket for each address that the module may ask."""

    def __init__(self, loop: Loop, names: Names, log: Callable[[str], None]) -> None:
        super().__init__(loop)
        self._names = names
        self._log = log
        self._asked: dict[str, int] = {}
        self.is_silent = False
        self.replies: list[bytes] = []  # what is sent in place of an answer; see _say_replies
        self.last_query = b""

    def serve(self, family: int) -> int | None:
        """Open one more server and return its port; None without IPv6 on this PC."""
        return self.open(family, self._receive)

    def _receive(self, sock: socket.socket) -> None:
        try:
            packet, sender = sock.recvfrom(4096)
            self.last_query = packet
            query = dnslib.DNSRecord.parse(packet)
            name = str(query.q.qname).rstrip(".").lower()
        except (OSError, dnslib.DNSError, ValueError) as error:
            self._log(f"dns: what came is no query: {error}")
            return
        if self.is_silent:
            return
        if self.replies:
            self._say_replies(sock, sender)
            return

        def send(reply: dnslib.DNSRecord | bytes) -> None:
            data = reply if isinstance(reply, bytes) else bytes(reply.pack())
            try:
                sock.sendto(
                    data if len(data) <= _MAX_PACKET else bytes(query.reply().truncate().pack()),
                    sender,
                )
            except OSError as error:  # the module is gone
                self._log(f"dns: {error}")

        listed = self.find(name)
        if listed is not None:
            send(answer(query, listed, 0))
        elif name.endswith(_ODD_ZONE):
            self._answer_oddly(query, name[: -len(_ODD_ZONE)], send)
        elif name.endswith(".local") or query.q.qtype not in _TYPES:
            send(refuse(query, RCODE.NXDOMAIN))
        else:
            threading.Thread(target=lambda: send(resolve(query, name)), daemon=True).start()

    def _say_replies(self, sock: socket.socket, sender: tuple[str, int]) -> None:
        """Send what a test wants to be sent; FF FF at the start stands for the query's number."""
        for reply in self.replies:
            mine = self.last_query[:2] if reply[:2] == b"\xff\xff" else reply[:2]
            try:
                sock.sendto(mine + reply[2:], sender)
            except OSError as error:  # the module is gone
                self._log(f"dns: {error}")

    def find(self, name: str) -> list[str] | None:
        """Return the addresses that the world gives a name; None if it says nothing of it."""
        names = self._names()
        if name in names:
            return names[name]
        if name.endswith(_ODD_ZONE):
            return None
        zones = [zone for zone in names if zone.startswith(".") and name.endswith(zone)]
        return names[max(zones, key=len)] if zones else None

    def _answer_oddly(
        self, query: dnslib.DNSRecord, what: str, send: Callable[[dnslib.DNSRecord | bytes], None]
    ) -> None:
        self._asked[what] = self._asked.get(what, 0) + 1
        good = answer(query, ["127.0.0.1", "::1"], 0)
        if what in ("refused", "servfail"):
            send(refuse(query, RCODE.REFUSED if what == "refused" else RCODE.SERVFAIL))
        elif what in ("alias", "loop", "chain"):
            send(_aliases(query, what))
        elif what == "cut":
            cut = query.reply()  # dnslib's truncate() leaves the question out
            cut.header.tc = 1
            send(cut)
        elif what in ("v4", "v6"):
            send(answer(query, ["127.0.0.1" if what == "v4" else "::1"], 0))
        elif what == "empty":
            send(answer(query, ["192.0.2.1" if query.q.qtype != QTYPE.A else "::1"], 0))
        elif what == "kept":
            send(answer(query, [f"127.0.1.{self._asked[what] % 256}"], 3600))
        elif what == "silent" or (what == "late" and self._asked[what] % 2):
            pass
        elif what == "real" or what in _ODD:
            if what == "garbage":
                send(b"\xff" * 40)
                send(bytes(good.pack()[:-3]))
            elif what == "forged":
                wrong = answer(query, ["127.0.0.66", "::66"], 3600)
                wrong.header.id ^= 1
                send(wrong)
            send(good)
        else:
            send(refuse(query, RCODE.NXDOMAIN))


def answer(query: dnslib.DNSRecord, addresses: list[str], ttl_s: int) -> dnslib.DNSRecord:
    """Answer with those of the addresses that are of the kind asked for; none: no such name."""
    if not addresses:
        return refuse(query, RCODE.NXDOMAIN)
    reply = query.reply()
    for text in addresses:
        if ipaddress.ip_address(text).version == _TYPES.get(query.q.qtype):
            data = dnslib.A(text) if ":" not in text else dnslib.AAAA(text)
            reply.add_answer(dnslib.RR(query.q.qname, query.q.qtype, ttl=ttl_s, rdata=data))
    return reply


def refuse(query: dnslib.DNSRecord, code: int) -> dnslib.DNSRecord:
    """Answer with an error."""
    reply = query.reply()
    reply.header.rcode = code
    return reply


def resolve(query: dnslib.DNSRecord, name: str) -> dnslib.DNSRecord:
    """Answer from this PC's resolver, which may take its time."""
    family = socket.AF_INET6 if query.q.qtype == QTYPE.AAAA else socket.AF_INET
    try:
        found = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        temporary = error.errno == socket.EAI_AGAIN
        return refuse(query, RCODE.SERVFAIL if temporary else RCODE.NXDOMAIN)
    except (OSError, UnicodeError):
        return refuse(query, RCODE.SERVFAIL)
    return answer(query, [str(row[4][0]).split("%")[0] for row in found], _REAL_TTL_S)


def _aliases(query: dnslib.DNSRecord, what: str) -> dnslib.DNSRecord:
    reply = query.reply()
    names = {
        "alias": ["alias", "real"],
        "loop": ["loop", "other", "loop"],
        "chain": ["chain", "link1", "link2", "real"],
    }[what]
    full = [name + _ODD_ZONE for name in names]
    for owner, target in pairwise(full):
        reply.add_answer(dnslib.RR(owner, QTYPE.CNAME, ttl=0, rdata=dnslib.CNAME(target)))
    if what == "chain":
        data = dnslib.A("127.0.0.1") if query.q.qtype == QTYPE.A else dnslib.AAAA("::1")
        reply.add_answer(dnslib.RR(full[-1], query.q.qtype, ttl=0, rdata=data))
    return reply
