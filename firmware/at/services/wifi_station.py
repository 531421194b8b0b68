"""The station: joining an access point, leaving it, and coming back by our own timers.

Owns the one truth about the link. The driver is told to connect or to disconnect; what is so is
known from its events alone. It never reconnects by itself (rule 3 of the design: nobody calls
the Python `connect()`), so every attempt is ours: timed, counted, and ended by AT+CWQAP.
"""

import asyncio

import atchip
from micropython import const

from at.errors import CHIP_ERRORS, FAILURES, StateError
from at.loop import cancel, insist, within
from at.services.chip import driver
from at.services.wifi_target import TIMED_OUT, DriverRefused, JoinFailed, result_of, without_listen
from at.settings import patched

_NEVER = const(0)  # states, as AT+CWSTATE counts
_NO_IP = const(1)
_JOINED = const(2)
_CONNECTING = const(3)
_DISCONNECTED = const(4)

_DOWN = const(0)  # of the link
_TRYING = const(1)
_UP = const(2)

_SSID = const(0)  # places in a target (wifi_target.py) that are read here
_LISTEN = const(4)
_LIMIT_S = const(6)

_EAP_SIZE = const(5)  # places of an EAP without RSSI and channel
_ANYWHERE = (-127, 0)
_STATION = const(0)  # the interface

_TRIES = const(2)  # of one join command: radio is not perfect
_DUE = True  # in place of a task: there was no memory for one
_LEAVE_MS = const(2000)  # how long the driver may take to confirm a disconnection
_UNKNOWN = const(1)  # reason, if the driver gave none
_DRIVER_BUSY = const(-0x3006)  # ESP_ERR_WIFI_STATE: connecting, connected or scanning
_NOT_CONNECTED = const(-0x300F)  # ESP_ERR_WIFI_NOT_CONNECT


