"""Wi-Fi: driver, mode and station (manual chapter 3.2)."""

from at.command import EVENTS, alias, command, old_endings
from at.errors import text_of
from at.services.wifi import STATION
from at.services.wifi_target import JoinFailed, make_target

EVENTS.update(
    {
        "wifi_connected": "WIFI CONNECTED",
        "wifi_got_ip": "WIFI GOT IP",
        "wifi_disconnect": "WIFI DISCONNECT",
        "wifi_got_ip6": "WIFI GOT IPv6 %s",
    }
)

_WPA = 2  # authmode floor of pci_en=1

CWINIT = command(
    "+CWINIT",
    "Stop the Wi-Fi driver, which frees its memory, or start it; it runs after each start",
    (("int", "init", 0, 1),),  # 0 stopped; 1 running
)


@CWINIT.query
def cwinit_query(at):
    at.reply(int(at.wifi.is_running))


@CWINIT.set
async def cwinit_set(at, init):
    """While it is stopped, commands that need the driver end with ERROR.

    Started again it does as at power-up: the mode in force, and the kept access point is joined
    if AT+CWAUTOCONN says so.
    """
    if not init:
        await at.wifi.stop()
    elif not at.wifi.is_running:
        at.wifi.start()


CWMODE = command(
    "+CWMODE",
    "Wi-Fi mode",
    (
        ("int", "mode", 0, 3),  # 0 off; 1 station; 2 softAP; 3 station and softAP
        ("int", "auto_connect", 0, 1, 1),  # 0 no; 1 yes
    ),
    stores="wifi_mode",
)


@CWMODE.query
def cwmode_query(at):
    """`+CWMODE:<mode>`. The factory mode is 1, as ESP-IDF's."""
    at.reply(at.wifi.mode)


@CWMODE.set
async def cwmode_set(at, mode, auto_connect):
    """A station that is turned off leaves first: `WIFI DISCONNECT` comes before OK.

    auto_connect: when the station is turned on, join the access point that flash holds, in the
    background and again and again as AT+CWRECONNCFG says.
    """
    await at.wifi.set_mode(mode, auto_connect)


CWSTATE = command(
    "+CWSTATE",
    "State of the station and the SSID it is aimed at",
    words={
        "state": "0 no join was begun; 1 joined, without IPv4 address; "
        "2 joined, with IPv4 address; 3 joining or coming back; 4 disconnected",
        "ssid": "that is aimed at",
    },
)


@CWSTATE.query
def cwstate_query(at):
    """`+CWSTATE:<state>,<ssid>`."""
    at.reply(at.wifi.station.state, at.wifi.station.ssid)


CWJAP = command(
    "+CWJAP",
    "Join an access point",
    (
        ("str", "ssid", 1, 32, None),
        ("str", "pwd", 0, 63, None),
        ("mac", "bssid", None),
        # 0 any security; 1 all but OPEN and WEP; 2 WPA or better; 3 WPA2 or better;
        # 4 WPA/WPA2 or better; 5 WPA2-Enterprise or better; 6 WPA3 or better;
        # 7 WPA2/WPA3 or better; 8 WAPI or better; 9 OWE or better;
        # 10 WPA3-Enterprise with 192 bits
        ("int", "pci_en", 0, 10, 0),
        ("int", "reconn_interval", 0, 7200, 1),  # seconds between tries to come back; 0 none
        ("int", "listen_interval", 1, 100, None),  # beacons
        # 0 the first that is found; 1 the strongest on all channels
        ("int", "scan_mode", 0, 1, 0),
        ("int", "jap_timeout", 3, 600, 15),  # seconds
        ("int", "pmf", 0, 3, 1),  # +1 protected management frames if both can; +2 only with them
    ),
    stores="wifi_ap",
    text='+CWJAP:"ssid"(32),"pwd"(63),"bssid",(0,1),(0-7200),(1-100),(0,1),(3-600),(0-3)',
    since="main: `pci_en` 2 to 10",
    words={
        "channel": "of the access point",
        "rssi": "dBm",
        "error_code": "1 time-out; 2 wrong password; 3 not found; 4 failed otherwise",
    },
)


