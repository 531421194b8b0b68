"""Commands of the ESP-AT family for hardware that an ESP32-S2 does not have.

The module answers each like any unknown command, ERROR with code 0x01090000, and AT+CMD? does not
list it; docs/commands.md names them, from this table.
"""

# (hardware, why the module lacks it, names after AT+)
ABSENT = (
    (
        "Bluetooth LE",
        "the radio of the ESP32-S2 is for Wi-Fi only",
        """
        BLEINIT BLEADDR BLENAME BLESCANPARAM BLESCAN BLESCANRSPDATA BLEADVPARAM
        BLEADVDATA BLEADVSTART BLEADVSTOP BLECONN BLEDISCONN BLEDATALEN BLECFGMTU
        BLEGATTSSRVCRE BLEGATTSSRVSTART BLEGATTSSRV BLEGATTSCHAR BLEGATTSNTFY
        BLEGATTSIND BLEGATTSSETATTR BLEGATTCPRIMSRV BLEGATTCINCLSRV BLEGATTCCHAR
        BLEGATTCRD BLEGATTCWR BLESPPCFG BLESPP BLESECPARAM BLEENC BLEENCRSP BLEKEYREPLY
        BLECONFREPLY BLEENCDEV BLEENCCLEAR BLESETKEY BLEHIDINIT BLEHIDKB BLEHIDMUS
        BLEHIDCONSUMER
        """,
    ),
    (
        "Classic Bluetooth",
        "the radio of the ESP32-S2 is for Wi-Fi only",
        """
        BTINIT BTNAME BTSCANMODE BTSTARTDISC BTSPPINIT BTSPPCONN BTSPPDISCONN BTSPPSEND
        BTSPPSTART BTA2DPINIT BTA2DPCONN BTA2DPDISCONN BTA2DPSRC BTA2DPCTRL BTSECPARAM
        BTKEYREPLY BTPINREPLY BTSECCFM BTENCDEV BTENCCLEAR
        """,
    ),
    (
        "Ethernet",
        "the ESP32-S2 has no Ethernet MAC",
        """
        CIPETHMAC CIPETH
        """,
    ),
)


def names() -> list[str]:
    """Return all names, with their +."""
    return ["+" + name for _, _, listed in ABSENT for name in listed.split()]
