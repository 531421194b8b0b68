"""The clock's regulator: asks time servers and sets the clock (manual 3.3.20 to 3.3.22).

Owns AT+CIPSNTPCFG's configuration, which is kept because +TIME_UPDATED may come at power-on, the
interval, and the retries. Emits "time_updated" once after each configuration or start.
"""

import asyncio
import os
import time

import atchip

from at.errors import ATError
from at.loop import cancel, within
from at.services.exchange import exchange
from at.wire import daytime, ntp

DEFAULT_SERVERS = ("cn.ntp.org.cn", "ntp.sjtu.edu.cn", "us.pool.ntp.org")
_INTERVAL_S = 3600
_PORT = 123
_RESOLVE_MS = 10000
_ANSWER_MS = 3000
_RETRY_S = 15  # after all servers failed; doubles each time
_RETRY_MAX_S = 150
_LONGEST_SLEEP_MS = 3600000  # the event loop's clock wraps
_REFUSED_MS = 3600000  # a server that asked to be left alone is, for so long
_DAY_S = 86400


class Sntp:
    """Keeps the clock right while it is enabled and some interface has an address."""

    def __init__(self, settings, names, clock, wifi, emit, log):
        self._settings = settings
        self._names = names
        self._clock = clock
        self._wifi = wifi
        self._emit = emit
        self._log = log
        self.interval_s = _INTERVAL_S
        self._refused = []  # (server that asked to be left alone, until when in ticks)
        self._floor = daytime.midnight(atchip.versions()[2]) - _DAY_S  # built in some time zone
        self._is_news = True  # the next success is to be reported
        self._task = None
        self._nudge = asyncio.Event()  # something happened that makes waiting pointless
        wifi.on_change(self._nudge.set)

    @property
    def config(self):
        """(is enabled, time zone as in daytime.offset_minutes, servers)"""
        enabled, zone, servers = self._settings.get("sntp")
        return enabled == 1, zone, servers or DEFAULT_SERVERS

    def start(self):
        """Begin as configured."""
        if self._task is None and self.config[0]:
            self._task = asyncio.create_task(self._regulate())

    def configure(self, enabled, zone, servers):
        """Keep and follow a configuration; without servers the default ones are asked."""
        self._settings.put("sntp", [int(enabled), zone, list(servers)])
        self._is_news = True
        self._refused.clear()
        if self._task:
            cancel(self._task)
            self._task = None
        self.start()

    def set_interval(self, seconds):
        """Ask that often; the next time is counted from now."""
        self.interval_s = seconds
        self._nudge.set()

    async def _regulate(self):
        retry_s = _RETRY_S
        while True:
            self._nudge.clear()
            try:
                if not self._wifi.has_ip:
                    await self._nudge.wait()
                elif await self._ask_all():
                    retry_s = _RETRY_S
                    await self._rest()
                else:
                    await self._pause(retry_s * 1000)
                    retry_s = min(2 * retry_s, _RETRY_MAX_S)
            except MemoryError:
                self._log("sntp: out of memory")
                await asyncio.sleep(_RETRY_S)

    async def _rest(self):
        """Wait for an interval; a change of the interval begins it anew, other news do not."""
        interval_s = None
        while interval_s != self.interval_s:
            interval_s = self.interval_s
            left_ms = interval_s * 1000
            while left_ms > 0 and interval_s == self.interval_s:
                start = time.ticks_ms()
                await self._pause(min(left_ms, _LONGEST_SLEEP_MS))
                left_ms -= time.ticks_diff(time.ticks_ms(), start)

    async def _pause(self, ms):
        self._nudge.clear()
        try:
            await within(self._nudge.wait(), ms)
        except asyncio.TimeoutError:
            pass

    async def _ask_all(self):
        """Set the clock by the first server that answers; False if none does."""
        now = time.ticks_ms()
        self._refused = [row for row in self._refused if time.ticks_diff(row[1], now) > 0]
        for server in self.config[2]:
            if any(row[0] == server for row in self._refused):
                continue
            try:
                moment = await self._ask(server)
            except ntp.Refused as error:
                self._log("sntp: %s: %s" % (server, error))
                self._refused.append((server, time.ticks_add(now, _REFUSED_MS)))
            except ATError as error:
                self._log("sntp: %s: %s" % (server, error.reason))
            else:
                if moment is not None:
                    self._set(moment)
                    return True
                self._log("sntp: %s did not answer" % server)
        return False

    async def _ask(self, server):
        address = await self._names.resolve(server, 1, _RESOLVE_MS)
        stamp = os.urandom(8)  # not the time: that is nobody's business
        found = await exchange(
            address,
            _PORT,
            ntp.request(stamp),
            _ANSWER_MS,
            lambda packet: _read(packet, stamp, self._floor),
        )
        if isinstance(found, Exception):
            raise found
        return found

    def _set(self, moment):
        self._clock.set(moment)
        if self._is_news:
            self._is_news = False
            self._emit("time_updated")


def _read(packet, stamp, floor):
    """Read an answer for exchange(): a refusal ends the wait as well."""
    try:
        return ntp.answer(packet, stamp, floor)
    except ntp.Refused as error:
        return error


def create(at):
    """Build the service from those it stands on."""
    return Sntp(at.settings, at.names, at.clock, at.wifi, at.emit, at.log)
