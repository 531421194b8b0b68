"""Downloads: one GET over HTTP or HTTPS, with redirects, whose body streams into a function.

Owns the connection and its time-outs. The body is never held; what it means is the caller's
business. Parsing is wire/http.py's and wire/url.py's.
"""

import asyncio

import atnet
from at.errors import LinkError, StoreError
from at.loop import ready
from at.services.link import Link
from at.wire import http, url

_FIELDS = (b"User-Agent: AT-ESP32-S2", b"Accept-Encoding: identity", b"Connection: close")
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5
_BUFFER = 2048
_RESOLVE_MS = 20000
_CONNECT_MS = 20000
_IDLE_MS = 20000  # without a byte from the server
_OPTIONS = (-1, 0, 0, 0)  # linger, no delay, send time-out, keep-alive
_HTTP_STATUS = 0x7000  # ERR CODE extension: this and the status of the answer
_NO_CONNECTION = 0x7000
_CA = "ota_ca"  # namespace and key in mfg_nvs: with it, servers must show a certificate of it


class Fetch:
    """Makes downloads."""

    def __init__(self, names, mfg):
        self._names = names
        self._mfg = mfg

    async def get(self, address, sink, found=None, connected=None):
        """Pass the body of a URL (bytes) to sink(memoryview); return the URL it came from.

        `found` and `connected`, if given, are called when the server's address is known and when
        the connection stands. LinkError, with the extension of AT+HTTP*, if the body cannot be
        had or sink() refuses it by ValueError.
        """
        self._names.need_network()
        for _ in range(_MAX_REDIRECTS + 1):
            location = await self._get_once(address, sink, found, connected)
            if location is None:
                return address
            if address[:6].lower() == b"https:" and location[:6].lower() != b"https:":
                raise LinkError("the server leads from HTTPS to HTTP")
            address = location
        raise LinkError("the server leads from one place to the next without end")

    async def _get_once(self, address, sink, found, connected):
        """Return None, or the URL of a redirect."""
        try:
            scheme, host, port, target = url.split(address)
            if not scheme.startswith("http"):
                raise ValueError("a URL begins with http:// or https://")
        except ValueError as error:
            raise LinkError(str(error))
        numeric = await self._names.resolve(host, 1, _RESOLVE_MS)
        if found:
            found()
        link = Link(0, "TCPv6" if ":" in numeric else "TCP")
        try:
            await self._connect(link, scheme, host, numeric, port)
            if connected:
                connected()
            await _send(
                link, http.request("GET", url.host_field(scheme, host, port), target, _FIELDS)
            )
            return await _receive(link, address, sink)
        except asyncio.TimeoutError:
            raise LinkError("%s does not answer any more" % host)
        except ValueError as error:
            raise LinkError("%s: %s" % (host, error))
        except OSError as error:
            raise LinkError("%s: %s" % (host, error.args[-1]))
        finally:
            link.close()

    async def _connect(self, link, scheme, host, numeric, port):
        try:
            await asyncio.wait_for_ms(link.connect(numeric, port, None, _OPTIONS), _CONNECT_MS)
        except asyncio.TimeoutError:
            raise LinkError("no connection to %s in %d ms" % (host, _CONNECT_MS), _NO_CONNECTION)
        except LinkError as error:
            raise LinkError(error.reason, _NO_CONNECTION)
        if scheme == "https":
            profile = atnet.Profile(False)
            authority = self._authority()
            if authority:
                profile.ca(authority)
            profile.verify(2 if authority else 0)
            is_name = atnet.address(host) is None
            await link.secure(profile, host if is_name else None, host if authority else None)

    def _authority(self):
        """Return the certificate that servers are checked against, None to trust any."""
        try:
            return self._mfg.get(_CA, _CA)[1]
        except StoreError:
            return None


async def _until(link, events):
    atnet.arm(link.handle, events)
    try:
        await ready(link.bit)
    finally:
        atnet.arm(link.handle, 0)


async def _send(link, data):
    done = 0
    while done < len(data):
        count = atnet.send(link.handle, data, done)
        if count is None:
            await asyncio.wait_for_ms(_until(link, atnet.WRITE), _IDLE_MS)
        else:
            done += count


async def _receive(link, address, sink):
    """Read the response; the body of a good one goes to the sink."""
    response = http.Response()
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    while not response.done:
        count = atnet.readinto(link.handle, buffer)
        if count is None:
            await asyncio.wait_for_ms(_until(link, atnet.READ), _IDLE_MS)
        elif count == 0:
            response.end()
        else:
            at = 0
            while at < count and not response.done:
                at = response.take(view, at, count)
                if response.status:
                    location = _judge(response, address)
                    if location:
                        return location
                if response.first < response.last:
                    sink(view[response.first : response.last])
    return _judge(response, address)


def _judge(response, address):
    """Return the place a redirect leads to, None for a good response."""
    status = response.status
    if status == 200:
        return None
    location = response.fields.get("location")
    if status in _REDIRECTS and location:
        return url.join(address, location.encode())
    raise LinkError("the server answers with status %d" % status, _HTTP_STATUS + status)
