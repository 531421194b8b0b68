"""Provisioning over the web: the list of access points, one join at a time and how it went.

While a join runs it has the station to itself (`wifi.provisioning`), so that no command comes in
between; what was joined before is joined again when it fails.
"""

import asyncio

from micropython import const

from at.errors import ATError, StateError
from at.loop import cancel
from at.services.wifi_target import JoinFailed, make_target

IDLE = const(0)  # states
RUNNING = const(1)
FAILED = const(2)
DONE = const(3)  # and the page does not know yet

_PAUSE_MS = 300  # the answer leaves before the softAP follows the station to another channel
_FLOOR_WEP = const(1)  # of the authmode: whoever has a password is not led into an open network
_RESULTS = ("time", "password", "absent", "refused")  # of JoinFailed, from 1
_MAX_RECORDS = 32


class Join:
    """One join; `reason` is "password", "absent", "address", "time", "refused" or "ended"."""

    ended_by = "a join from the web page runs (AT+WEBSERVER=0 ends it)"

    def __init__(self, wifi, scan):
        self._wifi = wifi
        self._scan = scan
        self._task = None
        self._target = None
        self._result = 0
        self.state = IDLE
        self.reason = ""
        self.ssid = b""

    @property
    def has_link(self):
        """Whether the access point has let us in; an address may still be missing."""
        station = self._wifi.station
        return station.is_associated and station.target is self._target

    def start(self, ssid, password, limit_s):
        """Begin to join (bytes); StateError if the station is off or taken."""
        self._need_station()
        station = self._wifi.station
        if station.is_joining:
            raise StateError("the module is joining a network already")
        before = station.target if station.is_wanted else None
        floor = _FLOOR_WEP if password else 0
        self._target = make_target(ssid, password, None, floor, (3, 0, limit_s, 1))
        self._task = asyncio.create_task(self._join(before))  # takes memory: first
        self.state = RUNNING
        self.reason = ""
        self._result = 4  # as +CWJAP: counts: failed for another reason
        self.ssid = ssid
        self._wifi.provision(self)

    def _need_station(self):
        """Say what keeps the station busy to somebody who knows no commands."""
        if self._wifi.provisioning:
            raise StateError(
                "the module is joining a network at the moment; wait until that is over"
            )
        self._wifi.need_station()

    async def _join(self, before):
        try:
            await asyncio.sleep_ms(_PAUSE_MS)
            await self._wifi.station.join(self._target)
            self.state = DONE
        except JoinFailed as error:
            self._result = error.result
            self._fail("address" if error.was_associated else _RESULTS[error.result - 1], error)
        except ATError as error:
            self._fail("refused", error)
        except MemoryError:
            self._fail("refused", StateError("out of memory"))
        self._task = None
        self._wifi.provision(None)
        if before and self.state == FAILED:
            # WIFI CONNECTED and WIFI GOT IP of the way back must not look like a success
            self._wifi.emit("web_failed", self._result)
            self._wifi.station.resume(before)

    def _fail(self, reason, error):
        self.state = FAILED
        self.reason = reason
        self._wifi.log("web:", error.reason)

    async def stop(self):
        """End a join that runs; the station stays out."""
        if self._task:
            cancel(self._task)
            self._task = None
            self._wifi.provision(None)
            self.state = FAILED
            self.reason = "ended"
            await self._wifi.station.stop()

    async def end(self):
        """End a join that runs, and forget how the last one went."""
        await self.stop()
        self.state = IDLE

    def acknowledge(self):
        """Note that the page knows of the success; tell whether it was news."""
        was_news = self.state == DONE
        if was_news:
            self.state = IDLE
        return was_news

    async def scan(self):
        """Return (SSID, RSSI, authmode) of the access points, strongest first, one of each name.

        Hidden ones are left out, and those whose name is no text.
        """
        self._need_station()
        await self._scan.run(None, None, 0, False, 0, 0)
        found = []
        names = []
        for authmode, ssid, rssi, *_ in self._scan.records():
            try:
                name = str(ssid, "utf-8")
            except UnicodeError:
                continue
            if name and name not in names and len(names) < _MAX_RECORDS:
                names.append(name)
                found.append((name, rssi, authmode))
        return found
