"""Local time as AT+CIPSNTPCFG and AT+CIPSNTPTIME write it (manual 3.3.20, 3.3.21).

The calendar is computed here because MicroPython's ports count from different years.
"""

_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # day 0 is 1970-01-01
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def offset_minutes(zone):
    """Return the minutes east of UTC of a time zone, or None if it is none.

    -12 to 14 are whole hours; any other number is hhmm, so 15 is a quarter of an hour.
    """
    if -12 <= zone <= 14:
        return zone * 60
    hours = abs(zone) // 100
    minutes = abs(zone) % 100
    if minutes > 59 or hours > (12 if zone < 0 else 14):
        return None
    return hours * 60 + minutes if zone > 0 else -hours * 60 - minutes


def shown_zone(zone):
    """Return what AT+CIPSNTPCFG? shows: hours where they are whole, else hhmm.

    Below one hour it is 0, as the manual says for 015.
    """
    if abs(zone) < 60 and not -12 <= zone <= 14:
        return 0
    return zone // 100 if zone % 100 == 0 else zone


def date(seconds):
    """Return (year, month, day, hour, minute, second, day of the week from Thursday 0)."""
    days, rest = divmod(seconds, 86400)
    # Howard Hinnant's civil_from_days: years begin in March, so that the leap day comes last.
    shifted = days + 719468
    era, day = divmod(shifted, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (1 if month <= 2 else 0)
    return year, month, day + 1, rest // 3600, rest // 60 % 60, rest % 60, days % 7


def midnight(text):
    """Return the beginning (seconds) of a day as C compilers write it: `Nov 21 2026`."""
    month = _MONTHS.index(text[:3]) + 1
    year = int(text[7:])
    if month <= 2:  # the inverse of date(): years begin in March
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400
    return (days + (153 * month - 457) // 5 + int(text[4:6]) - 719469) * 86400


def asctime(seconds, zone=0):
    """Return local time like `Tue Oct 19 17:47:56 2021`; the day is padded with a space."""
    year, month, day, hour, minute, second, weekday = date(seconds + offset_minutes(zone) * 60)
    return "%s %s %2d %02d:%02d:%02d %d" % (
        _DAYS[weekday],
        _MONTHS[month - 1],
        day,
        hour,
        minute,
        second,
        year,
    )
