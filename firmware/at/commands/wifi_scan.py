"""Looking for access points (manual sections 3.2.7 and 3.2.8)."""

from at.command import command
from at.errors import invalid
from at.wire.reply import quote

_CIPHER_UNKNOWN = 7  # all that the radio knows beyond 802.11's first seven
_FREQUENCY_OFFSET = b"-1"  # reserved; the radio does not tell

CWLAPOPT = command(
    "+CWLAPOPT",
    "Which fields and access points AT+CWLAP shows, until the next start",
    (
        ("int", "reserved", 0, 1, None),  # 0-1 without effect
        # +1 ecn; +2 ssid; +4 rssi; +8 mac; +16 channel; +32 freq_offset; +64 freqcal_val;
        # +128 pairwise_cipher; +256 group_cipher; +512 bgn; +1024 wps
        ("int", "print_mask", 0, 0x7FF),
        ("int", "rssi_filter", -100, 40, -100),  # dBm, the weakest that is shown
        # +1 OPEN; +2 WEP; +4 WPA_PSK; +8 WPA2_PSK; +16 WPA_WPA2_PSK; +32 WPA2_ENTERPRISE;
        # +64 WPA3_PSK; +128 WPA2_WPA3_PSK; +256 WAPI_PSK; +512 OWE; +1024 WPA3_ENT_192
        ("int", "authmode_mask", 0, 0xFFFF, 0xFFFF),
    ),
)


@CWLAPOPT.set
def cwlapopt_set(at, reserved, print_mask, rssi_filter, authmode_mask):
    """The first parameter once asked for sorting; the strongest always comes first."""
    at.scan.view = (print_mask, rssi_filter, authmode_mask)


CWLAP = command(
    "+CWLAP",
    "Look for access points",
    (
        ("str", "ssid", 0, 32, None),
        ("mac", "mac", None),
        ("int", "channel", 0, 14, 0),  # 0 all; 1-14 this one
        ("int", "scan_type", 0, 1, 0),  # 0 active; 1 passive
        ("int", "scan_time_min", 0, 1500, 0),  # ms a channel
        ("int", "scan_time_max", 0, 1500, 0),  # ms a channel; 0 120 active, 360 passive
        ("int", "channel_bitmap", 0, 0x7FFE, 0),  # bit n is channel n; 0 all
    ),
    text='+CWLAP:"ssid"(32),"mac",(0-14),(0,1),(0-1500),(0-1500)',
    since="4.1: `channel_bitmap`",
    words={
        "ecn": (
            "0 OPEN; 1 WEP; 2 WPA_PSK; 3 WPA2_PSK; 4 WPA_WPA2_PSK; 5 WPA2_ENTERPRISE; "
            "6 WPA3_PSK; 7 WPA2_WPA3_PSK; 8 WAPI_PSK; 9 OWE; 10 WPA3_ENT_192"
        ),
        "rssi": "dBm",
        "freq_offset": "-1 not known",
        "freqcal_val": "-1 not known",
        "pairwise_cipher": (
            "0 none; 1 WEP40; 2 WEP104; 3 TKIP; 4 CCMP; 5 TKIP and CCMP; 6 AES-CMAC-128; 7 unknown"
        ),
        "group_cipher": (
            "0 none; 1 WEP40; 2 WEP104; 3 TKIP; 4 CCMP; 5 TKIP and CCMP; 6 AES-CMAC-128; 7 unknown"
        ),
        "bgn": "+1 802.11b; +2 802.11g; +4 802.11n",
        "wps": "0 no WPS; 1 WPS",
    },
)


@CWLAP.set
async def cwlap_set(at, ssid, mac, channel, scan_type, min_ms, max_ms, channels):
    """`+CWLAP:(<ecn>,<ssid>,<rssi>,<mac>,<channel>,<freq_offset>,<freqcal_val>,<pairwise_cipher>,<group_cipher>,<bgn>,<wps>)`,
    a line each, with the fields that AT+CWLAPOPT asks for. An empty ssid filters nothing.

    A hidden access point shows an empty SSID, unless it is asked for by name. A station that tries
    to come back pauses meanwhile. channel_bitmap is for channel 0 only.
    """
    if max_ms and min_ms > max_ms:
        raise invalid(4, "scan_time_min must not be above scan_time_max")
    if channel and channels:
        raise invalid(6, "a channel and a set of channels exclude each other")
    await at.scan.run(ssid or None, mac, channel, scan_type == 1, min_ms, max_ms, channels)
    mask, weakest, authmodes = at.scan.view
    for record in at.scan.records():
        if record[2] >= weakest and authmodes >> min(record[0], 15) & 1:
            at.port.message(_line(at.name, record, mask))
            await at.port.drain()


@CWLAP.run
async def cwlap_run(at):
    """All channels, active."""
    await cwlap_set(at, None, None, 0, 0, 0, 0, 0)


def _line(name, record, mask):
    """Compose a line of the fields in the mask, in the order of its bits."""
    fields = [quote(field) for field in record]
    for place in (5, 6):
        fields[place] = quote(min(record[place], _CIPHER_UNKNOWN))
    fields[5:5] = (_FREQUENCY_OFFSET, _FREQUENCY_OFFSET)
    shown = [field for bit, field in enumerate(fields) if mask >> bit & 1]
    return name.encode() + b":(" + b",".join(shown) + b")\r\n"
