"""MQTT: configuration and connection (manual sections 3.4.2 to 3.4.9 and 3.4.14)."""

from micropython import const

from at.command import EVENTS, command
from at.errors import SUB_COUNT, SUB_INVALID, SUB_LENGTH, Abandoned, ATError, invalid
from at.wire.reply import plain

_TAKE = 512  # payload bytes taken at once
LINK = 0  # the only one

# ERR CODE extensions, manual section 3.4.15.
_COUNT_WRONG = const(0x6008)
_RECEIVED_LENGTH_WRONG = const(0x604D)
# Of a parameter: unreadable, missing or empty, of a wrong value or too long.
LINK_ID = (0x6010, 0x6010, 0x6011)
_CLIENT_ID = (0x6014, 0x6015, 0x6016)
_USERNAME = (0x6017, 0x6018, 0x6019)
_PASSWORD = (0x601A, 0x601B, 0x601C)


def _message(at, topic, size):
    """`+MQTTSUBRECV:0,"<topic>",<n>,` in front of n bytes; the topic is not escaped.

    Control bytes of the topic, by which it would make lines of its own, are shown as `?`.
    """
    return b'+MQTTSUBRECV:0,"%s",%d,' % (plain(topic), size)


EVENTS.update(
    {
        "mqtt_connected": '+MQTTCONNECTED:0,%d,"%s","%s","%s",%d',
        "mqtt_disconnected": "+MQTTDISCONNECTED:0",
        "mqtt_message": _message,
        "mqtt_certificate_missing": "NO %s FOUND",
    }
)


def refuse_with(entry, *codes):
    """Give what is wrong with a command's parameters the codes of this chapter."""

    def refusal(error, tokens):
        if error.sub == SUB_COUNT:
            return ATError(error.reason, _COUNT_WRONG)
        index = error.ext
        row = codes[min(index, len(codes) - 1)]
        if row is None:
            return error
        kind = 0
        if index < len(tokens) and not tokens[index]:
            kind = 1
        elif error.sub == SUB_LENGTH or error.sub == SUB_INVALID:
            kind = 2
        return ATError(error.reason, row[kind])

    entry.refuse(refusal)


_LINK = ("int", "link_id", 0, 0)  # 0 the only link

MQTTUSERCFG = command(
    "+MQTTUSERCFG",
    "Begin a configuration: who we are, how the broker is reached",
    (
        _LINK,
        # 1 TCP; 2 TLS, no certificate checked; 3 TLS, the server's checked; 4 TLS, ours shown;
        # 5 TLS, both; 6 WebSocket; 7 secure WebSocket, no certificate checked;
        # 8 secure WebSocket, the server's checked; 9 secure WebSocket, ours shown;
        # 10 secure WebSocket, both
        ("int", "scheme", 1, 10),
        ("str", "client_id", 0, 256),
        ("str", "username", 0, 64),
        ("str", "password", 0, 64),
        ("int", "cert_key_id", 0, 0),  # 0 the only one
        ("int", "ca_id", 0, 0),  # 0 the only one
        ("str", "path", 0, 32),
    ),
)
refuse_with(
    MQTTUSERCFG,
    LINK_ID,
    (0x6012, 0x6012, 0x6013),
    _CLIENT_ID,
    _USERNAME,
    _PASSWORD,
    (0x601D, 0x601D, 0x601E),
    (0x601F, 0x601F, 0x6020),
    (0x6027, 0x6028, 0x6029),
)


@MQTTUSERCFG.set
def mqttusercfg_set(at, link, scheme, client_id, username, password, *rest):
    """Forgets everything that was configured before; refused from the connection to AT+MQTTCLEAN.

    "" is no user name, no password. The path counts for schemes 6 to 10 and gets a / in front.
    Schemes 3, 5, 8 and 10 check the server's certificate, its validity and its name: AT+CIPSNTPCFG
    first. Certificates: `mqtt_ca`, `mqtt_cert` and `mqtt_key` in mfg_nvs.
    """
    at.mqtt.configure(scheme, client_id, username, password, rest[-1])


_LONG = (_LINK, ("int", "length", 1, 1024))  # bytes

MQTTLONGCLIENTID = command("+MQTTLONGCLIENTID", "Client identifier of up to 1024 bytes", _LONG)
refuse_with(MQTTLONGCLIENTID, LINK_ID, (0x6014, 0x6014, 0x6016))

MQTTLONGUSERNAME = command("+MQTTLONGUSERNAME", "User name of up to 1024 bytes", _LONG)
refuse_with(MQTTLONGUSERNAME, LINK_ID, (0x6017, 0x6017, 0x6019))

MQTTLONGPASSWORD = command("+MQTTLONGPASSWORD", "Password of up to 1024 bytes", _LONG)
refuse_with(MQTTLONGPASSWORD, LINK_ID, (0x601A, 0x601A, 0x601C))


@MQTTLONGCLIENTID.set
def mqttlongclientid_set(at, link, length):
    """After `>` come `length` bytes. Needs AT+MQTTUSERCFG, which would replace it again."""
    return _long(at, 0, length)


@MQTTLONGUSERNAME.set
def mqttlongusername_set(at, link, length):
    """As AT+MQTTLONGCLIENTID."""
    return _long(at, 1, length)


@MQTTLONGPASSWORD.set
def mqttlongpassword_set(at, link, length):
    """As AT+MQTTLONGCLIENTID."""
    return _long(at, 2, length)


async def _long(at, index, length):
    at.mqtt.need_configuration()
    data = bytearray(length)
    at.ask(length)
    done = 0
    while done < length:
        piece = await take(at)
        data[done : done + len(piece)] = piece
        done += len(piece)
    at.mqtt.set_identity(index, bytes(data))


