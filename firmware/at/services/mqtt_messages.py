"""Publishing and subscribing over the connection that mqtt.py keeps.

Owns the list of subscriptions and what the host is told of messages that cannot be sent.
"""

import atlink
from at.errors import ATError, LinkError, StateError
from at.wire import mqtt

MAX_TOPICS = 10
HELD = 1024  # bytes of payload that are kept to be sent again; more are passed on as they come

# ERR CODE extensions, manual section 3.4.15.
NOT_CONFIGURED = 0x6001
_PUBLISH_FAILED = 0x600C
_SUBSCRIBE_FAILED = 0x600D
_UNSUBSCRIBE_FAILED = 0x600E
_TOPIC_UNREADABLE = 0x6041
DISCONNECTED = 0x6051


class Messages:
    """What mqtt.Mqtt does while it is connected; failures are ATErrors with those extensions."""

    def __init__(self):
        self._client = None  # of mqtt_client.py
        self._forget()

    def _forget(self):
        self._is_configured = False
        self._was_subscribed = False
        self._is_resumed = False  # the broker has a session of an earlier start
        self.topics = []  # (topic, qos) of each subscription

    def _need_connection(self):
        client = self._client
        if not self._is_configured:
            raise StateError("AT+MQTTUSERCFG comes first", NOT_CONFIGURED)
        if not client or not client.is_connected:
            raise StateError("not connected: AT+MQTTCONN comes first", DISCONNECTED)
        return client

    def check_publishing(self, topic):
        """Return the client; ATError unless it can publish to a topic now."""
        client = self._need_connection()
        need_text(topic, _TOPIC_UNREADABLE)
        if not mqtt.is_topic(topic):
            raise StateError("a topic to publish to has no wildcards", _PUBLISH_FAILED)
        return client

    def publish_now(self, topic, data, retain):
        """Publish a message of QoS 0 if that is possible at once."""
        client = self.check_publishing(topic)
        try:
            return client.publish_now(topic, data, retain)
        except LinkError as error:
            raise LinkError(error.reason, _PUBLISH_FAILED)

    async def publish(self, topic, data, qos, retain, timeout_ms=None):
        """Publish a message and see it through its QoS."""
        client = self.check_publishing(topic)
        client.wait_for(timeout_ms)
        try:
            await client.publish(topic, data, retain, qos)
        except LinkError as error:
            raise LinkError(error.reason, _PUBLISH_FAILED)

    async def publish_from(self, source, topic, size, qos, retain, timeout_ms=None):
        """Publish `size` bytes that come in pieces from `await source()`; all are taken.

        Up to 1024 bytes are kept until they are delivered; larger messages are sent only once.
        """
        client = self._need_connection()
        client.wait_for(timeout_ms)
        try:
            if size > HELD:
                await client.publish_from(source, topic, size, retain, qos)
                return
            data = b""
            while len(data) < size:
                data += await source()
            await client.publish(topic, data, retain, qos)
        except LinkError as error:
            raise LinkError(error.reason, _PUBLISH_FAILED)

    async def subscribe(self, topic, qos, timeout_ms=None):
        """Subscribe; return False, and do nothing, if the topic is subscribed already."""
        client = self._need_connection()
        need_text(topic, _TOPIC_UNREADABLE)
        if any(known == topic for known, _ in self.topics):
            return False
        if not mqtt.is_filter(topic):
            raise StateError("+ and # stand for whole levels, # at the end", _SUBSCRIBE_FAILED)
        if len(self.topics) >= MAX_TOPICS:
            raise StateError("there are 10 subscriptions already", _SUBSCRIBE_FAILED)
        client.wait_for(timeout_ms)
        try:
            await client.subscribe(topic, qos)
        except LinkError as error:
            raise LinkError(error.reason, _SUBSCRIBE_FAILED)
        self.topics.append((topic, qos))
        self._was_subscribed = True
        return True

    async def unsubscribe(self, topic, timeout_ms=None):
        """Unsubscribe; return False, and do nothing, if the topic is not subscribed.

        Of a session that the broker knew from before the topics are not known here: it is asked.
        """
        client = self._need_connection()
        need_text(topic, _TOPIC_UNREADABLE)
        row = None
        for each in self.topics:
            if each[0] == topic:
                row = each
        if row is None and not self._is_resumed:
            return False
        client.wait_for(timeout_ms)
        try:
            await client.unsubscribe(topic)
        except LinkError as error:
            raise LinkError(error.reason, _UNSUBSCRIBE_FAILED)
        if row:
            self.topics.remove(row)
        return True


def need_text(data, code):
    """Raise ATError with an extension unless bytes can be a text of MQTT; code None: any can."""
    if code and (atlink.utf8(data) or b"\x00" in data):
        raise ATError("MQTT texts are UTF-8 without NUL", code)