@CWJAP.query
def cwjap_query(at):
    """`+CWJAP:<ssid>,<bssid>,<channel>,<rssi>,<pci_en>,<reconn_interval>,<listen_interval>,<scan_mode>,<pmf>`.

    Only OK while there is no access point; `No AP` of old releases is not printed.

    pci_en is that of 3.4: 1 for whatever refuses OPEN and WEP.
    """
    station = at.wifi.station
    info = station.info()
    if info:
        _, _, _, floor, _, scan, _, pmf, _ = station.target
        listen = station.listen_interval
        at.reply(*info, int(floor > 1), station.interval_s, listen, scan, pmf)


@CWJAP.set
async def cwjap_set(at, ssid, password, bssid, pci_en, interval, listen, *rest):
    """A join that fails says why, `+CWJAP:<error_code>`, before ERROR.

    Without ssid the last access point is meant, with its password and BSSID unless given here.
    An access point that the station is in is left first: `WIFI DISCONNECT`. What was set is kept
    once it has worked; after a failure the station stays out, and AT+CWJAP tries the same again.
    A failed attempt is repeated once if there is time. The listen interval is that of AT+CWCONFIG,
    3 from the factory, unless one is given.
    """
    at.wifi.need_station()
    eap = None
    if ssid is None:
        last = at.wifi.station.last_target()
        ssid = bytes.fromhex(last[0])
        if password is None:
            password = bytes.fromhex(last[1])
            bssid = bssid or last[2]
            eap = last[8]
    floor = max(pci_en, _WPA) if pci_en else 0
    target = make_target(ssid, password or b"", bssid, floor, (listen,) + rest, eap)
    await _join(at, target, interval)


@CWJAP.run
async def cwjap_run(at):
    """Join what was last aimed at, or what is kept, with all its parameters."""
    at.wifi.need_station()
    await _join(at, at.wifi.station.last_target(), None)


async def _join(at, target, interval_s):
    try:
        await at.wifi.station.join(target, interval_s)
    except JoinFailed as error:
        at.line("%s:%d" % (at.name, error.result))
        raise


CWRECONNCFG = command(
    "+CWRECONNCFG",
    "Coming back to a lost access point",
    (
        ("int", "interval_second", 0, 7200),  # seconds between tries; 0 never try
        ("int", "repeat_count", 0, 1000),  # tries; 0 for ever
        ("int", "reconnect_now", 0, 1, 0),  # 0 at its time; 1 at once
    ),
    stores="wifi_reconn",
    text="+CWRECONNCFG:(0-7200),(0-1000)",
    since="main: `reconnect_now`",
)


@CWRECONNCFG.query
def cwreconncfg_query(at):
    """`+CWRECONNCFG:<interval_second>,<repeat_count>`."""
    at.reply(at.wifi.station.interval_s, at.wifi.station.repeats)


@CWRECONNCFG.set
def cwreconncfg_set(at, interval_s, repeats, at_once):
    """A station that is trying starts to count anew."""
    at.wifi.station.set_reconnect(interval_s, repeats, at_once == 1)


CWQAP = command("+CWQAP", "Leave the access point")


@CWQAP.run
def cwqap_run(at):
    """`WIFI DISCONNECT` follows OK. The station stays out until a command or a start."""
    at.wifi.need(1)
    at.wifi.station.leave()


CWAUTOCONN = command(
    "+CWAUTOCONN",
    "Whether the kept access point is joined at power-up",
    (("int", "enable", 0, 1),),  # 0 no; 1 yes
    stores="wifi_auto",
)


@CWAUTOCONN.query
def cwautoconn_query(at):
    at.reply(at.settings.get("wifi_auto"))


@CWAUTOCONN.set
def cwautoconn_set(at, enable):
    at.settings.put("wifi_auto", enable)


alias("+WAUTOCONN", CWAUTOCONN)  # Ai-Thinker's name

