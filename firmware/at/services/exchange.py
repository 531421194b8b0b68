"""One question and its answer over UDP, for the clients of name and time servers.

Owns the socket of the exchange and the wait; what the packets say is the caller's business.
"""

import asyncio
import time

import atlink
import atnet
from at.errors import LinkError
from at.loop import ready, within
from at.services.link import bit_of

_MAX_ANSWER = 512


async def exchange(server, port, request, wait_ms, read):
    """Send `request` and return read(answer), or None if no good answer comes in time.

    read() refuses a packet by ValueError; then the next one is awaited. LinkError if there is
    no way to the server.
    """
    link = _begin(server, port, request)
    try:
        end = time.ticks_add(time.ticks_ms(), wait_ms)
        result, left_ms = _look(link, read, end)
        while left_ms:
            try:
                await within(_news(link), left_ms)
            except asyncio.TimeoutError:
                pass
            result, left_ms = _look(link, read, end)
        return result
    finally:
        atnet.close(link)


def exchange_now(server, port, request, wait_ms, read):
    """Do the same, but stop everything else while waiting, for libraries that block."""
    link = _begin(server, port, request)
    try:
        end = time.ticks_add(time.ticks_ms(), wait_ms)
        result, left_ms = _look(link, read, end)
        while left_ms:
            atnet.arm(link, atnet.READ)
            atlink.wait(left_ms, bit_of(link))
            result, left_ms = _look(link, read, end)
        return result
    finally:
        atnet.close(link)


async def _news(link):
    atnet.arm(link, atnet.READ)
    await ready(bit_of(link))


def _begin(server, port, request):
    try:
        link = atnet.open(atnet.UDP, 6 if ":" in server else 4)
    except OSError as error:
        raise LinkError("no socket: %s" % error.args[-1])
    try:
        atnet.connect(link, server, port)  # so that nobody else is heard
        atnet.send(link, request)
    except OSError as error:
        atnet.close(link)
        raise LinkError("no way to %s: %s" % (server, error.args[-1]))
    except MemoryError:
        atnet.close(link)
        raise
    return link


def _look(link, read, end):
    """Return what read() made of a packet, and ms to wait for another: 0 if it is good."""
    result = _take(link, read)
    left_ms = time.ticks_diff(end, time.ticks_ms())
    return result, 0 if result is not None else max(left_ms, 0)


def _take(link, read):
    """Read one packet if one has come, because there may be many; None if it is no good answer."""
    try:
        packet = atnet.recv(link, _MAX_ANSWER)
    except OSError as error:
        raise LinkError("the server cannot be reached: %s" % error.args[-1])
    if packet is None:
        return None
    try:
        return read(packet)
    except ValueError:  # damaged, late, or forged
        return None
