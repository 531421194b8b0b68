"""The MQTT client of the module: one broker, ten subscriptions.

Owns the configuration, which is lost with a restart, the states of AT+MQTTCONN?, and coming back
after a lost connection. The protocol is mqtt_client.py's, the way to the broker mqtt_stream.py's,
publishing and subscribing mqtt_messages.py's.
"""

import asyncio

import atnet
from at.errors import ATError, LinkError, StateError
from at.loop import cancel, within
from at.services.loss import is_gone
from at.services.mqtt_client import Client
from at.services.mqtt_messages import DISCONNECTED, NOT_CONFIGURED, Messages, need_text
from at.services.mqtt_stream import START_FAILED, Dialer, is_web
from at.wire import mqtt

# States of the link, as AT+MQTTCONN? and AT+MQTTSUB? show them (manual section 3.4.9).
EMPTY = 0
CONFIGURED = 1  # by configure()
PREPARED = 2  # by prepare() as well
LOST = 3
CONNECTED = 4
UNSUBSCRIBED = 5  # connected, all subscriptions are gone
SUBSCRIBED = 6

_KEEPALIVE_S = 120  # if none is asked for

_FIRST_PAUSE_MS = 1000  # before the first attempt to come back; each next pause is twice as long
_MAX_PAUSE_MS = 10000

# ERR CODE extensions, manual section 3.4.15.
_NOT_IN_CONFIGURED_STATE = 0x6002
_ALREADY_CLEAN = 0x6003
_ALREADY_CONNECTED = 0x6004
_NO_MEMORY = 0x6005
_PREPARE_FAILED = 0x600A
_DISCONNECT_FAILED = 0x600F
_IDENTITY_UNREADABLE = (0x6014, 0x6017, None)  # a password is any bytes
_PATH_UNREADABLE = 0x6027
_WILL_UNREADABLE = 0x6030
_HOST_UNREADABLE = 0x6050


