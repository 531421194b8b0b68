"""TLS settings of client links (manual sections 3.3.26 to 3.3.31)."""

from at.command import EVENTS, alias, command
from at.commands.tcpip import numbers_of
from at.errors import SUB_COUNT, ParamError, invalid, text_of

_LINKS = 5

EVENTS.update({"certificate_missing": "NO %s FOUND"})


def _links(at):
    return range(_LINKS if at.mux else 1)


CIPSSLCCONF = command(
    "+CIPSSLCCONF",
    "What a link's TLS checks and shows",
    (
        ("link", "link_id", 0, 5),  # 5 all
        # 0 no checks; 1 show our certificate; 2 check the server's; 3 both
        ("int", "auth_mode", 0, 3),
        ("int", "pki_number", 0, 255, 0),  # which certificate and key of mfg_nvs
        ("int", "ca_number", 0, 255, 0),  # which authority of mfg_nvs
    ),
    stores="ssl_client",
)


@CIPSSLCCONF.query
def cipsslcconf_query(at):
    for number in _links(at):
        at.reply(number, *at.tls.conf(number))


@CIPSSLCCONF.set
def cipsslcconf_set(at, number, mode, own, ca):
    """Numbers choose `client_cert.n`, `client_key.n` and `client_ca.n` in mfg_nvs.

    Checking needs the right time, AT+CIPSNTPCFG first: while the clock is not set (before 2020) no
    server is trusted, with a reason of its own. What is missing shows at the next
    connection: `NO CERT FOUND`, `NO PRVT_KEY FOUND` or `NO CA FOUND`, then ERROR.
    """
    at.tls.set_conf(numbers_of(number), mode, own, ca)


alias("+CIPSSLCONF", CIPSSLCCONF)

CIPSSLCCN = command(
    "+CIPSSLCCN",
    "Name that the server's certificate must carry",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("str", "common_name", 0, 64),
    ),
)


@CIPSSLCCN.query
def cipsslccn_query(at):
    for number in _links(at):
        at.reply(number, at.tls.name(number, "cn"))


@CIPSSLCCN.set
def cipsslccn_set(at, number, name):
    """Counts where the certificate is checked. "" checks no name."""
    text_of(name, int(at.mux))
    at.tls.set_name(numbers_of(number), "cn", name)


CIPSSLCSNI = command(
    "+CIPSSLCSNI",
    "Server name that is sent (SNI)",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("str", "sni", 0, 64),
    ),
)


@CIPSSLCSNI.query
def cipsslcsni_query(at):
    for number in _links(at):
        at.reply(number, at.tls.name(number, "sni"))


@CIPSSLCSNI.set
def cipsslcsni_set(at, number, name):
    """With "" the host name of AT+CIPSTART is sent, if it is a name."""
    text_of(name, int(at.mux))
    at.tls.set_name(numbers_of(number), "sni", name)


_ONE = (("str", "alpn", 1, 255),)
_TWO = _ONE + (("str", "alpn2", 1, 255),)
_THREE = _TWO + (("str", "alpn3", 1, 255),)
_FOUR = _THREE + (("str", "alpn4", 1, 255),)
_FIVE = _FOUR + (("str", "alpn5", 1, 255),)

CIPSSLCALPN = command(
    "+CIPSSLCALPN",
    "Protocols offered to the server (ALPN)",
    (
        ("link", "link_id", 0, 5),  # 5 all
        # how many follow
        (
            "by",
            "counts",
            ((0, ()), (1, _ONE), (2, _TWO), (3, _THREE), (4, _FOUR), (5, _FIVE)),
        ),
    ),
)


@CIPSSLCALPN.query
def cipsslcalpn_query(at):
    """`+CIPSSLCALPN:<link_id>[,<alpn>][,<alpn2>][,<alpn3>][,<alpn4>][,<alpn5>]`, a line each."""
    for number in _links(at):
        at.reply(number, *at.tls.alpn(number))


@CIPSSLCALPN.set
def cipsslcalpn_set(at, number, count, *protocols):
    """A server that knows none of them may refuse the connection."""
    for i in range(count):
        text_of(protocols[i], 1 + at.mux + i)
    at.tls.set_alpn(numbers_of(number), protocols)


