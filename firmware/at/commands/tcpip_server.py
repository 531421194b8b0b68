"""The module's own server (manual sections 3.3.16, 3.3.17 and 3.3.19)."""

from at.command import EVENTS, command
from at.errors import StateError

EVENTS.update({"server_full": lambda _, limit: "Have %d Connections" % limit})

CIPSERVER = command(
    "+CIPSERVER",
    "Start or stop the TCP or TLS server",
    (
        # 0 stop; 1 start
        (
            "by",
            "mode",
            (
                # 0 links of clients stay; 1 they are closed
                (0, (("int", "close_all", 0, 1, 0),)),
                (
                    1,
                    (
                        ("int", "port", 1, 65535, 333),  # to listen on
                        ("pick", "type", ("TCP", "TCPv6", "SSL", "SSLv6"), "TCP"),
                        # 0 clients show no certificate; 1 they must
                        ("int", "ca_enable", 0, 1, 0),
                    ),
                ),
            ),
        ),
    ),
    words={"num": "that it takes at most"},
)


@CIPSERVER.query
def cipserver_query(at):
    """`+CIPSERVER:<mode>[,<port>,<type>,<ca_enable>]`."""
    row = at.server.row
    if row:
        at.reply(1, *row)
    else:
        at.reply(0)


@CIPSERVER.set
def cipserver_set(at, mode, first, kind=None, ca_enable=0):
    """Needs AT+CIPMUX=1. Each client takes the link that has been free longest: `n,CONNECT`.

    A client over the limit, or without a free link, is turned away: `Have <num> Connections`.
    One that is still in its TLS handshake is no link yet, but has its number and counts for the
    limit; when the server stops it is cut, whatever close_all is.
    The same again while it runs is OK and changes nothing; another server is an ERROR.
    The certificate that clients must show is one that server_ca in mfg_nvs vouches for.
    """
    if not at.mux:
        raise StateError("AT+CIPMUX=1 comes first")
    if mode:
        at.server.start(first, kind, ca_enable)
        return None
    return _stop(at, first == 1)


async def _stop(at, close_clients):
    await at.server.stop(close_clients)
    await at.port.reported()


CIPSERVERMAXCONN = command(
    "+CIPSERVERMAXCONN",
    "Most clients that the server takes",
    (("int", "num", 1, 5),),  # clients
)


@CIPSERVERMAXCONN.query
def cipservermaxconn_query(at):
    at.reply(at.server.limit)


@CIPSERVERMAXCONN.set
def cipservermaxconn_set(at, count):
    """5 after a start. To be set before the server is started."""
    at.server.set_limit(count)


CIPSTO = command(
    "+CIPSTO",
    "When the server drops a silent client",
    (("int", "time", 0, 7200),),  # seconds; 0 never
)


@CIPSTO.query
def cipsto_query(at):
    at.reply(at.server.idle_s)


@CIPSTO.set
def cipsto_set(at, seconds):
    """180 after a start. Bytes in either direction begin the time anew.

    A client is not silent as long as what it sent waits for the host.
    """
    at.server.set_idle(seconds)
