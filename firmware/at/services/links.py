"""The five links: which are taken, how their data reaches the host, when they end.

Owns the table of links that clients and the server share, the receive mode of each, the socket
options of AT+CIPTCPOPT, and the news that a link opened or closed. Sockets are link.py's, the
server is server.py's, sending is sending.py's.

Data of a link flows in C (atnet.down): with +IPD heads in active mode, bare in passthrough. In
passive mode it stays in the socket until read() is asked for it, and C says that it is there
(atnet.DOWN_NOTICE). Python sees a link only when it ends, or when C may not say so.
"""

import asyncio

import atnet
from at.errors import LinkError, StateError
from at.loop import on, within
from at.services.link import Link
from at.services.link_table import Table
from at.services.loss import is_lost
from at.settings import patched, patched_rows

COUNT = 5
ACTIVE = 0
PASSIVE = 1
_SINGLE = 2  # with PASSIVE: the lengths told are those of the next datagram
_DATAGRAM = 2920  # longest that is read in one piece
_OPEN_MS = 60000  # longest attempt to connect, names and TLS included, if none is given
_IPV4_ONLY = 2  # families of names.resolve()
_IPV6_ONLY = 3


class Links(Table):
    """Links 0..4; `mux` is AT+CIPMUX, `info` AT+CIPDINFO, `is_raw` AT+CIPMODE."""

    def __init__(self, settings, names, get_tls, wifi, emit, port, log, count=COUNT):
        super().__init__(count)
        self.mux = False
        self.info = False
        self.is_raw = False
        self.is_shut = False  # another passthrough has the port
        self.was_used = False  # some link has been open since the module started
        self.on_open = None  # passthrough's ear: functions of a link
        self.on_end = None
        self._settings = settings
        self._names = names
        self._get_tls = get_tls  # function: what TLS links trust and show
        self._wifi = wifi
        self._emit = emit
        self._port = port
        self._log = log
        self._modes = bytearray(count)
        self.persists = bytearray(count)  # AT+CIPCONNPERSIST: of each number
        self._options = list(settings.get("tcp_options"))  # rows change as a whole
        wifi.on_change(self._addresses_changed)

    # Each command that sends asks for its link: found here and not in the table, it costs less.

    def get(self, number):
        """Return an open link, or raise StateError."""
        link = self._links[number]
        if link is None or not link.is_open:
            raise StateError("link %d is not open" % number)
        return link

    def find(self, number):
        """Return an open link, or None."""
        link = self._links[number]
        return link if link and link.is_open else None

    # Opening.

    async def open(
        self, number, kind, host, port, keep_alive=None, local=("", 0), mode=0, timeout_ms=0
    ):
        """Connect a client link and report it. LinkError if the peer cannot be had.

        `local` is the own address ("" for any) and, for UDP, the own port (0 for any); `mode`
        is UDP's 0..2; `timeout_ms` 0 leaves the time to the layers below, up to a minute.
        """
        route = (number, kind, host, port, keep_alive, local, mode, timeout_ms)
        link = Link(number, kind, route=route)
        self._need_address(link.family)
        if self.is_taken:
            raise StateError("AT+CIPMODE=1: there is one link at most")
        self.reserve(link)
        if keep_alive is not None and not link.is_udp:
            self._options[number] = list(self._options[number][:3]) + [keep_alive]
        limit_ms = timeout_ms or _OPEN_MS
        try:
            await within(self._connect(link, host, port, local, mode), limit_ms)
            self.opened(link)
        except asyncio.TimeoutError:
            raise LinkError("no connection to %s within %d ms" % (host, limit_ms))
        finally:
            if not link.is_open:
                self.forget(link)
        return link

    async def _connect(self, link, host, port, local, mode):
        # A profile first: what is missing in flash should not cost a connection.
        secrets = None
        if link.kind.startswith("SSL"):
            secrets = self._get_tls().client(link.number, host)
        address = await self.resolve(host, link.family)
        if link.is_udp:
            try:
                link.open_udp(address, port, mode, local[0], local[1])
                link.home = local[0] or self._wifi.station_ip() or self._wifi.ap_ip()
                link.apply(self._options[link.number])
            except OSError as error:
                raise LinkError("no datagram link to %s: %s" % (address, error.args[-1]))
            return
        await link.connect(address, port, local[0], self._options[link.number])
        if secrets:
            await link.secure(*secrets)

    async def resolve(self, host, family):
        """Return the numeric address of a host."""
        known = atnet.address(host)
        if known:
            if known[0] != family:
                raise LinkError("%s is no IPv%d address" % (host, family))
            return known[1]
        return await self._names.resolve(host, _IPV6_ONLY if family == 6 else _IPV4_ONLY, _OPEN_MS)

    @property
    def has_ipv6(self):
        """Whether AT+CIPV6=1."""
        return self._wifi.net.has_ipv6

    def need_ipv6(self):
        """Raise StateError while IPv6 is off."""
        if not self.has_ipv6:
            raise StateError("IPv6 is off; AT+CIPV6=1 turns it on")

    @property
    def is_taken(self):
        """Whether passthrough has the one link that it can have: bytes carry no number."""
        return self.is_raw and not self.is_idle

    def _need_address(self, family):
        if family == 4 and not self._wifi.has_ip:
            raise StateError("no IP address: join an access point or start the softAP first")
        if family == 6 and not (self._wifi.ip6("ll") or self._wifi.ip6("gl")):
            raise StateError("no IPv6 address: AT+CIPV6=1 and an access point with IPv6")

    def opened(self, link):
        """Report a link that stands now, and let its data flow."""
        on(link.bit, lambda: self._attend(link))  # takes memory: first
        link.is_open = True
        self.was_used = True
        self._emit("link_opened", link)
        self._deliver(link)
        if self.on_open:
            self.on_open(link)

    # Receiving.

    def mode(self, number):
        """Return the receive mode of a link: ACTIVE or PASSIVE."""
        return self._modes[number] & PASSIVE

    def set_mode(self, numbers, mode, is_single=False):
        """Set the receive mode; data that waits is delivered or announced accordingly."""
        for number in numbers:
            self._modes[number] = mode | _SINGLE if is_single else mode
        self.deliver_all()

    def deliver_all(self):
        """Apply a change of `mux`, `info`, `is_raw` or a receive mode to the open links."""
        for link in self.all():
            self._deliver(link)

    def shut(self, is_shut):
        """Leave data in the sockets, and their ends unsaid, or no longer."""
        self.is_shut = is_shut
        self.deliver_all()

    def _deliver(self, link):
        number = link.number if self.mux else -1
        if self.is_shut:
            atnet.down(link.handle, atnet.DOWN_OFF)
            atnet.arm(link.handle, 0)
        elif self._is_passive(link):
            is_single = self._modes[link.number] & _SINGLE
            atnet.down(link.handle, atnet.DOWN_NOTICE, number, self.info, is_single)
            atnet.arm(link.handle, 0)
        else:
            mode = atnet.DOWN_RAW if self.is_raw else atnet.DOWN_IPD
            atnet.down(link.handle, mode, number, self.info)
            # Data that comes while the host sleeps stays in the socket, but must wake it.
            atnet.arm(link.handle, atnet.READ if self._port.is_asleep else 0)

    def _is_passive(self, link):
        return self._modes[link.number] & PASSIVE and not self.is_raw

    def waiting(self, number):
        """Return how many bytes of a link can be read, 0 in active mode; -1 if it is not open."""
        link = self.find(number)
        if link is None:
            return -1
        mode = self._modes[number]
        return atnet.available(link.handle, mode & _SINGLE) if mode & PASSIVE else 0

    def read_now(self, number, limit, is_whole):
        """Have C answer with up to `limit` bytes of a passive link, if it can at once."""
        link = self._links[number]
        if link is None or not link.is_open or (is_whole and self._is_longer(link, limit)):
            return False
        return atnet.down_now(link.handle, limit)

    async def read(self, number, limit, answer, is_whole):
        """Have C answer with up to `limit` bytes of a passive link; `answer` frames the transfer.

        `answer` is a context manager that keeps everybody else from writing. StateError if the
        link is not passive, nothing waits, or a datagram that is to come whole is longer.
        """
        link = self.get(number)
        if not self._is_passive(link):
            raise StateError("link %d is not in passive receive mode" % number)
        with answer:
            await answer.room()
            if self.find(number) is not link:
                raise StateError("link %d closed meanwhile" % number)
            if is_whole and self._is_longer(link, limit):
                raise StateError("the next datagram is longer")
            count = atnet.down_count(link.handle, limit, self.info)
            if count is None:
                self._rearm(link)
                raise StateError("link %d has nothing to read" % number)
            link.is_read = True
            try:
                await answer.passed(link)
            finally:
                link.is_read = False
        if link.is_over and link.is_udp:
            self.end(link)
        self._rearm(link)

    def _is_longer(self, link, limit):
        return link.is_udp and atnet.available(link.handle, True) > min(limit, _DATAGRAM)

    def _rearm(self, link):
        """Let what is left of a passive link be announced, or its end be seen."""
        if self._links[link.number] is link:
            self._deliver(link)
            atnet.down_told(link.handle, False)

    def _attend(self, link):
        """See to a link that has news: it ended, or passive data wants to be announced."""
        if link.is_read:
            return
        if not self._is_passive(link):
            if atnet.ended(link.handle):
                self.end(link)
            else:
                asyncio.create_task(self._port.knock())
                atnet.arm(link.handle, 0)
            return
        try:
            count = atnet.available(link.handle, self._modes[link.number] & _SINGLE)
        except OSError:
            count = 0
        if count:
            atnet.down_told(link.handle, True)
            if link.is_udp:
                atnet.follow(link.handle)  # who is announced is who can be answered
            self._emit("link_waiting", link, count)
        elif atnet.ended(link.handle):
            self.end(link)

    # Ending.

    def sweep(self):
        """End the links whose peer is known to have gone, without waiting for their news."""
        for link in self.all():
            try:
                is_over = not atnet.available(link.handle) and atnet.ended(link.handle)
            except OSError:
                is_over = True
            if is_over and not link.is_read:
                self.end(link)

    def end(self, link, why=None, reset=False):
        """Close a link and report it; `why` is for the log, default what the socket says."""
        if self._links[link.number] is not link:
            return
        error = atnet.error(link.handle)
        why = why or link.is_over or (error[1] if error else "by the peer")
        self._log("link", link.number, "ended:", why)
        link.close(reset or bool(link.is_over))
        self._release(link.number)
        link.is_open = False
        self._emit("link_closed", link)
        if self.on_end:
            self.on_end(link)

    def give_up(self, link, why):
        """End a link that reaches nobody any more, once the host has what it brought."""
        if link.is_read or (not link.is_udp and self.is_unread(link)):
            link.is_over = why
            atnet.halt(link.handle)  # its end is met behind that, as if it were the peer's
        else:
            self.end(link, why, True)

    def is_unread(self, link):
        """Tell whether bytes wait for the host, whatever keeps it from taking them."""
        try:
            return link.is_read or atnet.available(link.handle) > 0
        except OSError:
            return False

    def close(self, link):
        """Close a link as the host asks; what is unsent goes out in the background."""
        self.end(link, "by the host")

    def _addresses_changed(self):
        """End the links whose own address is gone: nothing can reach them any more."""
        wifi = self._wifi
        for link in self.all():
            if is_lost(link, wifi, self.persists[link.number]):
                self.give_up(link, "the address is lost")
        for link in self.all(False):
            if link.handle is not None and is_lost(link, wifi, self.persists[link.number]):
                link.close(True)  # who opens it gets an error, and forgets it

    # Options.

    def options(self, number):
        """Return [linger s, no delay, send time-out ms, keep-alive s] of AT+CIPTCPOPT."""
        return self._options[number]

    def set_options(self, numbers, values):
        """Set and keep options, None leaves one as it is; open links obey at once."""
        for number in numbers:
            row = self._options[number] = patched(self._options[number], values)
            link = self.find(number)
            if link:
                link.apply(row)
        self._settings.change("tcp_options", patched_rows, numbers, values)
        kept = self._settings.get("translink")
        is_stream = kept[0] and not kept[3].startswith("UDP")
        if is_stream and self._settings.keeping and 0 in numbers and values[3] is not None:
            # what is set last counts after a restart, too
            self._settings.put("translink", list(kept[:4]) + [values[3]])


def create(at):
    """Build the service from those it stands on."""
    links = Links(at.settings, at.names, lambda: at.tls, at.wifi, at.emit, at.port, at.log)
    at.port.on_sleep(links.deliver_all)
    return links
