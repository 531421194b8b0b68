"""Header lines that the host sets once and that go with every request from then on."""

from at.errors import StateError
from at.wire import http

_MAX_BYTES = 4096  # of all lines together


class Fields:
    """The lines, in the order in which they were set; each is bytes, `name: value`."""

    def __init__(self):
        self.lines = []

    def clear(self):
        """Forget all lines."""
        self.lines = []

    def add(self, line):
        """Add a line; it replaces one of the same name. ValueError, StateError if too many."""
        lines = http.merge(self.lines, [line])
        if sum([len(each) for each in lines]) > _MAX_BYTES:
            raise StateError("no room for more than %d bytes of headers" % _MAX_BYTES)
        self.lines = lines
