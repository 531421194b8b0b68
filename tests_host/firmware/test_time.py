"""SNTP packets, time zones and the calendar, under CPython."""

import datetime
import struct
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from at.wire import daytime, ntp

STAMP = b"12345678"


def server(
    seconds=3_900_000_000, fraction=0, first=0x24, stratum=1, stamp=STAMP, reference=b"GPS\0"
):
    """Compose a server's packet; `seconds` is the 32-bit count since 1900."""
    head = bytes((first, stratum, 6, 0xEC)) + bytes(8) + reference + bytes(8)
    return head + stamp + bytes(8) + struct.pack(">II", seconds, fraction)


def test_a_request_is_that_of_a_client_and_brings_its_stamp():
    packet = ntp.request(STAMP)
    assert len(packet) == 48
    assert (packet[0] >> 6, packet[0] >> 3 & 7, packet[0] & 7) == (0, 4, 3)
    assert packet[40:] == STAMP


@pytest.mark.parametrize(
    ("seconds", "fraction", "moment"),
    [
        (2208988800 + 0x0FFFFFFF, 0, 0x0FFFFFFF),  # in 1978
        (3_900_000_000, 0x7FFFFFFF, 1_691_011_200),
        (3_900_000_000, 0x80000000, 1_691_011_201),
        (0xFFFFFFFF, 0, 0xFFFFFFFF - 2208988800),
        (1, 0, 2_085_978_497),  # the era that begins in February 2036
    ],
)
def test_the_time_is_read_and_rounded_over_the_end_of_the_era(seconds, fraction, moment):
    assert ntp.answer(server(seconds, fraction), STAMP) == moment


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first": 0x23}, "not a server"),
        ({"first": 0x25}, "not a server"),
        ({"first": 0x04}, "not a server"),
        ({"first": 0x3C}, "not a server"),
        ({"first": 0xE4}, "not set"),
        ({"stratum": 16}, "not set"),
        ({"stratum": 0, "reference": b"RATE"}, "refused: RATE"),
        ({"stamp": b"87654321"}, "not the answer"),
        ({"seconds": 0}, "no time"),
    ],
)
def test_what_cannot_be_believed_is_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        ntp.answer(server(**change), STAMP)


@given(st.binary(max_size=80))
def test_garbage_is_refused(packet):
    with pytest.raises(ValueError, match=r"."):
        ntp.answer(packet, STAMP)


def test_a_cut_answer_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        ntp.answer(server()[:47], STAMP)


@pytest.mark.parametrize(
    ("zone", "minutes", "shown"),
    [
        (8, 480, 8),
        (800, 480, 8),
        (-5, -300, -5),
        (-500, -300, -5),
        (530, 330, 530),
        (1245, 765, 1245),
        (-930, -570, -930),
        (15, 15, 0),  # AT+CIPSNTPCFG=1,015
        (-30, -30, 0),
        (0, 0, 0),
        (14, 840, 14),
        (1400, 840, 14),
        (-12, -720, -12),
        (-1259, -779, -1259),
        (1459, 899, 1459),
        (100, 60, 1),
    ],
)
def test_a_zone_is_whole_hours_or_hours_and_minutes(zone, minutes, shown):
    assert daytime.offset_minutes(zone) == minutes
    assert daytime.shown_zone(zone) == shown


@pytest.mark.parametrize("zone", [60, 99, -60, -13 * 100, 1500, 860, -1260, 10000])
def test_a_zone_beyond_the_map_is_none(zone):
    assert daytime.offset_minutes(zone) is None


@given(st.integers(0, 0xFFFFFFFF * 2))
@example(0)
@example(951782400)  # 29 February 2000
@example(4107542400)  # 2100 is no leap year
def test_the_calendar_agrees_with_python(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    assert daytime.asctime(seconds) == moment.strftime(
        "%a %b "
    ) + f"{moment.day:2} " + moment.strftime("%H:%M:%S %Y")
    assert daytime.asctime(seconds) == time.asctime(time.gmtime(seconds))


def test_local_time_moves_the_date():
    assert daytime.asctime(1634665676, 8) == "Wed Oct 20 01:47:56 2021"
    assert daytime.asctime(1634665676, -500) == "Tue Oct 19 12:47:56 2021"
    assert daytime.asctime(0, -12) == "Wed Dec 31 12:00:00 1969"
    assert daytime.asctime(128) == "Thu Jan  1 00:02:08 1970"


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2199, 12, 31)))
@example(datetime.date(2000, 2, 29))
def test_a_build_date_is_the_beginning_of_its_day(day):
    text = f"{day:%b} {day.day:2d} {day.year}"
    start = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    assert daytime.midnight(text) == start.timestamp()


def test_a_time_before_the_firmware_was_built_is_refused():
    moment = ntp.answer(server(), STAMP)
    assert ntp.answer(server(), STAMP, moment) == moment
    with pytest.raises(ValueError, match="before this firmware was built"):
        ntp.answer(server(), STAMP, moment + 1)