async def take(at):
    """Return the next bytes of a payload, at most 512; ATError if the host falls silent."""
    try:
        return await at.take(_TAKE)
    except Abandoned:
        raise ATError("the payload is shorter than announced", _RECEIVED_LENGTH_WRONG)


MQTTCONNCFG = command(
    "+MQTTCONNCFG",
    "Keep-alive time, kept session, last will",
    (
        _LINK,
        ("int", "keepalive", 0, 7200),  # seconds; 0 120 s
        # 0 a clean session; 1 the broker keeps the session
        ("int", "disable_clean_session", 0, 1),
        ("str", "lwt_topic", 0, 128),
        ("str", "lwt_msg", 0, 128),
        ("int", "lwt_qos", 0, 2, 0),  # 0 at most once; 1 at least once; 2 exactly once
        ("int", "lwt_retain", 0, 1, 0),  # 0 not kept; 1 kept by the broker
    ),
)
refuse_with(
    MQTTCONNCFG,
    LINK_ID,
    (0x602B, 0x602C, 0x602D),
    (0x602E, 0x602E, 0x602F),
    (0x6030, 0x6031, 0x6032),
    (0x6033, 0x6034, 0x6035),
    (0x6036, 0x6036, 0x6037),
    (0x6038, 0x6038, 0x6039),
)


@MQTTCONNCFG.set
def mqttconncfg_set(at, link, keepalive, keeps_session, topic, message, qos, retain):
    """With the topic "" there is no will.

    A ping goes out when nothing was sent for half the time; without an answer for as long again,
    10 s at most, the connection counts as lost.
    """
    will = (topic, message, qos, retain) if topic else None
    at.mqtt.prepare(keepalive, not keeps_session, will)


_ONE = (("str", "alpn", 1, 255),)
_TWO = _ONE + (("str", "alpn2", 1, 255),)
_THREE = _TWO + (("str", "alpn3", 1, 255),)
_FOUR = _THREE + (("str", "alpn4", 1, 255),)
_FIVE = _FOUR + (("str", "alpn5", 1, 255),)

MQTTALPN = command(
    "+MQTTALPN",
    "Protocols offered to the server in TLS (ALPN)",
    (
        _LINK,
        # how many follow
        (
            "by",
            "alpn_counts",
            ((0, ()), (1, _ONE), (2, _TWO), (3, _THREE), (4, _FOUR), (5, _FIVE)),
        ),
    ),
)
refuse_with(MQTTALPN, LINK_ID, (0x6008, 0x6008, 0x6008), None)


@MQTTALPN.set
def mqttalpn_set(at, link, count, *protocols):
    """Counts for schemes with TLS. A server that knows none of them may refuse the connection."""
    at.mqtt.set_alpn(tuple([_text(protocols[i], 2 + i) for i in range(count)]))


MQTTSNI = command(
    "+MQTTSNI",
    "Server name that is sent in TLS (SNI)",
    (
        _LINK,
        ("str", "sni", 0, 255),
    ),
)
refuse_with(MQTTSNI, LINK_ID, None)


@MQTTSNI.set
def mqttsni_set(at, link, sni):
    """Where the server's certificate is checked it must carry this name. "" is the host's own."""
    at.mqtt.set_sni(_text(sni, 1))


def _text(data, index):
    try:
        return str(data, "utf-8")
    except UnicodeError:
        raise invalid(index, "a name is text")


MQTTCONN = command(
    "+MQTTCONN",
    "Connect to a broker",
    (
        _LINK,
        ("str", "host", 1, 128),
        ("int", "port", 1, 65535),  # of the broker
        ("int", "reconnect", 0, 1),  # 0 no; 1 yes
        ("int", "timeout", 3000, 60000, None),  # ms
    ),
    text='+MQTTCONN:(0),"host"(128),(1-65535),(0,1)',
    since="5.0: `timeout`",
    words={
        "state": (
            "0 not configured; 1 AT+MQTTUSERCFG is set; 2 AT+MQTTCONNCFG is set; "
            "3 disconnected; 4 connected; 5 connected, no topic subscribed; "
            "6 connected, topics subscribed"
        ),
        "path": "as in AT+MQTTUSERCFG",
        "...": "+MQTTUSERCFG",
    },
)
refuse_with(
    MQTTCONN,
    LINK_ID,
    (0x603A, 0x603B, 0x603C),
    (0x603D, 0x603D, 0x603E),
    (0x603F, 0x603F, 0x6040),
    None,
)


@MQTTCONN.query
def mqttconn_query(at):
    """`+MQTTCONN:<link_id>,<state>,<scheme>,<host>,<port>,<path>,<reconnect>`.

    In state 0 the scheme is 0, and "" what is text.
    """
    at.reply(LINK, at.mqtt.state, *at.mqtt.broker())


@MQTTCONN.set
async def mqttconn_set(at, link, host, port, reconnect, timeout_ms):
    """`+MQTTCONNECTED:...` and OK when the broker has accepted us.

    reconnect=1: a lost connection is made again after 1, 2, 4, 8 and then every 10 s, sooner when
    Wi-Fi comes back, and subscribed topics are subscribed anew unless the broker kept them; a
    failed AT+MQTTCONN is not repeated. reconnect=0: after a loss AT+MQTTCLEAN comes first. The
    broker has `timeout` ms to accept us, 10000 if none is given.
    """
    await at.mqtt.connect(host, port, reconnect == 1, timeout_ms)


MQTTCLEAN = command(
    "+MQTTCLEAN",
    "Take leave of the broker and forget the configuration",
    (_LINK,),
)
refuse_with(MQTTCLEAN, LINK_ID)


@MQTTCLEAN.set
async def mqttclean_set(at, link):
    """The end of the connection that it makes is not reported; the state is 0 afterwards."""
    await at.mqtt.clean()