class Mqtt(Messages):
    """The link to a broker. Failures are ATErrors with the extension of AT+MQTT*."""

    def __init__(self, dialer, wifi, deliver, emit, log):
        self._dialer = dialer
        self._wifi = wifi
        self._deliver = deliver
        self._emit = emit
        self._log = log
        self._task = None  # serves the connection, and makes it again
        self._kick = asyncio.Event()  # the network has changed
        super().__init__()
        wifi.on_change(self._addresses_changed)

    def _forget(self):
        super()._forget()
        self._is_prepared = False
        self._scheme = 0
        self._identity = [b"", b"", b""]  # client identifier, user name, password
        self._path = ""
        self._keepalive_s = _KEEPALIVE_S
        self._is_clean = True
        self._will = None
        self._alpn = ()
        self._sni = ""
        self._host = ""
        self._port_number = 0
        self._reconnects = False

    # Configuration.

    @property
    def state(self):
        """The state of the link, 0 to 6."""
        client = self._client
        if client:
            if not client.is_connected:
                return LOST
            if self.topics:
                return SUBSCRIBED
            return UNSUBSCRIBED if self._was_subscribed else CONNECTED
        if self._is_prepared:
            return PREPARED
        return CONFIGURED if self._is_configured else EMPTY

    def broker(self):
        """Return scheme, host, port, path and whether a lost connection is made again (0, 1)."""
        port = "%d" % self._port_number
        return self._scheme, self._host, port, self._path, int(self._reconnects)

    def configure(self, scheme, client_id, user, password, path):
        """Begin a configuration: scheme 1 to 10, the rest as bytes. ATError while connected."""
        state = self.state
        if state > LOST:
            raise StateError("AT+MQTTCLEAN=0 comes first: connected", _ALREADY_CONNECTED)
        if state == LOST:
            raise StateError("AT+MQTTCLEAN=0 comes first: connection lost", DISCONNECTED)
        need_text(client_id, _IDENTITY_UNREADABLE[0])
        need_text(user, _IDENTITY_UNREADABLE[1])
        need_text(path, _PATH_UNREADABLE)
        self._forget()
        self._is_configured = True
        self._scheme = scheme
        self._identity = [client_id, user, password]
        if is_web(scheme):
            text = str(path, "utf-8")
            self._path = text if text.startswith("/") else "/" + text

    def need_configuration(self):
        """Raise StateError unless a configuration has begun and is not in use yet."""
        state = self.state
        if state == EMPTY:
            raise StateError("AT+MQTTUSERCFG comes first", NOT_CONFIGURED)
        if state > PREPARED:
            reason = "AT+MQTTCLEAN=0 and AT+MQTTUSERCFG come first"
            raise StateError(reason, _NOT_IN_CONFIGURED_STATE)

    def set_identity(self, index, value):
        """Replace the client identifier (0), the user name (1) or the password (2)."""
        self.need_configuration()
        need_text(value, _IDENTITY_UNREADABLE[index])
        self._identity[index] = value

    def prepare(self, keepalive_s, is_clean, will):
        """Set keep-alive time (0 s: 120 s), whether sessions are clean, and the will or None.

        A will is (topic, message, qos, retain).
        """
        self.need_configuration()
        if will:
            need_text(will[0], _WILL_UNREADABLE)
            if not mqtt.is_topic(will[0]):
                raise StateError("the topic of a will has no wildcards", _WILL_UNREADABLE)
        self._keepalive_s = keepalive_s or _KEEPALIVE_S
        self._is_clean = is_clean
        self._will = will
        self._is_prepared = True

    def set_alpn(self, protocols):
        """Offer these protocols (str, at most five) in TLS; () for none."""
        self.need_configuration()
        self._alpn = protocols

    def set_sni(self, name):
        """Tell this name (str) to the server in TLS; "" the host's own."""
        self.need_configuration()
        self._sni = name

    # Connecting.

    async def connect(self, host, port, reconnects, timeout_ms=None):
        """Connect to a broker and report it.

        Here and below `timeout_ms` is how long the broker may take to answer, None: 10 s.
        """
        self._need_unconnected()
        self._host = _checked_host(host)
        self._port_number = port
        self._reconnects = reconnects
        self._stop()
        client = self._client or self._new_client()
        client.returns = reconnects
        client.wait_for(timeout_ms)
        is_known = None
        try:
            is_known = await self._open(client)
        except MemoryError:
            raise LinkError("no memory for the connection", _NO_MEMORY)
        finally:
            # It was lost, and still is: somebody has to go on trying.
            while is_known is None and self._client and reconnects and not self._task:
                try:
                    self._task = asyncio.create_task(self._serve(client, None))
                except MemoryError:
                    await asyncio.sleep_ms(_FIRST_PAUSE_MS)
        try:
            task = asyncio.create_task(self._serve(client, is_known))
        except MemoryError:
            client.fail("nobody to serve it")
            raise LinkError("no memory for the connection", _NO_MEMORY)
        self._client = client
        self._is_resumed = is_known
        self._connected(is_known)
        self._task = task

    def _need_unconnected(self):
        state = self.state
        if state == EMPTY:
            raise StateError("AT+MQTTUSERCFG comes first", NOT_CONFIGURED)
        if state > LOST:
            raise StateError("connected already", _ALREADY_CONNECTED)
        if state == LOST and not self._reconnects:
            raise StateError("AT+MQTTCLEAN=0 comes first: connection lost", DISCONNECTED)
        if not self._identity[0] and not self._is_clean:
            raise StateError("a kept session needs a client identifier", _PREPARE_FAILED)

    make_client = Client  # another one for who watches what this makes of a client

    def _new_client(self):
        client_id, user, password = self._identity
        client = self.make_client(
            client_id, user, password, self._keepalive_s, self._is_clean, self._deliver
        )
        if self._will:
            topic, message, qos, retain = self._will
            client.set_last_will(topic, message, retain, qos)
        return client

    async def _open(self, client):
        """Connect; return whether the broker knows the session from before."""
        broker = (self._scheme, self._host, self._port_number, self._path)
        sock = await self._dialer.open(broker, self._alpn, self._sni)
        is_known = None
        try:
            is_known = await client.connect(sock)
        except LinkError as error:
            raise LinkError(error.reason, START_FAILED)
        finally:
            if is_known is None:
                sock.close()  # the client may not even have it
                if client.sock:
                    client.fail("not accepted")
        return is_known

    def _connected(self, is_known):
        self._emit("mqtt_connected", *self.broker())
        if not is_known:
            self._client.renew(self.topics)

    async def _serve(self, client, is_known):
        """Serve the connection, and make it again as long as that is wanted.

        `is_known` None says that there is none at first.
        """
        while True:
            try:
                if is_known is None:
                    is_known = await self._come_back(client)
                    self._connected(is_known)
                why = await client.run(is_known)
            except MemoryError:
                why = "out of memory"
                client.fail(why)
                await asyncio.sleep_ms(_FIRST_PAUSE_MS)
            is_known = None
            if self._client is not client:  # cleaned
                return
            self._log("mqtt: connection lost:", why)
            self._emit("mqtt_disconnected")
            if not self._reconnects:
                return

    async def _come_back(self, client):
        pause_ms = _FIRST_PAUSE_MS
        while True:
            self._kick.clear()
            try:
                await within(self._kick.wait(), pause_ms)
            except asyncio.TimeoutError:
                pass
            try:
                return await self._open(client)
            except ATError as error:
                self._log("mqtt: not reconnected:", error.reason)
            except MemoryError:
                self._log("mqtt: not reconnected: no memory")
            pause_ms = min(pause_ms * 2, _MAX_PAUSE_MS)

    def _addresses_changed(self):
        """End a connection whose own address is gone; come back as soon as there is one."""
        client = self._client
        if client and client.is_connected and is_gone(client.sock.local_ip, self._wifi):
            client.fail("the address is lost")
        self._kick.set()

    def _stop(self):
        if self._task:
            cancel(self._task)
            self._task = None

    async def clean(self):
        """End the connection and forget the configuration."""
        if self.state == EMPTY:
            raise StateError("nothing to clean", _ALREADY_CLEAN)
        client = self._client
        self._forget()  # takes memory: first
        self._client = None
        if not client:
            return
        try:
            if client.is_connected:
                await client.disconnect()
        except LinkError as error:
            raise LinkError("no orderly end: " + error.reason, _DISCONNECT_FAILED)
        finally:
            self._stop()
            client.fail("cleaned")


def _checked_host(host):
    """Return a host as str; StateError if it is neither a name nor an address."""
    text = "".join([chr(c) for c in host])
    if atnet.address(text) is None and not all(_may_name_a_host(c) for c in host):
        raise StateError("this is no host name", _HOST_UNREADABLE)
    return text


def _may_name_a_host(c):
    return 0x30 <= c <= 0x39 or 0x61 <= c | 0x20 <= 0x7A or c in b"-._"


def create(at):
    """Build the service from those it stands on."""
    dialer = Dialer(at.names, at.mfg, at.wifi, at.emit)
    return Mqtt(dialer, at.wifi, at.deliver, at.emit, at.log)
