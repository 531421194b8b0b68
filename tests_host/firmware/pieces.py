"""Feeding readers of at.wire with streams that are cut anywhere."""

from itertools import pairwise

import pytest


def cut(stream, places):
    """Yield the pieces of a stream that end at the places, and at its end."""
    ends = sorted({place % (len(stream) + 1) for place in places} | {len(stream)})
    return (stream[start:end] for start, end in pairwise([0, *ends]))


def taken(reader, piece):
    """Let a reader take a piece; yield after each step, which must take it further."""
    at = 0
    while at < len(piece):
        before = at
        at = reader.take(piece, at, len(piece))
        assert at > before
        yield


def refused(read, stream, reason):
    """Check that a stream is refused, whole and byte by byte."""
    for places in ((), range(len(stream))):
        with pytest.raises(ValueError, match=reason):
            read(stream, places)
