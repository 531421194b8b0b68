"""The command port itself and passthrough at power-up (manual sections 3.1.9 to 3.1.12)."""

from at.command import alias, command
from at.errors import text_of

_LINE = (
    ("int", "baudrate", 80, 5000000),  # bits per second
    ("int", "databits", 5, 8),  # bits of data in a character
    ("int", "stopbits", 1, 3),  # 1 one; 2 one and a half; 3 two
    ("int", "parity", 0, 2),  # 0 none; 1 odd; 2 even
    ("int", "flow_control", 0, 3),  # 0 none; 1 RTS; 2 CTS; 3 RTS and CTS
)

UART_CUR = command("+UART_CUR", "The UART of the command port, until the next start", _LINE)


@UART_CUR.query
def uart_cur_query(at):
    """The rate is read back from the divider, so it may differ a little from the one set."""
    at.reply(*at.uart.settings())


@UART_CUR.set
def uart_cur_set(at, baud, bits, stop, parity, flow):
    """OK leaves at the old rate; when its last bit is out the port switches."""
    at.then(lambda: at.uart.config(baud, bits, stop, parity, flow))


alias("+UART", UART_CUR)

UART_DEF = command(
    "+UART_DEF", "The UART of the command port, now and after each start", _LINE, stores="uart"
)


@UART_DEF.query
def uart_def_query(at):
    """The kept values as they were set, or the factory's."""
    at.reply(*(at.settings.get("uart") or at.factory_uart))


@UART_DEF.set
def uart_def_set(at, baud, bits, stop, parity, flow):
    """Kept first, then the port switches as with AT+UART_CUR."""
    at.settings.put("uart", [baud, bits, stop, parity, flow])
    at.then(lambda: at.uart.config(baud, bits, stop, parity, flow))


TRANSINTVL = command(
    "+TRANSINTVL",
    "How long passthrough collects bytes before it sends them",
    (("int", "interval", 0, 1000),),  # ms; 0 at once
)


@TRANSINTVL.query
def transintvl_query(at):
    at.reply(at.transparent_interval_ms)


@TRANSINTVL.set
def transintvl_set(at, interval):
    at.transparent_interval_ms = interval


SAVETRANSLINK = command(
    "+SAVETRANSLINK",
    "Whether the module enters passthrough at power-up, and to which peer",
    (
        # 0 normal start; 1 passthrough from power-up on
        (
            "by",
            "mode",
            (
                (
                    0,
                    (
                        ("str", "remote_host", 1, 64, None),
                        ("int", "remote_port", 1, 65535, None),  # of the peer
                        ("str", "type", 1, 5, None),
                        ("int", "keep_alive", 0, 65535, None),  # seconds; 0 off
                    ),
                ),
                (
                    1,
                    (
                        ("str", "remote_host", 1, 64),
                        ("int", "remote_port", 1, 65535),
                        (
                            "by",
                            "type",
                            (
                                ("TCP", (("int", "keep_alive", 0, 7200, None),)),
                                ("TCPv6", (("int", "keep_alive", 0, 7200, None),)),
                                ("SSL", (("int", "keep_alive", 0, 7200, None),)),
                                ("SSLv6", (("int", "keep_alive", 0, 7200, None),)),
                                ("UDP", (("int", "local_port", 1, 65535, None),)),  # of the module
                                ("UDPv6", (("int", "local_port", 1, 65535, None),)),
                            ),
                            "TCP",
                        ),
                    ),
                ),
            ),
        ),
    ),
    stores="translink",
)


@SAVETRANSLINK.set
def savetranslink_set(at, mode, host=None, port=None, kind=None, extra=None):
    """`AT+SAVETRANSLINK=0` alone turns it off. Takes effect at the next start.

    Without AT+CWAUTOCONN=1 nothing joins a network then, and the port waits for `+++`.

    keep_alive is that of AT+CIPTCPOPT: it shows there at once, and what is set last counts, after
    a restart as well.
    """
    if not mode:
        at.settings.put("translink", [0, "", 0, "TCP", None])
        return
    at.settings.put("translink", [mode, text_of(host, 1), port, kind, extra])
    if extra is not None and not kind.startswith("UDP"):
        at.links.set_options((0,), (None, None, None, extra))