CWSTAPROTO = command(
    "+CWSTAPROTO",
    "802.11 protocols of the station",
    (("pick", "protocol", (1, 3, 7)),),  # 1 802.11b; 3 802.11b/g; 7 802.11b/g/n
    stores="sta_proto",
)


@CWSTAPROTO.query
def cwstaproto_query(at):
    at.reply(at.wifi.protocol(STATION))


@CWSTAPROTO.set
def cwstaproto_set(at, protocol):
    """The radio knows these three sums only."""
    at.wifi.set_protocol(STATION, protocol)


CWCONFIG = command(
    "+CWCONFIG",
    "Silence until the other side is given up, and the listen interval",
    (
        ("int", "ap_inactive", 10, 3600, None),  # seconds
        ("int", "sta_inactive", 3, 600, None),  # seconds
        ("int", "listen_interval", 1, 100, None),  # beacons
    ),
    stores="wifi_times",
    since="4.1",
)


@CWCONFIG.query
def cwconfig_query(at):
    """From the factory 300 and 6 seconds and 3 beacons."""
    at.reply(*at.wifi.times())


@CWCONFIG.set
def cwconfig_set(at, ap_s, station_s, listen):
    """Seconds without a frame until the softAP drops a station; without a beacon until the station
    gives its access point up; the listen interval in beacons, which is AT+CWJAP's as well and
    counts from the next join. What is left out stays as it is.
    """
    at.wifi.set_times(ap_s, station_s, listen)


CWBANDWIDTH = command(
    "+CWBANDWIDTH",
    "Bandwidth of the station or the softAP",
    (
        ("int", "netif", 0, 1),  # 0 station; 1 softAP
        ("int", "bandwidth", 0, 2),  # 0 as it is; 1 20 MHz; 2 40 MHz
        ("pick", "bandwidth_5g", (0,), 0),  # 0 there is no 5 GHz
    ),
    stores="wifi_bandwidth",
    since="5.0",
)


@CWBANDWIDTH.query
def cwbandwidth_query(at):
    """A line for each; the last number is that of 5 GHz on other chips."""
    for interface in (0, 1):
        at.reply(interface, at.wifi.bandwidth(interface), 0)


@CWBANDWIDTH.set
def cwbandwidth_set(at, interface, bandwidth, _):
    """40 MHz need 802.11n: AT+CWSTAPROTO=7 or AT+CWAPPROTO=7."""
    if bandwidth:
        at.wifi.set_bandwidth(interface, bandwidth)


RFCAL = command("+RFCAL", "Forget the radio's calibration, and start the radio anew", since="4.1")


@RFCAL.run
async def rfcal_run(at):
    """A station that is joined leaves, `WIFI DISCONNECT`, and joins again in the background.

    The next calibration is a full one, which takes part of a second more; it is done when the
    radio starts after the next restart at the latest.
    """
    await at.wifi.recalibrate()


CWHOSTNAME = command(
    "+CWHOSTNAME", "The station's host name, until the next start", (("str", "hostname", 1, 32),)
)


@CWHOSTNAME.query
def cwhostname_query(at):
    """Printed without quotes; `espressif` after a start. ERROR while the station is off."""
    at.line("%s:%s" % (at.name, at.wifi.hostname()))


@CWHOSTNAME.set
def cwhostname_set(at, name):
    """Counts from the next exchange with a DHCP server."""
    at.wifi.set_hostname(text_of(name, 0))


CWCOUNTRY = command(
    "+CWCOUNTRY",
    "Country code and channels, until the next start",
    (
        ("int", "country_policy", 0, 1),  # 0 that of the access point joined; 1 always this one
        ("str", "country_code", 2, 3),
        ("int", "start_channel", 1, 14),  # first channel
        ("int", "total_channel_count", 1, 14),  # number of channels
    ),
)


@CWCOUNTRY.query
def cwcountry_query(at):
    at.reply(*at.wifi.country())


@CWCOUNTRY.set
def cwcountry_set(at, policy, code, first, count):
    """The factory parameters say what holds after a start."""
    at.wifi.set_country(policy, text_of(code, 1), first, count)


old_endings(CWMODE, CWJAP)
