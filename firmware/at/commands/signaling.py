"""Signalling tests (manual chapter 3.8)."""

from at.command import command

FACTPLCP = command(
    "+FACTPLCP",
    "Choose the preamble (PLCP) of 802.11b frames",
    (
        ("pick", "enable", (0, 1)),  # 0 the usual preamble; 1 that of `tx_with_long`
        ("pick", "tx_with_long", (0, 1)),  # 0 short; 1 long
    ),
)


@FACTPLCP.set
def factplcp_set(_at, _enable, _tx_with_long):
    """Accepted and without effect: ESP-IDF offers no way to choose the preamble.

    `tx_with_long` is ignored while `enable` is 0.
    """
