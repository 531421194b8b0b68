"""Wi-Fi as a whole: the driver, its mode, and what applies to the radio rather than to one part.

Joining is wifi_station's, looking for access points wifi_scan's, the module's own access point
wifi_softap's, addresses and DHCP wifi_net's. Everything that is kept is put in force again
whenever an interface starts, because the driver forgets: its own storage is off.
"""

import atchip
import network

from at.errors import CHIP_ERRORS, FAILURES, StateError, refused
from at.services import chip
from at.services.chip import driver
from at.services.wifi_net import Net
from at.services.wifi_softap import SoftAP
from at.services.wifi_station import Station
from at.settings import patched

STATION = 0  # interfaces, as atchip counts them; bit 0 and bit 1 of a mode
SOFTAP = 1
_INACTIVE_S = (6, 300)  # of station and softAP, as the driver has it after a start
_WIDE = 2  # bandwidth of 40 MHz
_PROTOCOLS = ("sta_proto", "ap_proto")
_MACS = ("sta_mac", "ap_mac")


class Wifi:
    """The radio. `mode`: 0 off, 1 station, 2 softAP, 3 both; `is_running`: the driver is there."""

    def __init__(self, settings, mfg, power, emit, log):
        self.settings = settings
        self.mfg = mfg
        self.power = power
        self.emit = emit
        self.log = log
        self.mode = settings.get("wifi_mode")
        self.is_running = False
        self.net = Net(self)
        self.station = Station(self)
        self.softap = SoftAP(self)
        self.provisioning = None  # a SmartConfig or Wps that runs, and has the station to itself
        self._wlans = None
        self._listeners = []
        self._is_untold = False  # a listener had no memory to take notice
        self._power_limit = None  # quarter dBm, None as the driver likes
        self._hostname = None
        chip.owners.extend((self.station, self.softap, self.net))

    # What other services ask.

    @property
    def is_joined(self):
        """Whether the station is associated and has an IPv4 address."""
        return self.station.is_joined

    @property
    def has_ip(self):
        """Whether some interface has an IPv4 address: a joined station, or the softAP."""
        return self.is_joined or (self.is_running and self.mode & 2 != 0)

    def station_ip(self):
        """Return the station's IPv4 address, or None."""
        return self.net.ip4(STATION) if self.is_joined else None

    def ap_ip(self):
        """Return the softAP's IPv4 address, or None."""
        return self.net.ip4(SOFTAP) if self.is_running and self.mode & 2 else None

    def ip6(self, kind, interface=STATION):
        """Return an IPv6 address, "ll" link-local or "gl" global, or None."""
        return self.net.ip6(interface, kind)

    def stations(self):
        """Return (MAC, IPv4 address) of each station of the softAP."""
        return self.softap.stations()

    def dns_servers(self):
        """Return the name servers that DHCP gave, best first."""
        return driver(atchip.ip_dns) if self.is_joined else ()

    def on_change(self, function):
        """Call `function` after the station got or lost its address."""
        self._listeners.append(function)

    def changed(self):
        """Tell the listeners; the parts of Wi-Fi call this."""
        self._is_untold = False
        for function in self._listeners:
            try:
                function()
            except Exception as error:  # noqa: BLE001 - the link is as it is
                self.log("wifi: not everybody took notice of it:", error)
                self._is_untold = True

    def look(self):
        """Do what was due when there was no memory for it; called now and then."""
        if self.is_running:
            self._switch(self.mode)  # what _change() could not undo
        if self._is_untold:
            self.changed()
        self.station.look()
        if self.provisioning:
            self.provisioning.look()

    # Driver and mode.

    def start(self, join=True):
        """Bring the driver up in the kept mode; `join` the kept access point, if so set.

        StateError if it does not come up: it is down then, and may be started again.
        """
        # Before the first network.WLAN, which would initialise the driver as well: when that fails
        # there, the next one makes the interfaces twice, and ESP-IDF restarts the chip.
        driver(atchip.wifi_init)
        try:
            if self._wlans is None:
                wlan = network.WLAN
                self._wlans = (driver(wlan, wlan.IF_STA), driver(wlan, wlan.IF_AP))
            self.is_running = True
            self._prepare()
            self._switch(self.mode)
        except Exception:
            self._abandon()
            raise
        self.changed()
        if join and self.mode & 1 and self.settings.get("wifi_auto"):
            self.station.resume(self.settings.get("wifi_ap"))

    async def stop(self):
        """Stop the driver and free its memory."""
        if not self.is_running:
            return
        await self.stop_provisioning()
        await self.station.stop()
        self.station.begin_anew()
        self._change(0)
        driver(atchip.wifi_deinit)
        self.is_running = False
        self.changed()

    def _abandon(self):
        """Take the driver down after a start that failed; why it did is the caller's to tell."""
        self.is_running = False
        try:
            self._switch(0)
            driver(atchip.wifi_deinit)
        except FAILURES as error:
            self.log("wifi: the driver is not quite down:", error)

    async def set_mode(self, mode, rejoin):
        """Switch the interfaces; `rejoin`: join what flash holds if the station was off."""
        self.need()
        before = self.mode
        if mode != before:
            await self.stop_provisioning()
        if not mode & 1:
            await self.station.stop()
        self._change(mode)
        self.mode = mode
        self.settings.put("wifi_mode", mode)
        self.changed()
        if mode & 2 and self.power.mode:
            try:
                self.power.set_mode(0)  # a softAP cannot sleep
            except StateError as error:
                self.log("wifi:", error.reason)
        if rejoin and mode & 1 and not before & 1:
            self.station.resume(self.settings.kept("wifi_ap"))

    def need(self, bits=0):
        """Raise StateError unless the driver runs and the mode has all of `bits` (1, 2)."""
        if not self.is_running:
            raise StateError("the Wi-Fi driver is stopped; AT+CWINIT=1 starts it")
        if self.mode & bits != bits:
            part = "the station" if bits == 1 else "the softAP"
            raise StateError("%s is off; AT+CWMODE=%d or 3 turns it on" % (part, bits))

    def need_station(self):
        """Raise StateError unless the station may be used by a command now."""
        self.need(1)
        if self.provisioning:
            raise StateError("the station is being provisioned; " + self.provisioning.ended_by)

    def provision(self, provisioning):
        """Give the station to a SmartConfig or Wps, or with None take it back."""
        self.provisioning = provisioning

    async def stop_provisioning(self):
        """End SmartConfig or WPS if one runs."""
        if self.provisioning:
            await self.provisioning.stop()

    def _prepare(self):
        """Give a fresh driver what it takes only while no interface is on."""
        for interface, key in enumerate(_MACS):
            mac = self.settings.get(key)
            if mac:
                driver(atchip.wifi_mac, interface, mac)
        factory = self.mfg.factory
        code = factory("country_code", "CN")
        try:
            atchip.wifi_country(0, code, factory("start_channel", 1), factory("channel_num", 13))
        except CHIP_ERRORS as error:
            self.log("wifi: the factory's country is refused:", error)
        if self._power_limit is None:
            self._power_limit = factory("max_tx_power", 78)

    def _change(self, mode):
        """Turn interfaces on and off; what cannot be done is undone, as far as that can be."""
        try:
            self._switch(mode)
        except Exception:
            try:
                self._switch(self.mode)
            except FAILURES as error:
                self.log("wifi: an interface is not as before:", error)
            raise

    def _switch(self, mode):
        """Turn interfaces on and off, and give those that start what is kept for them."""
        was_on = False
        for interface, wlan in enumerate(self._wlans or ()):
            is_on = driver(wlan.active)
            was_on = was_on or is_on
            wanted = bool(mode >> interface & 1)
            if is_on == wanted:
                continue
            driver(wlan.active, wanted)
            if wanted:
                self._configure(interface)
        if mode and not was_on:
            self.power.apply()
            try:
                atchip.tx_power(self._power_limit)
            except CHIP_ERRORS as error:
                self.log("wifi: transmit power", self._power_limit, "refused:", error)

    def _configure(self, interface):
        driver(atchip.wifi_protocol, interface, self.settings.get(_PROTOCOLS[interface]))
        self._try_kept(interface)
        if interface == SOFTAP:
            self.softap.configure()
        elif self._hostname is not None:
            driver(atchip.hostname, self._hostname)
        self.net.apply(interface)

    def _try_kept(self, interface):
        """Give an interface what it can do without, where the driver has it otherwise."""
        inactive_s = self._inactive_s(interface)
        bandwidth = self.settings.get("wifi_bandwidth")[interface]
        try:
            if inactive_s != _INACTIVE_S[interface]:
                atchip.wifi_inactive(interface, inactive_s)
            if bandwidth:
                atchip.wifi_bandwidth(interface, bandwidth)
        except CHIP_ERRORS as error:
            self.log("wifi: a kept value is refused:", error)

    # The radio.

    def _inactive_s(self, interface):
        return self.settings.get("wifi_times")[1 - interface]

    def times(self):
        """Return (s until a station is dropped, s until the access point is, listen interval)."""
        ap_s, station_s, _ = self.settings.get("wifi_times")
        return ap_s, station_s, self.station.listen_interval

    def set_times(self, ap_s, station_s, listen):
        """Set and keep them; None leaves one as it is."""
        self.need()
        for interface, value in ((SOFTAP, ap_s), (STATION, station_s)):
            if value is not None and self.mode >> interface & 1:
                driver(atchip.wifi_inactive, interface, value)
        self.settings.change("wifi_times", patched, (ap_s, station_s, listen))
        if listen is not None:
            self.station.drop_listen_interval()

    def bandwidth(self, interface):
        """Return 1 for 20 MHz, 2 for 40 MHz."""
        self.need()
        if self.mode >> interface & 1:
            return driver(atchip.wifi_bandwidth, interface)
        return self.settings.get("wifi_bandwidth")[interface] or _WIDE

    def set_bandwidth(self, interface, bandwidth):
        """Set and keep it."""
        self.need()
        if self.mode >> interface & 1:
            driver(atchip.wifi_bandwidth, interface, bandwidth)
        both = (None, bandwidth) if interface else (bandwidth, None)
        self.settings.change("wifi_bandwidth", patched, both)

    async def recalibrate(self):
        """Forget the calibration of the radio, and start it anew; a joined station joins again."""
        if self.is_running and self.mode & 1:
            self.need_station()
        driver(atchip.rf_forget)
        if not self.is_running:
            return
        target = self.station.target if self.station.is_wanted else None
        await self.station.stop()
        mode = self.mode
        self._change(0)
        try:
            self._switch(mode)
        finally:
            if target:
                self.station.resume(target)

    def tx_power(self, quarter_dbm=None):
        """Set (if given) and return the maximum power in 0.25 dBm, as the driver has it."""
        try:
            actual = atchip.tx_power(quarter_dbm)
        except CHIP_ERRORS as error:
            raise refused("the radio is off", error)
        if quarter_dbm is not None:
            self._power_limit = quarter_dbm
        return actual

    def protocol(self, interface):
        """Return the 802.11 protocols an interface may use: 1 b, 3 bg, 7 bgn."""
        return self.settings.get(_PROTOCOLS[interface])

    def set_protocol(self, interface, bits):
        """Set and keep them."""
        self.need()
        if self.mode >> interface & 1:
            driver(atchip.wifi_protocol, interface, bits)
        self.settings.put(_PROTOCOLS[interface], bits)

    def mac(self, interface):
        """Return an interface's MAC address as text."""
        self.need()
        return driver(atchip.wifi_mac, interface)

    async def set_mac(self, interface, mac):
        """Change a MAC address; an interface that is on is restarted, and joins again."""
        self.need()
        rejoin = False
        if interface == STATION:
            rejoin = self.station.is_wanted
            await self.station.stop()
        self._change(self.mode & ~(1 << interface))
        try:
            driver(atchip.wifi_mac, interface, mac)
        finally:
            self._switch(self.mode)
            if rejoin:
                self.station.resume(self.station.target)
        self.settings.put(_MACS[interface], mac)

    def country(self):
        """Return (policy, code, first channel, number of channels)."""
        self.need()
        return driver(atchip.wifi_country)

    def set_country(self, policy, code, first, count):
        """Set them until the driver restarts."""
        self.need()
        driver(atchip.wifi_country, policy, code, first, count)

    def hostname(self):
        """Return the name that the station tells DHCP servers."""
        self.need(1)
        return driver(atchip.hostname)

    def set_hostname(self, name):
        """Set that name; it counts from the next exchange with a DHCP server."""
        self.need(1)
        self._hostname = name
        driver(atchip.hostname, name)

    def farewell(self):
        """Say that the station leaves, before the module restarts."""
        if self.station.is_associated:
            self.emit("wifi_disconnect")
