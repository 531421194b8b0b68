"""Downloads: one GET over HTTP or HTTPS, with redirects, whose body streams into a function.

The body is never held; what it means is the caller's business. The connection is
http_exchange.py's.
"""

import asyncio

from at.errors import LinkError
from at.services.http_exchange import NO_CONNECTION, Exchange, trust
from at.wire import http, url

_FIELDS = (b"User-Agent: AT-ESP32-S2", b"Accept-Encoding: identity", b"Connection: close")
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5
_BUFFER = 2048
_IDLE_MS = 20000  # without a byte from the server


class Fetch:
    """Makes downloads. With a certificate in `ota_ca` of mfg_nvs HTTPS servers are checked."""

    def __init__(self, names, mfg):
        self._names = names
        self._mfg = mfg

    async def get(self, address, sink, found=None, connected=None):
        """Await sink(memoryview) for each piece of a body; return the URL it came from.

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
        exchange = Exchange(self._names, _BUFFER, _IDLE_MS)
        try:
            checks = trust(self._mfg, "ota") if scheme == "https" else None
            await exchange.open(host, port, checks, found)
            if connected:
                connected()
            field = url.host_field(scheme, host, port)
            await exchange.put(http.request("GET", field, target, _FIELDS))
            await exchange.flush()
            return await _receive(exchange, address, sink)
        except ValueError as error:
            raise LinkError("%s: %s" % (host, error))
        finally:
            exchange.close()


async def _receive(exchange, address, sink):
    """Read the response; the body of a good one goes to the sink."""
    response = http.Response()
    while await exchange.advance(response):
        if response.status:
            location = _judge(response, address)
            if location:
                return location
        if response.first < response.last:
            await sink(exchange.buffer[response.first : response.last])
            await asyncio.sleep_ms(0)  # a fast server must not keep others from their turn
    return _judge(response, address)


def _judge(response, address):
    """Return the place a redirect leads to, None for a good response."""
    status = response.status
    if status == 200:
        return None
    location = response.fields.get("location")
    if status in _REDIRECTS and location:
        return url.join(address, location.encode())
    raise LinkError("the server answers with status %d" % status, NO_CONNECTION + status)
