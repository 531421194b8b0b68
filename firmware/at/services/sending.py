"""Sending what the host types after `>`: blocks, long data, escaped data.

Owns the course of one transfer. The bytes go from the UART to the link in C (atnet.up_*); this
module starts that, waits for its news and decides what they mean.
"""

import errno

import atcore
import atnet
from at.errors import Abandoned, LinkError, StateError
from at.loop import ready
from at.wire.reply import SEND_FAIL

MAX_CHUNK = 2920


def block(links, link, length):
    """Have C take a block of `length` bytes after `>`, send it to the link's peer and say so.

    StateError if there is no memory for it.
    """
    # With a `try` the frame of this call would be too large for the stack, and take memory.
    if not atcore.send(link.handle, length, _failed, links, link):
        raise _no_memory(length)
    return True


def _failed(links, link, began):
    """Return SEND FAIL if the stack did not take a block in time. LinkError if the link broke.

    Abandoned if the host did not send all of it (None).
    """
    if began is None:
        raise Abandoned
    if not began:
        raise _closed(link)
    _explain(links, link)
    return SEND_FAIL


def _closed(link):
    return LinkError("link %d closed before the data was sent" % link.number)


def _no_memory(count):
    return StateError("out of memory for %d bytes" % count)


def begin(count, is_escaped):
    """Make room for a block of up to `count` bytes, until forget(). StateError without memory."""
    try:
        atnet.up_collect(count, is_escaped)
    except OSError:
        raise _no_memory(count)


async def collect():
    """Collect the block that was begun; return its size and the bytes behind its end.

    The UART hands out payload already. (None, 0) means that `+++` ended it. Abandoned if the host
    is silent for 20 s.
    """
    while True:
        await ready(atnet.UP)
        state, received, _, surplus = atnet.up_status()
        if state == atnet.UP_DONE:
            return received, surplus
        if state == atnet.UP_ENDED:
            return None, 0
        if state == atnet.UP_SILENT:
            raise Abandoned


def forget():
    """Take nothing more from the host, and give the block's memory back: C would go on."""
    atnet.up_stop()


async def send(links, link, target):
    """Send the collected block; `target` is (address, port) or None for the link's peer.

    Return False if the stack did not take it in time. LinkError if the link broke.
    """
    if links.find(link.number) is not link:
        raise _closed(link)
    if target:
        atnet.up_send(link.handle, target[0], target[1])
    else:
        atnet.up_send(link.handle)
    state = atnet.up_state()
    while state == atnet.UP_RUNNING:
        await ready(atnet.UP)
        state = atnet.up_state()
    return state == atnet.UP_DONE or _explain(links, link)


def _explain(links, link):
    """Tell a refusal of the stack (False) from a broken link (LinkError)."""
    if links.find(link.number) is link:
        error = atnet.error(link.handle)
        if link.is_udp or (error and error[0] == errno.ETIMEDOUT):
            return False
        links.end(link)
    raise LinkError("link %d closed while sending" % link.number)


class Long:
    """AT+CIPSENDL: data that is passed on while it still comes."""

    def __init__(self):
        self.report_size = 1024  # AT+CIPSENDLCFG
        self.chunk_size = MAX_CHUNK

    async def run(self, link, count, target, interval_ms, report):
        """Pass on `count` bytes; call report(sent, received) at each report size and the end.

        Return True if all were sent, False if not, None if `+++` ended it. A broken link ends
        nothing: the host's bytes are swallowed up to the count, so that none becomes a command.
        Abandoned if the host is silent for 20 s.
        """
        atnet.up_stream(
            link.handle, self.chunk_size, interval_ms, count, self.report_size, *(target or ())
        )
        try:
            return await self._follow(report)
        finally:
            forget()

    async def _follow(self, report):
        step = mark = self.report_size
        is_whole = True
        while True:
            await ready(atnet.UP)
            state, received, sent, _ = atnet.up_status()
            while mark <= sent:
                report(mark, received)
                mark += step
            if state == atnet.UP_FAILED:
                is_whole = False
                atnet.up_attach(None, True)
            elif state != atnet.UP_RUNNING:
                break
        if sent != mark - step:
            report(sent, received)
        if state == atnet.UP_SILENT:
            raise Abandoned
        if state == atnet.UP_ENDED:
            return None
        return is_whole


def create(_at):
    """Build the service from those it stands on."""
    return Long()
