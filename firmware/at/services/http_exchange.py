"""A connection that carries one HTTP request and its response, for whoever makes one.

Owns the way to the server, the waiting, and the one buffer that both directions share. What is
asked, and what becomes of the body, is the caller's business; parsing is wire/http.py's. All
failures are LinkErrors.
"""

import asyncio
from time import ticks_diff, ticks_ms

import atnet
from at.errors import Absent, LinkError
from at.loop import within
from at.services.link import Link

IN_FRONT = 24  # bytes of the buffer in front of what is received that callers may use,
BEHIND = 2  # and behind it: room for the words around a piece that is passed on
NO_CONNECTION = 0x7000  # ERR CODE extension; with the status of an answer added: that answer
_OPTIONS = (-1, 1, 0, 0)  # linger, no delay, send time-out, keep-alive
_ANY_FAMILY = 1  # of names.resolve()
_REQUIRED = 2  # of Profile.verify()
_STEP = 1024  # bytes of a body that have to come within the server's time


class Exchange:
    """One request and one response. `idle_ms` is how long all may wait for the server together.

    That time counts from the name to the end of the head, and anew for each 1024 bytes of a body
    in either direction: a server that sends a byte now and then gains nothing. Time that the
    caller takes does not count.

    After advance(), buffer[response.first:response.last] are the body's next bytes.
    """

    def __init__(self, names, size, idle_ms):
        self.buffer = memoryview(bytearray(IN_FRONT + size + BEHIND))
        self._names = names
        self._idle_ms = idle_ms
        self._left_ms = idle_ms
        self._step = 0  # bytes of the body since the time was renewed
        self._is_in_body = False
        self._host = ""
        self._link = None
        self._filled = 0  # bytes in the buffer that wait to be sent
        self._at = 0  # what is unread of the buffer
        self._end = 0
        self._has_ended = False

    async def open(self, host, port, trust=None, found=None):
        """Connect; `trust` is a result of trust() for TLS. `found` is called with an address."""
        self._host = host
        try:
            await self._within(self._connect(host, port, trust, found))
        except asyncio.TimeoutError:
            reason = "no connection to %s in %d ms" % (host, self._idle_ms)
            raise LinkError(reason, NO_CONNECTION)
        finally:
            if trust:
                trust[0].close()

    async def _connect(self, host, port, trust, found):
        numeric = await self._names.resolve(host, _ANY_FAMILY)
        if found:
            found()
        link = self._link = Link(0, "TCPv6" if ":" in numeric else "TCP")
        try:
            await link.connect(numeric, port, None, _OPTIONS)
        except LinkError as error:
            raise LinkError(error.reason, NO_CONNECTION)
        except OSError as error:
            raise LinkError("no socket: %s" % error.args[-1], NO_CONNECTION)
        if trust:
            is_name = atnet.address(host) is None
            await link.secure(trust[0], host if is_name else None, host if trust[1] else None)

    def close(self):
        """End the connection; harmless the second time."""
        if self._link:
            self._link.close()

    # Sending.

    async def put(self, data):
        """Send bytes, gathered in the buffer until it is full."""
        room = len(self.buffer)
        at = 0
        while at < len(data):
            size = min(len(data) - at, room - self._filled)
            self.buffer[self._filled : self._filled + size] = data[at : at + size]
            self._filled += size
            at += size
            if self._filled == room:
                await self.flush()
                self._renew()

    async def flush(self):
        """Send what put() gathered."""
        done = 0
        while done < self._filled:
            count = self._try(atnet.send, self.buffer[: self._filled], done)
            if count is None:
                await self._until(atnet.WRITE)
            else:
                done += count
        self._filled = 0

    async def send(self, data):
        """Send bytes at once, behind a flush(); False if the server answers already instead."""
        self._renew()
        done = 0
        while done < len(data):
            try:
                count = atnet.send(self._link.handle, data, done)
            except OSError:  # what it said before it closed is worth reading
                return False
            if count is not None:
                done += count
                continue
            await self._until(atnet.READ | atnet.WRITE)
            if not atnet.poll(self._link.handle) & atnet.WRITE and self._receive():
                return False
        return True

    # Receiving.

    async def advance(self, response):
        """Have wire.http's Response take a line of the head or a run of body bytes.

        False if there is no more: the response is complete.
        """
        try:
            while self._at == self._end and not response.done:
                if self._has_ended:
                    response.end()
                elif self._receive():
                    await asyncio.sleep_ms(0)  # it may have more for us without end
                else:
                    await self._until(atnet.READ)
            if response.done:
                return False
            self._at = response.take(self.buffer, self._at, self._end)
        except ValueError as error:
            raise LinkError("%s: %s" % (self._host, error))
        self._note(response)
        return True

    def _note(self, response):
        """Give the server new time if it came a step further."""
        self._step += response.last - response.first
        if self._step >= _STEP or response.in_body != self._is_in_body:
            self._is_in_body = response.in_body
            self._renew()

    def _receive(self):
        """Fill the buffer with what is there, or note the end; False if there is nothing."""
        space = self.buffer[: len(self.buffer) - BEHIND]
        count = self._try(atnet.readinto, space, IN_FRONT)
        if count is None:
            return False
        self._has_ended = count == 0
        self._at = IN_FRONT
        self._end = IN_FRONT + count
        return True

    def _try(self, call, data, start):
        try:
            return call(self._link.handle, data, start)
        except OSError as error:
            raise LinkError("%s: %s" % (self._host, error.args[-1]))

    async def _until(self, events):
        try:
            await self._within(self._link.until(events))
        except asyncio.TimeoutError:
            raise LinkError("%s takes longer than %d ms" % (self._host, self._idle_ms))

    def _renew(self):
        self._left_ms = self._idle_ms
        self._step = 0

    async def _within(self, work):
        """Do work on the server's time. asyncio.TimeoutError when that is used up."""
        began = ticks_ms()
        try:
            await within(work, max(self._left_ms, 0))
        finally:
            self._left_ms -= ticks_diff(ticks_ms(), began)


def trust(mfg, owner):
    """Return (profile for TLS, whether it checks the server) as mfg_nvs has it for `owner`.

    With a certificate in the namespace `<owner>_ca` servers must show one that it signed, and
    that carries their name; without one any server is good. What `<owner>_cert` and `<owner>_key`
    hold is shown to servers that ask.
    """
    profile = atnet.Profile(False)
    authority = _file(mfg, owner + "_ca")
    own = _file(mfg, owner + "_cert")
    try:
        if authority:
            profile.ca(authority)
        if own:
            profile.own(own, _file(mfg, owner + "_key") or b"")
        profile.verify(_REQUIRED if authority else 0)
    except OSError as error:
        from at.services.tls import UNUSABLE  # plain connections do without

        profile.close()
        raise LinkError("certificate or key unusable: %s" % error.args[-1], UNUSABLE)
    return profile, authority is not None


def _file(mfg, space):
    for key in (space, space + ".0"):
        try:
            return mfg.get(space, key)[1]
        except Absent:  # anything else must not look as if there were no authority
            continue
    return None
