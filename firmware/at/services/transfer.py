"""Counted answers, which the host takes as they are: nobody else may write meanwhile."""

import atnet
from at.loop import ready

_ROOM = 4096  # of the transmit ring, for the largest piece that C writes at once


class Transfer:
    """A counted answer on its way: whatever else wants to be said waits."""

    def __init__(self, port):
        self._port = port

    def __enter__(self):
        self._port.hold()
        return self

    def __exit__(self, kind, error, trace):  # as *exc it would need memory
        self._port.release()

    async def room(self):
        """Wait until the host has taken what was said before."""
        await self._port.room(_ROOM)

    async def passed(self, link):
        """Wait until C has written what was announced, as long as the host takes to read it.

        Zeros stand for bytes that cannot be had any more: the host counts on them.
        """
        left = atnet.down_left(link.handle)
        while left:
            if atnet.ended(link.handle):
                self._port.raw(bytes(left))
                return
            await ready(link.bit)
            left = atnet.down_left(link.handle)
