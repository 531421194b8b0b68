"""The connection to an MQTT broker as a stream of bytes.

Owns the way there (name, connection, TLS) with the certificates of mfg_nvs. The stream is
stream.py's, WebSocket mqtt_web.py's, packets are mqtt_client.py's business.
"""

import asyncio

import atnet
from at.errors import ATError, LinkError, StoreError
from at.loop import within
from at.services.link import Link
from at.services.mqtt_web import MqttStream
from at.services.stream import Stream

_CONNECT_MS = 20000
_ANY_FAMILY = 1  # of names.resolve(): IPv4 if there is one
_OPTIONS = (-1, 1, 0, 0)  # linger, no delay, send time-out, keep-alive

# Bits of what a scheme of AT+MQTTUSERCFG stands for, schemes 1 to 10.
_TLS = 1
_CHECK = 2  # the server's certificate
_PRESENT = 4  # our certificate
_WEB = 8
_SCHEMES = b"\x00\x01\x03\x05\x07\x08\x09\x0b\x0d\x0f"

# ERR CODE extensions, manual section 3.4.15.
TLS_CONFIG = 0x6009
START_FAILED = 0x600B
_WRONG_NAME = 0x6052
_FILES = (  # namespace of mfg_nvs, name in messages, code: it is empty, it cannot be read
    ("mqtt_ca", "CA", 0x6021, 0x6022),
    ("mqtt_cert", "CERT", 0x6023, 0x6024),
    ("mqtt_key", "PRVT_KEY", 0x6025, 0x6026),
)


def is_web(scheme):
    """Return whether a scheme goes over WebSocket, so that its path counts."""
    return _SCHEMES[scheme - 1] & _WEB != 0


class Dialer:
    """Opens streams to brokers."""

    def __init__(self, names, mfg, wifi, emit):
        self._names = names
        self._mfg = mfg
        self._wifi = wifi
        self._emit = emit

    async def open(self, broker, alpn, sni):
        """Return a stream to a broker: (scheme, host, port, path), host and path as str.

        LinkError, with the extension of AT+MQTTCONN, if that fails.
        """
        scheme, host, port, path = broker
        bits = _SCHEMES[scheme - 1]
        if not self._wifi.has_ip and not self._wifi.ip6("gl"):
            raise LinkError("no IP address: join an access point first", START_FAILED)
        profile = self._profile(bits, alpn) if bits & _TLS else None
        begun = None  # what to give back if this fails
        try:
            address = await self._resolve(host)
            begun = link = Link(0, "TCPv6" if ":" in address else "TCP")
            await _connect(link, address, port)
            if profile:
                await _secure(link, profile, bits, host, sni)
            if bits & _WEB:
                begun = stream = MqttStream(link)
                await _greet(stream, "wss" if bits & _TLS else "ws", host, port, path)
            else:
                stream = Stream(link)
            begun = None
            return stream
        finally:
            if begun:
                begun.close()
            if profile:
                profile.close()

    async def _resolve(self, host):
        try:
            return await self._names.resolve(host, _ANY_FAMILY)
        except ATError as error:
            raise LinkError(error.reason, START_FAILED)

    def _profile(self, bits, alpn):
        profile = atnet.Profile(False)
        try:
            if bits & _PRESENT:
                profile.own(self._file(1), self._file(2))
            if bits & _CHECK:
                profile.ca(self._file(0))
            profile.verify(2 if bits & _CHECK else 0)
            if alpn:
                profile.alpn(alpn)
        except OSError as error:
            profile.close()
            raise LinkError("TLS cannot be set up: %s" % error.args[-1], TLS_CONFIG)
        except LinkError:
            profile.close()
            raise
        return profile

    def _file(self, index):
        """Read a certificate or key, called `name.0` or `name`."""
        space, label, empty, unreadable = _FILES[index]
        for key in (space + ".0", space):
            try:
                data = self._mfg.get(space, key)[1]
            except StoreError:
                continue
            if not isinstance(data, bytes):
                raise LinkError("%s of mfg_nvs is a number" % key, unreadable)
            if not data:
                raise LinkError("%s of mfg_nvs is empty" % key, empty)
            return data
        self._emit("mqtt_certificate_missing", label)
        raise LinkError("mfg_nvs holds no %s" % space, unreadable)


async def _connect(link, address, port):
    try:
        await within(link.connect(address, port, None, _OPTIONS), _CONNECT_MS)
    except asyncio.TimeoutError:
        raise LinkError("no connection to %s in %d ms" % (address, _CONNECT_MS), START_FAILED)
    except LinkError as error:
        raise LinkError(error.reason, START_FAILED)
    except OSError as error:  # all places are taken
        raise LinkError("no socket: %s" % error.args[-1], START_FAILED)


async def _secure(link, profile, bits, host, sni):
    """Do the TLS handshake. Without an SNI of its own a named host is told to the server."""
    if not sni and not atnet.address(host):
        sni = host
    try:
        await link.secure(profile, sni or None, (sni or host) if bits & _CHECK else None)
    except LinkError as error:
        code = _WRONG_NAME if error.reason.endswith("wrong name") else START_FAILED
        raise LinkError(error.reason, code)


async def _greet(stream, scheme, host, port, path):
    """Begin the WebSocket that MQTT is carried in."""
    try:
        await stream.open(scheme, host, port, path)
    except LinkError as error:
        raise LinkError(error.reason, START_FAILED)
