"""Names to addresses: an own DNS client that never blocks, and AT+CIPDNS's choice of servers.

Owns the servers in use, the order of asking them, and a few recent answers: AT+CIPSEND to a
named host would else cost a question for each datagram. Answers are kept as long as they allow,
one hour at most. The packets are wire/dns.py's.
"""

import os
import time

import atnet
from at.errors import ATError, LinkError, StateError
from at.loop import within
from at.services.exchange import exchange, exchange_now
from at.wire import dns

_FALLBACK = ("208.67.222.222", "8.8.8.8")  # manual 3.3.37
_PORT = 53
_WAITS_MS = (1000, 2000, 3000)  # for an answer, in the first round over the servers and the next
_MAX_ALIASES = 8
_MAX_KEPT = 4
_MAX_KEEP_S = 3600
_IPV4_ONLY = 2  # families of resolve()
_IPV6_ONLY = 3


class Names:
    """Resolves names; `is_manual` tells whether AT+CIPDNS fixed the servers."""

    def __init__(self, settings, wifi):
        self._settings = settings
        self._wifi = wifi
        self._leased = ()  # servers that DHCP gave
        self._kept = []  # (name, kind, address, end in ticks)
        wifi.on_change(self._take_lease)
        self._take_lease()

    # Servers.

    @property
    def is_manual(self):
        """Whether the servers were set by hand."""
        return bool(self._settings.get("dns"))

    def servers(self):
        """Return the servers in use, best first: two, or three if set by hand."""
        manual = self._settings.get("dns")
        return manual if manual else self._leased + _FALLBACK[len(self._leased) :]

    def set_servers(self, servers):
        """Use and keep these servers, the fallback if there are none."""
        self._change(list(servers or _FALLBACK))

    def set_automatic(self):
        """Use the fallback until DHCP gives servers the next time (manual 3.3.37)."""
        self._leased = ()
        self._change([])

    def _change(self, servers):
        self._settings.put("dns", servers)
        self._kept.clear()

    def _take_lease(self):
        if self._wifi.is_joined:
            self._leased = tuple(self._wifi.dns_servers())[: len(_FALLBACK)]
        self._kept.clear()  # another network may have other answers

    # Resolving.

    async def resolve(self, host, family=1, timeout_ms=0):
        """Return an address of `host` as text; numeric hosts come back as they are.

        `family`: 1 IPv4 if there is one, else IPv6; 2 IPv4 only; 3 IPv6 only. `timeout_ms` 0
        leaves it to the retries, which end in less than 20 s. LinkError if there is no address.
        """
        numeric = _numeric(host, family)
        if numeric:
            return numeric
        return await self._find_in_time(host, self._kinds(family), timeout_ms)

    async def resolve_all(self, host, family=1, timeout_ms=0):
        """Return all addresses that the answer has; the rest is as of resolve()."""
        numeric = _numeric(host, family)
        if numeric:
            return [numeric]
        found = []
        await self._find_in_time(host, self._kinds(family), timeout_ms, found)
        return found

    async def _find_in_time(self, host, kinds, timeout_ms, found=None):
        work = self._find(host, kinds, found)
        if not timeout_ms:
            return await work
        import asyncio

        try:
            return await within(work, timeout_ms)
        except asyncio.TimeoutError:
            raise LinkError("%s was not resolved in %d ms" % (host, timeout_ms))

    def resolve_now(self, host, family):
        """Return [(4 or 6, address)] and stop everything else meanwhile: for lib/socket.py.

        `family` is 0, 4 or 6. OSError if there is none.
        """
        try:
            kinds = self._kinds({0: 1, 4: _IPV4_ONLY, 6: _IPV6_ONLY}[family])
            search = Search(self, host, kinds)
            while search.step is not None:
                try:
                    answer = exchange_now(*search.step)
                except LinkError:
                    answer = None
                search.go_on(answer)
        except ATError as error:
            raise OSError(-2, error.reason)
        address = str(search.address)
        return [(6 if ":" in address else 4, address)]

    def need_network(self):
        """Raise StateError unless some interface has an address."""
        if not self._wifi.has_ip:
            raise StateError("no IP address; join an access point first")

    def _kinds(self, family):
        """Return the kinds of records to ask for, in that order."""
        has_ipv6 = self._wifi.net.has_ipv6
        if family == _IPV6_ONLY and not has_ipv6:
            raise StateError("IPv6 is off; AT+CIPV6=1 turns it on")
        self.need_network()
        if family == _IPV6_ONLY:
            return (dns.AAAA,)
        return (dns.A, dns.AAAA) if has_ipv6 and family != _IPV4_ONLY else (dns.A,)

    async def _find(self, host, kinds, found):
        search = Search(self, host, kinds, found)
        while search.step is not None:
            try:
                answer = await exchange(*search.step)
            except LinkError:  # the next server may be nearer
                answer = None
            search.go_on(answer)
        return search.address

    # Recent answers.

    def recall(self, name, kind):
        """Return the address that is still good, or None."""
        now = time.ticks_ms()
        self._kept = [row for row in self._kept if time.ticks_diff(row[3], now) > 0]
        for row in self._kept:
            if row[0] == name and row[1] == kind:
                return row[2]
        return None

    def keep(self, name, kind, address, keep_s):
        """Remember an answer for as long as it allows."""
        if keep_s:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.pop(0)
            end = time.ticks_add(time.ticks_ms(), min(keep_s, _MAX_KEEP_S) * 1000)
            self._kept.append((name, kind, address, end))


