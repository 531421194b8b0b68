"""Counted answers, which the host takes as they are: nobody else may write meanwhile."""

_ROOM = 4096  # of the transmit ring, for the largest piece that C writes at once


class Transfer:
    """A counted answer on its way: whatever else wants to be said waits."""

    def __init__(self, port):
        self._port = port

    def __enter__(self):
        self._port.hold()
        return self

    def __exit__(self, *exc):
        self._port.release()

    async def room(self):
        """Wait until the host has taken what was said before."""
        await self._port.room(_ROOM)

    def pad(self, count):
        """Write zeros in place of announced bytes that cannot be had any more."""
        self._port.raw(bytes(count))
