"""Receiving from links: active and passive mode, the sender's address (manual chapter 3.3)."""

from at.command import EVENTS, alias, command
from at.commands.tcpip import numbers_of
from at.errors import invalid

_LINKS = 5


def _link_waiting(at, link, count):
    """`+IPD,[n,]<len>`: CR LF in front as always (docs/wire.md#notices), no data."""
    return "\r\n+IPD,%d,%d" % (link.number, count) if at.mux else "\r\n+IPD,%d" % count


EVENTS.update({"link_waiting": _link_waiting})

CIPRECVTYPE = command(
    "+CIPRECVTYPE",
    "How a link's data comes: at once with +IPD, or when asked for",
    (
        ("link", "link_id", 0, 5),  # 5 all
        ("int", "mode", 0, 1),  # 0 active, at once; 1 passive, when asked for
        ("int", "data_len_report_mode", 0, 1, 0),  # 0 all that waits; 1 the next datagram
    ),
    text="+CIPRECVTYPE:(0-5),(0,1)",
    since="main: `data_len_report_mode`",
)


@CIPRECVTYPE.query
def ciprecvtype_query(at):
    """`+CIPRECVTYPE:<link_id>,<mode>`, a line each; with AT+CIPMUX=0 link 0 alone."""
    for number in range(_LINKS if at.mux else 1):
        at.reply(number, at.links.mode(number))


@CIPRECVTYPE.set
def ciprecvtype_set(at, number, mode, report_mode):
    """Passive (1): `+IPD,[n,]` and a length announce data once, again after each AT+CIPRECVDATA.

    A UDP link of mode 1 or 2 takes the sender that is announced for its peer.

    data_len_report_mode is what that length, and AT+CIPRECVLEN, tell of a UDP link.

    CLOSED comes when all has been read. What waits is delivered when the mode is changed back.
    """
    at.links.set_mode(numbers_of(number), mode, report_mode)


CIPRECVMODE = command(
    "+CIPRECVMODE",
    "As AT+CIPRECVTYPE; one number alone is the mode of all links",
    (
        ("int", "link_id", 0, 5),  # of the link, or alone the mode; 5 all
        ("int", "mode", 0, 1, None),
    ),
    old=True,
    words={"...": "+CIPRECVTYPE"},
)


@CIPRECVMODE.query
def ciprecvmode_query(at):
    """`+CIPRECVMODE:<link_id>,<mode>`, as AT+CIPRECVTYPE."""
    ciprecvtype_query(at)


@CIPRECVMODE.set
def ciprecvmode_set(at, number, mode):
    """`AT+CIPRECVMODE=<mode>` as hosts of older releases write it, or with a link in front."""
    if mode is None:
        if number > 1:
            raise invalid(0, "mode must be 0 to 1")
        at.links.set_mode(range(_LINKS), number)
    elif number and not at.mux:
        raise invalid(0, "AT+CIPMUX=0: there is link 0 only")
    else:
        at.links.set_mode(numbers_of(number), mode)


CIPRECVDATA = command(
    "+CIPRECVDATA",
    "Read data of a link in passive mode",
    (
        ("link", "link_id", 0, 4),
        ("int", "len", 1, 2147483647),  # bytes at most
        # 0 datagrams may be cut; 1 whole or not at all
        ("int", "keep_datagram_integrity", 0, 1, 0),
    ),
    text="+CIPRECVDATA:(0-4),(1-2147483647)",
    since="main: `keep_datagram_integrity`",
    words={
        "actual_len": "bytes that follow",
        "remote_ip": "of the sender, with AT+CIPDINFO=1",
        "remote_port": "of the sender, with AT+CIPDINFO=1",
        "data": "`actual_len` bytes",
    },
)


@CIPRECVDATA.set
def ciprecvdata_set(at, number, limit, is_whole):
    """`+CIPRECVDATA:<actual_len>,[<remote_ip>,<remote_port>,]<data>`.

    What there is, at most `len` bytes. Of UDP it is one datagram, or a part of it; with
    keep_datagram_integrity 1 all of it, or of what is left: a longer one than `len`, or than 2920
    bytes, is refused and stays.
    """
    if at.links.read_now(number, limit, is_whole):
        return None
    return at.links.read(number, limit, at.transfer(), is_whole)


CIPRECVLEN = command(
    "+CIPRECVLEN",
    "Bytes that wait on the links in passive mode",
    words={"data_length": "bytes; -1 the link is not open"},
)


@CIPRECVLEN.query
def ciprecvlen_query(at):
    """`+CIPRECVLEN:<data_length>`, with AT+CIPMUX=1 those of the five links."""
    at.reply(*[at.links.waiting(number) for number in range(_LINKS if at.mux else 1)])


alias("+CIPRCVLEN", CIPRECVLEN)

CIPDINFO = command(
    "+CIPDINFO",
    "Whether received data names its sender",
    (("pick", "mode", (0, 1)),),  # 0 no; 1 yes
    words={"state": "true or false"},
)


@CIPDINFO.query
def cipdinfo_query(at):
    """`+CIPDINFO:<state>`."""
    at.line("%s:%s" % (at.name, "true" if at.links.info else "false"))


@CIPDINFO.set
def cipdinfo_set(at, mode):
    at.links.info = mode == 1
    at.links.deliver_all()
