"""Echo requests (AT+PING). The chip's network stack sends them and takes the answers."""

import asyncio

import atchip

import atnet
from at.errors import CHIP_ERRORS, LinkError, StateError, refused
from at.loop import within
from at.services import chip

_ANSWER_MS = 4000  # for the echo
_BUSY_MS = 5000  # for an echo that nobody waits for any more
_SPARE_MS = 2000  # for the chip to say that there was none
_RESOLVE_MS = 15000


class Ping:
    """Sends one request at a time."""

    def __init__(self, names, wifi):
        self._names = names
        self._wifi = wifi
        self._done = asyncio.Event()
        self._is_running = False  # the chip has not said yet what became of the last one
        self._time_ms = -1
        chip.owners.append(self)

    async def ping(self, host):
        """Return the time to a host and back in ms.

        Names are resolved to IPv4 if they can be. LinkError if the name is not known or no
        answer comes; StateError without a network.
        """
        self._names.need_network()
        numeric = atnet.address(host)
        if numeric and numeric[0] == 6 and not self._wifi.net.has_ipv6:
            raise StateError("IPv6 is off; AT+CIPV6=1 turns it on")
        address = await self._names.resolve(host, 1, _RESOLVE_MS)
        if self._is_running:
            await self._until_done(_BUSY_MS)
        self._done.clear()
        self._time_ms = -1
        try:
            atchip.ping(address, _ANSWER_MS)
        except CHIP_ERRORS as error:
            raise refused("the chip cannot ping %s" % address, error)
        self._is_running = True
        await self._until_done(_ANSWER_MS + _SPARE_MS)
        if self._time_ms < 0:
            raise LinkError("no echo from %s" % address)
        return self._time_ms

    async def _until_done(self, limit_ms):
        try:
            await within(self._done.wait(), limit_ms)
        except asyncio.TimeoutError:
            pass

    def on_ping(self, time_ms):
        """Take the chip's word: the time in ms, -1 if no answer came."""
        self._is_running = False
        self._time_ms = time_ms
        self._done.set()


def create(at):
    """Build the service from those it stands on."""
    return Ping(at.names, at.wifi)
