"""SmartConfig and WPS: somebody else tells the station which access point to join.

Imported when first needed. While one of them runs it has the station to itself
(`wifi.provisioning`); the driver listens, and what it hears arrives as events.
"""

import asyncio

import atchip

from at.errors import CHIP_ERRORS, FAILURES, is_memory
from at.loop import cancel
from at.services import chip
from at.services.chip import driver
from at.services.wifi_target import make_target

_LIMIT_S = 30  # for the join that follows
_PAUSE_MS = 1000  # before a join for which there was no memory
_KINDS = ("ESPTOUCH", "AIRKISS", "ESPTOUCH_AIRKISS", "ESPTOUCH_V2")
_REST = (3, 0, _LIMIT_S, 1)


class _Provisioning:
    """What both have in common: the station taken over and given back, the join."""

    def __init__(self, wifi, floor):
        self._wifi = wifi
        self._floor = floor
        self._task = None
        self._is_ending = False
        self._is_used = False  # what the driver has heard

    async def start(self):
        """Leave the access point, take the station over, begin to listen."""
        await self._wifi.station.stop()
        driver(self._listen)
        self._wifi.provision(self)
        chip.owners.append(self)

    async def stop(self):
        """Stop to listen and give the station back; a join that has not come about is given up."""
        if self._task and self._wifi.station.is_joined:
            await self._task  # the host was faster than the last step, which keeps what was joined
        self._is_ending = True
        if self._task:
            cancel(self._task)
            self._task = None
            await self._wifi.station.stop()
        driver(self._silence)  # if that fails it has to be stopped again
        self._wifi.provision(None)
        chip.owners.remove(self)

    def look(self):
        """Make use of what the driver has heard, once; called again when there was no memory."""
        if not self._is_used:
            self._is_used = self._use()

    def _join(self, candidates):
        """Join the first of the (SSID, password, BSSID or None) that works."""
        if self._task is None and not self._is_ending:
            self._task = asyncio.create_task(self._try_all(candidates))

    async def _try_all(self, candidates):
        at = 0
        while at < len(candidates):
            ssid, password, bssid = candidates[at]
            try:
                target = make_target(ssid, password, bssid, self._floor, _REST)
                await self._wifi.station.join(target)
                self._joined()
                break
            except FAILURES as error:
                if is_memory(error):
                    await asyncio.sleep_ms(_PAUSE_MS)  # and once more
                    continue
                self._wifi.log("wifi: what was received does not help:", error)
                at += 1
        self._task = None

    def _listen(self):
        """Tell the driver to begin."""

    def _silence(self):
        """Tell the driver to stop."""

    def _use(self):
        """Join with what the driver has heard; return whether it has heard anything."""

    def _joined(self):
        """Say that it has worked, beyond what every join says."""


class SmartConfig(_Provisioning):
    """ESP-TOUCH, AirKiss and ESP-TOUCH v2: a phone tells."""

    ended_by = "AT+CWSTOPSMART ends SmartConfig"

    def __init__(self, wifi, kind, floor, key):
        super().__init__(wifi, floor)
        self._kind = kind
        self._key = key

    def _listen(self):
        atchip.smartconfig_start(self._kind, self._key)

    def _silence(self):
        atchip.smartconfig_stop()

    def on_sc_credentials(self):
        """Report what the phone said and join."""
        self.look()

    def _use(self):
        emit = self._wifi.emit
        try:
            kind, ssid, password, bssid, reserved = atchip.smartconfig_result()
        except CHIP_ERRORS:
            return False
        self._join([(ssid, password, bssid)])  # takes memory: first
        emit("smartconfig_type", _KINDS[kind - 1])
        emit("smartconfig_heard")
        emit("smartconfig_ssid", ssid)
        emit("smartconfig_password", password)
        if reserved:
            emit("smartconfig_reserved", len(reserved), reserved)
        return True

    def on_sc_acknowledged(self):
        """Note that the phone has been told."""
        self._wifi.log("wifi: the phone knows that SmartConfig worked")

    def _joined(self):
        self._wifi.emit("smartconfig_joined")


class Wps(_Provisioning):
    """WPS push button: an access point tells."""

    ended_by = "AT+WPS=0 ends WPS"

    def _listen(self):
        atchip.wps_start()

    def _silence(self):
        atchip.wps_stop()

    def on_wps_success(self):
        """Join with what the access point gave."""
        self.look()

    def _use(self):
        try:
            given = atchip.wps_credentials()
        except CHIP_ERRORS:
            return False
        self._join([(ssid, password, None) for ssid, password in given])
        return True

    def on_wps_failed(self, reason):
        """Log why nothing came; the manual has no message for that."""
        self._wifi.log("wifi: WPS failed:", reason)
