"""Looking for access points: one scan at a time, while which the station lets go of the radio."""

import asyncio

import atchip

from at.errors import StateError
from at.loop import insist, within
from at.services import chip
from at.services.chip import driver

_SPARE_MS = 5000  # what a scan may take beyond the time asked for
_STOP_MS = 1000  # how long the driver may take to confirm that it stopped
_CHANNELS = 14


class Scan:
    """A scan, and what it found; `view` is AT+CWLAPOPT: fields, weakest RSSI, authmodes."""

    def __init__(self, wifi):
        self.view = (0x7FF, -100, 0xFFFF)
        self._wifi = wifi
        self._done = asyncio.Event()
        self._status = 0
        chip.owners.append(self)

    async def run(self, ssid, bssid, channel, passive, min_ms, max_ms, channels=0):
        """Scan; None or 0 is no filter, 0 ms the driver's own time. Fetch with records().

        Bit n of `channels` is channel n.
        """
        self._wifi.need_station()
        station = self._wifi.station
        await station.pause()
        try:
            self._done.clear()
            driver(atchip.wifi_scan, ssid, bssid, channel, passive, min_ms, max_ms, channels)
            per_channel = max_ms or (360 if passive else 120)
            limit = per_channel * _CHANNELS + _SPARE_MS
            try:
                await within(self._done.wait(), limit)
            except asyncio.TimeoutError:
                driver(atchip.wifi_scan_stop)
                raise StateError("the scan did not end in %d ms" % limit)
            except asyncio.CancelledError:
                await self._stop()
                raise
            if self._status:
                raise StateError("the scan failed, status %d" % self._status)
        finally:
            station.unpause()

    async def _stop(self):
        """Have the driver stop, and wait for its word, which the next scan must not take."""
        driver(atchip.wifi_scan_stop)
        await insist(self._until_done)

    async def _until_done(self):
        try:
            await within(self._done.wait(), _STOP_MS)
        except asyncio.TimeoutError:
            self._wifi.log("wifi: the driver does not confirm that the scan ended")

    def records(self):
        """Yield what the scan found, strongest first, and free the driver's list; see atchip."""
        record = driver(atchip.wifi_scan_next)
        while record:
            yield record
            record = driver(atchip.wifi_scan_next)

    def on_scan_done(self, status):
        """Take the chip's word that the scan is over; 0 is success."""
        self._status = status
        self._done.set()


def create(at):
    """Build the service from those it stands on."""
    return Scan(at.wifi)
