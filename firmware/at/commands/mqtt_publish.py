"""MQTT: messages and subscriptions (manual sections 3.4.10 to 3.4.13)."""

from at.command import command
from at.commands.mqtt import LINK, LINK_ID, refuse_with, take
from at.errors import LinkError

# ERR CODE extensions, as in mqtt.py.
_TOPIC = (0x6041, 0x6042, 0x6043)
_QOS = (0x6047, 0x6047, 0x6048)
_RETAIN = (0x6049, 0x6049, 0x604A)
_LENGTH = (0x604B, 0x604B, 0x604C)

_LINK = ("int", "link_id", 0, 0)  # 0 the only link
_TIMEOUT = ("int", "timeout", 3000, 60000, None)  # ms
_HOW = (
    ("int", "qos", 0, 2, 0),  # 0 at most once; 1 at least once; 2 exactly once
    ("int", "retain", 0, 1),  # 0 not kept; 1 kept by the broker
    _TIMEOUT,
)

MQTTPUB = command(
    "+MQTTPUB",
    "Publish a message that fits on the line",
    (_LINK, ("str", "topic", 1, 128), ("str", "data", 0, 256)) + _HOW,
    text='+MQTTPUB:(0),"topic"(128),"data"(256),(0-2),(0,1)',
    since="5.0: `timeout`",
)
refuse_with(MQTTPUB, LINK_ID, _TOPIC, (0x6044, 0x6045, 0x6046), _QOS, _RETAIN, None)


@MQTTPUB.set
def mqttpub_set(at, link, topic, data, qos, retain, timeout_ms):
    """OK when the broker has confirmed it (QoS 1 and 2), within `timeout` ms (10000).

    Meanwhile it is repeated. A message of QoS 1 or 2 outlives a lost connection if the connection
    is back in that time.
    """
    if not qos and at.mqtt.publish_now(topic, data, retain):
        return None
    return at.mqtt.publish(topic, data, qos, retain, timeout_ms)


MQTTPUBRAW = command(
    "+MQTTPUBRAW",
    "Publish a message of any bytes",
    (
        _LINK,
        ("str", "topic", 1, 128),
        ("int", "length", 1, 268435323),  # bytes
    )
    + _HOW,
    text='+MQTTPUBRAW:(0),"topic"(128),(1-268435323),(0-2),(0,1)',
    since="5.0: `timeout`",
    words={"...": "+MQTTPUB"},
)
refuse_with(MQTTPUBRAW, LINK_ID, _TOPIC, _LENGTH, _QOS, _RETAIN, None)


@MQTTPUBRAW.set
async def mqttpubraw_set(at, link, topic, length, qos, retain, timeout_ms):
    """After `>` come `length` bytes, then +MQTTPUB:OK or +MQTTPUB:FAIL instead of OK and ERROR.

    With AT+SYSLOG the code, and the reason, precede +MQTTPUB:FAIL. Up to 1024 bytes are repeated
    like those of AT+MQTTPUB; more pass through as they come and are sent once. If no byte comes
    for 20 s the result is ERROR, and the connection ends if a part of the message had been sent.
    """
    at.mqtt.check_publishing(topic)
    at.ask(length)
    try:
        await at.mqtt.publish_from(lambda: take(at), topic, length, qos, retain, timeout_ms)
    except LinkError as error:
        at.log("AT+MQTTPUBRAW:", error.reason)
        at.explain(error)
        return b"+MQTTPUB:FAIL"
    return b"+MQTTPUB:OK"


MQTTSUB = command(
    "+MQTTSUB",
    "Subscribe to a topic, up to ten",
    (
        _LINK,
        ("str", "topic", 1, 128),
        ("int", "qos", 0, 2),
        _TIMEOUT,
    ),
    text='+MQTTSUB:(0),"topic"(128),(0-2)',
    since="5.0: `timeout`",
    words={
        "size": "bytes that follow",
        "data": "`size` bytes",
        "...": "+MQTTPUB +MQTTCONN",
    },
)
refuse_with(MQTTSUB, LINK_ID, _TOPIC, _QOS, None)


@MQTTSUB.query
def mqttsub_query(at):
    """`+MQTTSUB:<link_id>,<state>,<topic>,<qos>`, a line each."""
    for topic, qos in at.mqtt.topics:
        at.reply(LINK, at.mqtt.state, topic, qos)


@MQTTSUB.set
async def mqttsub_set(at, link, topic, qos, timeout_ms):
    """OK when the broker has confirmed it. A topic that is there is `ALREADY SUBSCRIBE`.

    Messages come as `+MQTTSUBRECV:0,<topic>,<size>,<data>`. One that is longer than 1024
    bytes with its MQTT head comes in several, each with a length of its own; one whose topic is
    longer than 1024 bytes is left out. During passthrough they wait, without AT+SYSMSG bit 2.
    """
    if not await at.mqtt.subscribe(topic, qos, timeout_ms):
        at.line("ALREADY SUBSCRIBE")


MQTTUNSUB = command(
    "+MQTTUNSUB",
    "Unsubscribe from a topic",
    (_LINK, ("str", "topic", 1, 128), _TIMEOUT),
    text='+MQTTUNSUB:(0),"topic"(128)',
    since="5.0: `timeout`",
    words={"...": "+MQTTPUB"},
)
refuse_with(MQTTUNSUB, LINK_ID, _TOPIC, None)


@MQTTUNSUB.set
async def mqttunsub_set(at, link, topic, timeout_ms):
    """OK when the broker has confirmed it. A topic that is not there is `NO UNSUBSCRIBE`.

    If the broker kept the session from before a restart it may have any topic: it is asked.
    """
    if not await at.mqtt.unsubscribe(topic, timeout_ms):
        at.line("NO UNSUBSCRIBE")