class Search:
    """The way from a name to an address, without the waiting.

    `step` is what to hand to exchange() next, None when `address` is there; go_on() takes what
    came of it. LinkError as soon as there will be no address.
    """

    def __init__(self, names, host, kinds, found=None):
        try:
            self._name = dns.pack_name(host)
        except ValueError as error:
            raise LinkError("%s is no host name: %s" % (host, error))
        self._names = names
        self._host = host
        self._kinds = kinds
        self._found = found  # gets all addresses of an answer
        self.address = ""
        self.step = None
        self._aliases = 0  # followed, all told: they may go in a circle
        self._ask(self._name, 0)

    def _ask(self, wanted, kind):
        """Begin with the record number `kind` of a name, which may be an alias."""
        if wanted == self._name and self._found is None:
            self.address = self._names.recall(wanted, self._kinds[kind]) or ""
            if self.address:
                self.step = None
                return
        self._wanted = wanted
        self._kind = kind
        self._servers = list(self._names.servers())
        self._round = 0
        self._next = 0
        self._make_step()

    def _make_step(self):
        ident = int.from_bytes(os.urandom(2), "big")
        wanted, kind = self._wanted, self._kinds[self._kind]
        self.step = (
            self._servers[self._next],
            _PORT,
            dns.query(ident, wanted, kind),
            _WAITS_MS[self._round],
            lambda packet: dns.answer(packet, ident, wanted, kind, self._found),
        )

    def go_on(self, answer):
        """Take dns.answer()'s result of this step, None if the server did not answer."""
        said, value, keep_s = answer or (None, None, 0)
        if said == dns.FOUND:
            self._names.keep(self._name, self._kinds[self._kind], value, keep_s)
            self.address = value
            self.step = None
        elif said == dns.ALIAS:
            self._aliases += 1
            if self._aliases > _MAX_ALIASES:
                raise LinkError("%s has too many aliases" % self._host)
            self._ask(value, self._kind)
        elif said == dns.UNKNOWN:
            raise LinkError("there is no host %s" % self._host)
        elif said == dns.EMPTY:
            if self._kind + 1 == len(self._kinds):
                raise LinkError("%s has no address of this kind" % self._host)
            self._ask(self._name, self._kind + 1)
        else:
            self._pass_over(said == dns.FAILED)

    def _pass_over(self, has_failed):
        """Go on to the next server; one that says it cannot help is not asked again."""
        if has_failed:
            self._servers.pop(self._next)
        else:
            self._next += 1
        if not self._servers:
            raise LinkError("no DNS server knows about %s" % self._host)
        if self._next == len(self._servers):
            self._next = 0
            self._round += 1
            if self._round == len(_WAITS_MS):
                raise LinkError("no DNS server answered")
        self._make_step()


def _numeric(host, family):
    """Return a numeric host in normal form, None if it is a name; LinkError if unwanted."""
    found = atnet.address(host)
    if found is None:
        return None
    if (family == _IPV4_ONLY and found[0] != 4) or (family == _IPV6_ONLY and found[0] != 6):
        raise LinkError("%s is not of the address family that is wanted" % host)
    return found[1]


def create(at):
    """Build the service from those it stands on."""
    return Names(at.settings, at.wifi)