class Station:
    """The link to an access point; `target` is what was last to be joined, or ()."""

    def __init__(self, wifi):
        self._wifi = wifi
        self.interval_s, self.repeats = wifi.settings.get("wifi_reconn")
        self.target = ()
        self.has_ip = False
        self._link = _DOWN
        self._reason = 0
        self._was_tried = False
        self._is_wanted = False  # come back after a loss
        self._is_leaving = False  # told to, not confirmed yet
        self._is_joining = False  # a command waits for the outcome
        self._is_interrupted = False  # a scan came in the middle of an attempt
        self._is_paused = False  # for a scan
        self._news = asyncio.Event()
        self._task = None  # coming back; or _DUE
        self._turn = 0  # counts who may try; an attempt of an earlier turn comes too late
        self._has_eap = False  # the driver is set up for an enterprise network

    # What is so.

    @property
    def is_associated(self):
        """Whether there is an access point, with or without an address."""
        return self._link == _UP and not self._is_leaving

    @property
    def is_joined(self):
        """Whether there is an access point and an IPv4 address."""
        return self.is_associated and self.has_ip

    @property
    def is_joining(self):
        """Whether somebody waits for the outcome of a join."""
        return self._is_joining

    @property
    def is_wanted(self):
        """Whether the station is joined, or would come back by itself."""
        return self._is_wanted

    @property
    def state(self):
        """0 never tried, 1 associated, 2 with an address, 3 connecting, 4 disconnected."""
        if self.is_associated:
            return _JOINED if self.has_ip else _NO_IP
        if self._task or (self._link == _TRYING and not self._is_leaving):
            return _CONNECTING
        return _DISCONNECTED if self._was_tried else _NEVER

    @property
    def ssid(self):
        """The SSID last aimed at, as bytes; empty before the first attempt."""
        return bytes.fromhex(self.target[_SSID]) if self._was_tried else b""

    def info(self):
        """Return (SSID, BSSID, channel, RSSI) of the access point, or None if not associated."""
        if not self.is_associated:
            return None
        try:
            return atchip.wifi_ap_info()
        except OSError as error:
            if error.errno == _NOT_CONNECTED:
                return None  # lost just now; the event is on its way
            raise

    # What commands ask for.

    def last_target(self):
        """Return what was last aimed at, or what is kept. StateError if there is nothing."""
        target = self.target or self._wifi.settings.get("wifi_ap")
        if not target:
            raise StateError("no access point has been configured")
        return target

    async def join(self, target, interval_s=None):
        """Join within the target's time limit; keep target and interval once that worked.

        What was joined before is left first. After a failure, which is a JoinFailed, the station
        stays out until it is told again, and so it does when the attempt is cancelled.
        """
        self._is_joining = True
        turn = -1
        try:
            await self.stop()
            self.target = target
            turn = self._turn
            await self._within_limit()
        except asyncio.CancelledError:
            if turn == self._turn:  # nobody else has the station by now
                await insist(self.stop)
            raise
        finally:
            self._is_joining = False
        if interval_s is not None:
            self._keep_reconnect(interval_s, None)
        self._wifi.settings.put("wifi_ap", target)
        self._is_wanted = True

    async def _within_limit(self):
        limit_ms = self.target[_LIMIT_S] * 1000
        try:
            reason = await within(self._connect(_TRIES, self._turn), limit_ms)
        except asyncio.TimeoutError:
            was_up = self._link == _UP
            await self._drop()
            limit_s = self.target[_LIMIT_S]
            raise JoinFailed(TIMED_OUT, "no address within %d s" % limit_s, was_up)
        if reason:
            raise JoinFailed(result_of(reason), "not joined, reason %d" % reason)

    def resume(self, target):
        """Join in the background, if there is something to join."""
        if not target:
            return
        self.target = target
        self._was_tried = True
        self._is_wanted = True
        self._come_back(at_once=True)

    def leave(self):
        """Leave and stay out; the driver confirms with an event."""
        self._give_up()
        if self._link != _DOWN:
            self._disconnect()

    async def stop(self):
        """Leave and stay out; return when the driver has confirmed."""
        self._give_up()
        await self._drop()

    def begin_anew(self):
        """Forget that there was an attempt, as after power-up."""
        self._was_tried = False

    async def pause(self):
        """Let go of the radio for a scan: an attempt to come back is put off."""
        self._is_interrupted = self._link == _TRYING
        if self._task and self._link != _UP:
            self._end_task()
            await self._drop()
        self._is_paused = True

    def unpause(self):
        """Go on with what pause() put off."""
        self._is_paused = False
        if self._is_wanted and self._link == _DOWN:
            self._come_back(at_once=self._is_interrupted)

    def set_reconnect(self, interval_s, repeats, at_once):
        """Come back every `interval_s` seconds (0 never), at most `repeats` times (0 any).

        `at_once`: the first time now, if the station is lost.
        """
        self._keep_reconnect(interval_s, repeats)
        if self._is_wanted and self._link == _DOWN:
            self._end_task()
            self._come_back(at_once)

    @property
    def listen_interval(self):
        """The listen interval of the next attempt to join what was last aimed at."""
        own = self.target[_LISTEN] if self.target else None
        return own or self._wifi.settings.get("wifi_times")[2]

    def drop_listen_interval(self):
        """Go by that of wifi_times; a station that is joined does so with the next join."""
        self.target = without_listen(self.target)
        self._wifi.settings.change("wifi_ap", without_listen)

    def _keep_reconnect(self, interval_s, repeats):
        """Keep both, or with `repeats` None the interval alone."""
        self._wifi.settings.change("wifi_reconn", patched, (interval_s, repeats))
        self.interval_s, self.repeats = self._wifi.settings.get("wifi_reconn")

    # Coming back.

    def _come_back(self, at_once=False):
        self._end_task()
        if at_once or self.interval_s:
            self._task = _DUE
            self._task = asyncio.create_task(self._return(at_once))

    def look(self):
        """Do what was due at an event for which there was no memory; called now and then."""
        if self._link == _UP and not self._is_leaving:
            if self.info() is None:
                self.on_sta_disconnected(0)
            elif not self.has_ip and self._wifi.net.ip4(_STATION):
                self.on_sta_got_ip(True)
        if self._task is _DUE:
            self._come_back(at_once=True)

    async def _return(self, at_once):
        tries = 0
        while True:
            if not at_once:
                await asyncio.sleep(self.interval_s)
            at_once = False
            tries += 1
            if await self._attempt():
                break
            if not self.interval_s or 0 < self.repeats <= tries:
                self._wifi.log("wifi: not joined after %d tries, giving up" % tries)
                break
        self._task = None

    async def _attempt(self):
        """Try once; return whether the station is associated."""
        try:
            return await self._connect_in_time()
        except FAILURES as error:  # the next attempt may do better
            self._wifi.log("wifi:", error)
            return False

    async def _connect_in_time(self):
        limit_ms = self.target[_LIMIT_S] * 1000
        try:
            return not await within(self._connect(1, self._turn), limit_ms)
        except asyncio.TimeoutError:
            if self._link == _UP:
                return True  # the DHCP client goes on asking
            await self._drop()
            return False

    def _end_task(self):
        self._turn += 1
        task, self._task = self._task, None
        if task and task is not _DUE:
            cancel(task)

    def _give_up(self):
        self._is_wanted = False
        self._end_task()

    # The driver.

    async def _connect(self, tries, turn):
        """Associate and get an address; return 0, or the reason of the last failure.

        A task that was cancelled may begin all the same, later than who cancelled it: its turn
        is over by then.
        """
        for _ in range(tries):
            if turn != self._turn:
                break
            self._link = _TRYING
            self._is_leaving = False
            self._was_tried = True
            self._reason = 0
            self._news.clear()
            await self._begin()
            while self._link == _TRYING or (self._link == _UP and not self.has_ip):
                await self._news.wait()
                self._news.clear()
            if self._link == _UP:
                return 0
        return self._reason or _UNKNOWN

    async def _begin(self):
        """Have the driver connect; one that is at it, after an event too late, leaves first."""
        try:
            try:
                self._tell_driver()
            except OSError as error:
                if error.errno != _DRIVER_BUSY or self._is_paused:
                    raise
                self._wifi.log("wifi: the driver is busy, and has to leave first")
                await self._drop()
                self._link = _TRYING
                self._tell_driver()
        except Exception as error:  # noqa: BLE001 - goes on its way
            self._link = _DOWN
            raise DriverRefused(error) if isinstance(error, CHIP_ERRORS) else error

    def _tell_driver(self):
        ssid, password, bssid, floor, _, scan, _, pmf, eap = self.last_target()
        listen = self.listen_interval
        self._wifi.power.set_listen_interval(listen)
        if eap:
            from at.services import wifi_enterprise

            wifi_enterprise.configure(self._wifi.mfg, eap, self._wifi.emit)
            self._has_eap = True
        elif self._has_eap:
            atchip.eap_disable()
            self._has_eap = False
        rssi, channel = eap[_EAP_SIZE:] if eap and len(eap) > _EAP_SIZE else _ANYWHERE
        ssid, password = bytes.fromhex(ssid), bytes.fromhex(password)
        atchip.wifi_connect(ssid, password, bssid, listen, scan == 1, floor, pmf, rssi, channel)

    async def _drop(self):
        """Disconnect, and wait until the driver has."""
        if self._link == _DOWN:
            return
        self._disconnect()
        try:
            await within(self._until_down(), _LEAVE_MS)
        except asyncio.TimeoutError:
            self._wifi.log("wifi: the driver does not confirm that it left")
            self.on_sta_disconnected(0)

    def _disconnect(self):
        """Tell the driver once; it confirms with an event."""
        if not self._is_leaving:
            driver(atchip.wifi_disconnect)
            self._is_leaving = True

    async def _until_down(self):
        while self._link != _DOWN:
            self._news.clear()
            await self._news.wait()

    def on_sta_connected(self):
        """Note that the station is associated."""
        if self._link != _TRYING:
            return
        self._link = _UP
        self._wifi.emit("wifi_connected")
        self._wifi.net.link_is_up()
        self._news.set()

    def on_sta_disconnected(self, reason):
        """Note that it no longer is, or never came to be; try again later if that is wanted."""
        was_up = self._link == _UP
        self._link = _DOWN
        self._is_leaving = False
        self.has_ip = False
        self._reason = reason
        self._wifi.log("wifi: disconnected, reason", reason)
        if was_up:
            self._wifi.emit("wifi_disconnect")
            self._wifi.changed()
            if self._is_wanted and not self._is_joining and not self._task:
                self._come_back()
        self._news.set()

    def on_sta_got_ip(self, is_new):
        """Note an IPv4 address; `is_new` is False when a lease was renewed."""
        if self._link != _UP:
            return
        if is_new or not self.has_ip:
            self.has_ip = True
            self._wifi.emit("wifi_got_ip")
            self._wifi.changed()
        self._news.set()

    def on_sta_lost_ip(self):
        """Note that the lease is over, or DHCP was turned off."""
        self.has_ip = False
        self._wifi.changed()