CIPSSLCPSK = command(
    "+CIPSSLCPSK",
    "Pre-shared key and hint, as text",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("str", "psk", 0, 32),
        ("str", "hint", 0, 32),
    ),
)


@CIPSSLCPSK.query
def cipsslcpsk_query(at):
    """A key with zero bytes shows in full; AT+CIPSSLCPSKHEX? shows it better."""
    for number in _links(at):
        at.reply(number, *at.tls.psk(number))


@CIPSSLCPSK.set
def cipsslcpsk_set(at, number, key, hint):
    """The hint is the identity that goes with the key. With "" for the key none is used."""
    at.tls.set_psk(numbers_of(number), key, hint)


CIPSSLCPSKHEX = command(
    "+CIPSSLCPSKHEX",
    "Pre-shared key in hexadecimal digits, and hint",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("str", "psk", 0, 64),
        ("str", "hint", 0, 32),
    ),
)


@CIPSSLCPSKHEX.query
def cipsslcpskhex_query(at):
    for number in _links(at):
        key, hint = at.tls.psk(number)
        at.reply(number, key.hex(), hint)


@CIPSSLCPSKHEX.set
def cipsslcpskhex_set(at, number, digits, hint):
    """Two digits a byte, so a key may hold zero bytes. The same key as AT+CIPSSLCPSK's."""
    index = int(at.mux)
    try:
        key = bytes.fromhex(str(digits, "utf-8"))
    except ValueError:
        raise invalid(index, "a key is written in pairs of hexadecimal digits")
    at.tls.set_psk(numbers_of(number), key, hint)


CIPSSLCCIPHER = command(
    "+CIPSSLCCIPHER",
    "Cipher suites offered to the server",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("int", "counts", 0, 16),  # how many follow; 0 the firmware's choice
        ("int", "suite1", 1, 65535, None),  # IANA number
        ("int", "suite2", 1, 65535, None),  # IANA number
        ("int", "suite3", 1, 65535, None),  # IANA number
        ("int", "suite4", 1, 65535, None),  # IANA number
        ("int", "suite5", 1, 65535, None),  # IANA number
        ("int", "suite6", 1, 65535, None),  # IANA number
        ("int", "suite7", 1, 65535, None),  # IANA number
        ("int", "suite8", 1, 65535, None),  # IANA number
        ("int", "suite9", 1, 65535, None),  # IANA number
        ("int", "suite10", 1, 65535, None),  # IANA number
        ("int", "suite11", 1, 65535, None),  # IANA number
        ("int", "suite12", 1, 65535, None),  # IANA number
        ("int", "suite13", 1, 65535, None),  # IANA number
        ("int", "suite14", 1, 65535, None),  # IANA number
        ("int", "suite15", 1, 65535, None),  # IANA number
        ("int", "suite16", 1, 65535, None),  # IANA number
    ),
    since="4.1",
    words={"index": "from 0", "suite": "IANA number, hexadecimal"},
)


@CIPSSLCCIPHER.query
async def cipsslccipher_query(at):
    """`+CIPSSLCCIPHER:<index>,<suite>` for each suite of TLS 1.2 that the firmware has."""
    for index, number in enumerate(at.tls.suites()):
        at.line("%s:%d,0x%04X" % (at.name, index, number))
        await at.port.drain()


@CIPSSLCCIPHER.set
def cipsslccipher_set(at, number, count, *suites):
    """IANA numbers, as 0xC02B, best first; exactly `counts` follow that number.

    They count from the link's next connection. Unless they are asked for here, suites with SHA-1
    or short tags are not offered. One that the firmware lacks is ERR CODE 0x010a5043. With a
    pre-shared key only suites with PSK in their names can come about.
    """
    given = tuple([suite for suite in suites if suite is not None])
    if len(given) != count or None in suites[:count]:
        first = 1 + at.mux
        ext = first + count << 8 | first + len(given)
        raise ParamError(SUB_COUNT, ext, "%d suites must follow" % count)
    at.tls.set_suites(numbers_of(number), given)


CIPSSLSIZE = command(
    "+CIPSSLSIZE",
    "Size of TLS buffers: accepted for hosts of other modules, without effect",
    (("int", "size", 2048, 16384),),  # bytes, without effect
    old=True,
)


@CIPSSLSIZE.set
def cipsslsize_set(at, size):
    """Buffers here always hold a whole record."""
