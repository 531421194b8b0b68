"""The partition table, as (type, subtype, address, size, label, encrypted) rows."""

import _sim


def rows(type, subtype, label):
    """Yield the rows of the partition table that match."""
    n = 0
    while True:
        row = _sim.part(n)
        if row is None:
            return
        if row[0] == type and subtype in (0xFF, row[1]) and label in (None, row[4]):
            yield row
        n += 1


def first(type, label):
    """Return the first row of that type and label, or None."""
    for row in rows(type, 0xFF, label):
        return row
    return None
