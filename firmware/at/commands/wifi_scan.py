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
        ("int", "reserved", 0, 1, None),
        ("int", "print_mask", 0, 0x7FF),
        ("int", "rssi_filter", -100, 40, -100),
        ("int", "authmode_mask", 0, 0xFFFF, 0xFFFF),
    ),
)


@CWLAPOPT.set
def cwlapopt_set(at, reserved, print_mask, rssi_filter, authmode_mask):
    """The first parameter once asked for sorting; the strongest always comes first."""
    at.wifi.scan_view = (print_mask, rssi_filter, authmode_mask)


CWLAP = command(
    "+CWLAP",
    "Look for access points",
    (
        ("str", "ssid", 0, 32, None),
        ("mac", "mac", None),
        ("int", "channel", 0, 14, 0),
        ("int", "scan_type", 0, 1, 0),
        ("int", "scan_time_min", 0, 1500, 0),
        ("int", "scan_time_max", 0, 1500, 0),
        ("int", "channel_bitmap", 0, 0x7FFE, 0),
    ),
    text='+CWLAP:"ssid"(32),"mac",(0-14),(0,1),(0-1500),(0-1500)',
    since="later: `channel_bitmap`",
)


@CWLAP.set
async def cwlap_set(at, ssid, mac, channel, scan_type, min_ms, max_ms, channels):
    """An empty ssid and channel 0 filter nothing. scan_type: 0 active, 1 passive.

    A hidden access point shows an empty SSID, unless it is asked for by name. freq_offset and
    freqcal_val are always -1. A station that tries to come back pauses meanwhile. Bit n of
    channel_bitmap is channel n; it is for channel 0 only.
    """
    if max_ms and min_ms > max_ms:
        raise invalid(4, "scan_time_min must not be above scan_time_max")
    if channel and channels:
        raise invalid(6, "a channel and a set of channels exclude each other")
    await at.wifi.scan(ssid or None, mac, channel, scan_type == 1, min_ms, max_ms, channels)
    mask, weakest, authmodes = at.wifi.scan_view
    for record in at.wifi.scan_records():
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
