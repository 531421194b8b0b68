"""The module's own access point (manual chapter 3.2)."""

from at.command import EVENTS, command, old_endings
from at.errors import SUB_LENGTH, ParamError
from at.services.wifi import SOFTAP

EVENTS.update(
    {
        "station_connected": '+STA_CONNECTED:"%s"',
        "station_leased": '+DIST_STA_IP:"%s","%s"',
        "station_disconnected": '+STA_DISCONNECTED:"%s"',
    }
)

CWSAP = command(
    "+CWSAP",
    "Configuration of the softAP",
    (
        ("str", "ssid", 1, 32),
        ("str", "pwd", 0, 63),
        ("int", "channel", 1, 14),  # of 2.4 GHz
        ("pick", "ecn", (0, 2, 3, 4)),  # 0 OPEN; 2 WPA_PSK; 3 WPA2_PSK; 4 WPA_WPA2_PSK
        ("int", "max_conn", 1, 15, 4),  # stations
        ("int", "ssid_hidden", 0, 1, 0),  # 0 shown; 1 hidden
    ),
    stores="wifi_softap",
)


@CWSAP.query
def cwsap_query(at):
    """From the factory an open access point ESP_ and the end of the MAC address, channel 1."""
    at.reply(*at.wifi.softap.config())


@CWSAP.set
def cwsap_set(at, ssid, password, channel, ecn, max_conn, hidden):
    """The password has 8 to 63 bytes; with ecn 0 it is of no use and may be empty.

    Needs AT+CWMODE=2 or 3. While the station is joined its channel is the softAP's as well.
    """
    if ecn and len(password) < 8:
        raise ParamError(SUB_LENGTH, 1, "the password must be 8 to 63 bytes long")
    at.wifi.softap.set_config(ssid, password, channel, ecn, max_conn, hidden)


CWLIF = command(
    "+CWLIF",
    "Stations of the softAP and the addresses that DHCP gave them",
    words={"ip": "of a station", "mac": "of it"},
)


@CWLIF.run
def cwlif_run(at):
    """`+CWLIF:<ip>,<mac>`, a line each, without quotes.

    Stations with an address of their own are left out.
    """
    for mac, ip in at.wifi.stations():
        if ip != "0.0.0.0":
            at.line("%s:%s,%s" % (at.name, ip, mac))


CWQIF = command(
    "+CWQIF", "Throw stations off the softAP: one, or without parameter all", (("mac", "mac"),)
)


@CWQIF.set
def cwqif_set(at, mac):
    """ERROR if that station is not there. `+STA_DISCONNECTED:` follows OK."""
    at.wifi.softap.expel(mac)


@CWQIF.run
def cwqif_run(at):
    at.wifi.softap.expel()


CWDHCPS = command(
    "+CWDHCPS",
    "Which addresses the softAP's DHCP server gives away",
    (
        # 0 built-in addresses; 1 those given
        (
            "by",
            "enable",
            (
                (
                    0,
                    (
                        ("int", "lease_time", 1, 2880, None),  # minutes
                        ("ip", "start_ip", None),
                        ("ip", "end_ip", None),
                    ),
                ),
                (1, (("int", "lease_time", 1, 2880), ("ip", "start_ip"), ("ip", "end_ip"))),
            ),
        ),
    ),
    stores="wifi_pool",
)


@CWDHCPS.query
def cwdhcps_query(at):
    """`+CWDHCPS:<lease_time>,<start_ip>,<end_ip>`."""
    at.reply(*at.wifi.net.pool())


@CWDHCPS.set
def cwdhcps_set(at, enable, lease_min, first, last):
    """Needs the softAP with its DHCP server on. The pool lies in the softAP's network, does not
    contain its own address and has 2 to 100 addresses.
    """
    if enable:
        at.wifi.net.set_pool(lease_min, first, last)
    else:
        at.wifi.net.clear_pool()


CWAPPROTO = command(
    "+CWAPPROTO",
    "802.11 protocols of the softAP",
    (("pick", "protocol", (1, 3, 7)),),  # 1 802.11b; 3 802.11b/g; 7 802.11b/g/n
    stores="ap_proto",
)


@CWAPPROTO.query
def cwapproto_query(at):
    at.reply(at.wifi.protocol(SOFTAP))


@CWAPPROTO.set
def cwapproto_set(at, protocol):
    """The radio knows these three sums only."""
    at.wifi.set_protocol(SOFTAP, protocol)


old_endings(CWSAP, CWDHCPS)
