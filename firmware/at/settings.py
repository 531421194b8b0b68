"""The table of kept values, over NVS.

Owns: what is kept in flash, under which key, when, and what the factory value is. A value is
written only when it differs from what flash holds, each in one NVS entry, so that a power cut
leaves the old value or the new one.

A row is (key, kind, factory value, policy, shape). Kinds: "int" (32 bits), "str", and "json" for
lists of those. Policies: "always", and "sysstore" (kept while AT+SYSSTORE=1; manual 3.1.26).
Shapes are wire/shape.py's: flash may hold what another release, or a flipped bit, left there. What
does not fit counts as absent.

What is in force and what is kept are two things, since not every command keeps what it sets. A
command that sets a whole row says put(), one that sets a part of it says change().
"""

import json

import esp32

from at.errors import is_memory
from at.log import log
from at.wire.shape import fits

_NAMESPACE = "at"
_MAX_BLOB = 512  # no kept value is longer
_SAYS_NVS = 0x11  # error codes 0x1100 to 0x11ff
_RESTORING = "restoring"  # present while AT+RESTORE erases, so that a power cut finishes it

TABLE = (  # of literals alone, so that all of it stays in flash
    # UART at power-up: [baud, data bits, stop bits, parity, flow control]; [] = factory data
    (
        "uart",
        "json",
        (),
        "always",
        (
            "none or",
            (
                "row",
                ("int", 80, 5000000),
                ("int", 5, 8),
                ("int", 1, 3),
                ("int", 0, 2),
                ("int", 0, 3),
            ),
        ),
    ),
    # passthrough link at power-up: [mode, host, port, type, keep-alive or local port]
    (
        "translink",
        "json",
        (0, "", 0, "TCP", None),
        "always",
        (
            "row",
            ("int", 0, 1),
            ("text", 64),
            ("int", 0, 65535),
            ("link",),
            ("maybe", ("int", 0, 65535)),
        ),
    ),
    ("sysmsg", "int", 0, "sysstore", ("int", 0, 7)),
    # of links 0..4: [linger s, no delay, send time-out ms, keep-alive s]
    (
        "tcp_options",
        "json",
        ((-1, 0, 0, 0), (-1, 0, 0, 0), (-1, 0, 0, 0), (-1, 0, 0, 0), (-1, 0, 0, 0)),
        "sysstore",
        (
            "just",
            ("row", ("int", -1, 32767), ("int", 0, 1), ("int", 0, 2147483647), ("int", 0, 7200)),
            5,
        ),
    ),
    # of links 0..4: [what to check of TLS, certificate number, CA number]
    (
        "ssl_client",
        "json",
        ((0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)),
        "sysstore",
        ("just", ("row", ("int", 0, 3), ("int", 0, 255), ("int", 0, 255)), 5),
    ),
    # pause between attempts to reconnect in passthrough, in 100 ms
    ("reconnect", "int", 1, "sysstore", ("int", 1, 36000)),
    # passthrough of the second dialect at power-up: [type of AT+SOCKET or 0, host, port]
    (
        "socket_autott",
        "json",
        (0, "", 0),
        "always",
        ("row", ("pick", (0, 1, 2, 4, 7)), ("text", 64), ("int", 0, 65535)),
    ),
    # DNS servers set by hand; [] = those of DHCP
    ("dns", "json", (), "sysstore", ("many", ("ip",), 3)),
    # [enabled, time zone, time servers]
    (
        "sntp",
        "json",
        (0, 0, ()),
        "always",
        ("row", ("int", 0, 1), ("zone",), ("many", ("text", 64), 3)),
    ),
    ("wifi_mode", "int", 1, "sysstore", ("int", 0, 3)),  # as ESP-IDF: station
    # access point of the station, in the form that services/wifi_target.py calls a target
    (
        "wifi_ap",
        "json",
        (),
        "sysstore",
        (
            "none or",
            (
                "row",
                ("hex", 32),
                ("hex", 64),
                ("maybe", ("mac",)),
                ("int", 0, 10),
                ("maybe", ("int", 1, 100)),
                ("int", 0, 1),
                ("int", 1, 600),
                ("int", 0, 3),
                (
                    "maybe",
                    (
                        "either",
                        (
                            "row",
                            ("int", 0, 2),
                            ("hex", 64),
                            ("hex", 64),
                            ("hex", 64),
                            ("int", 0, 3),
                        ),
                        (
                            "row",
                            ("int", 0, 2),
                            ("hex", 64),
                            ("hex", 64),
                            ("hex", 64),
                            ("int", 0, 3),
                            ("int", -128, 127),
                            ("int", 0, 14),
                        ),
                    ),
                ),
            ),
        ),
    ),
    # silence until a station is dropped and until the access point is given up, in s; the listen
    # interval of joins that have none of their own
    (
        "wifi_times",
        "json",
        (300, 6, 3),
        "sysstore",
        ("row", ("int", 10, 3600), ("int", 3, 600), ("int", 1, 100)),
    ),
    # of station and softAP: 1 for 20 MHz, 2 for 40 MHz, 0 as the driver likes
    ("wifi_bandwidth", "json", (0, 0), "sysstore", ("just", ("int", 0, 2), 2)),
    ("wifi_auto", "int", 1, "always", ("int", 0, 1)),
    # coming back to it: [seconds between tries, number of tries]
    ("wifi_reconn", "json", (0, 0), "sysstore", ("row", ("int", 0, 7200), ("int", 0, 1000))),
    # [SSID, password (both in hex), channel, authmode, most stations, hidden]; [] = built-in
    (
        "wifi_softap",
        "json",
        (),
        "sysstore",
        (
            "none or",
            (
                "row",
                ("hex", 32),
                ("hex", 64),
                ("int", 1, 14),
                ("pick", (0, 2, 3, 4)),
                ("int", 1, 15),
                ("int", 0, 1),
            ),
        ),
    ),
    # [DHCP mask, static address of the station, of the softAP]: [ip, gateway, mask] or []
    (
        "wifi_ip",
        "json",
        (3, (), ()),
        "sysstore",
        (
            "row",
            ("int", 0, 3),
            ("none or", ("row", ("ip4",), ("ip4",), ("ip4",))),
            ("none or", ("row", ("ip4",), ("ip4",), ("ip4",))),
        ),
    ),
    # the softAP's DHCP server: [lease time in minutes, first address, last]; [] = built-in
    (
        "wifi_pool",
        "json",
        (),
        "sysstore",
        ("none or", ("row", ("int", 1, 2880), ("ip4",), ("ip4",))),
    ),
    ("sta_mac", "str", "", "sysstore", ("mac",)),
    ("ap_mac", "str", "", "sysstore", ("mac",)),
    ("sta_proto", "int", 7, "sysstore", ("pick", (1, 3, 7))),
    ("ap_proto", "int", 7, "sysstore", ("pick", (1, 3, 7))),
    ("ipv6", "int", 0, "sysstore", ("int", 0, 1)),
    # salt (8 bytes) and hash of the page's password, in hex; "" = the factory's
    ("web_password", "str", "", "always", ("hex", 40)),
    # crashes in a row, see services/guard.py
    ("crashes", "int", 0, "always", ("int", 0, 0x7FFFFFFE)),
)


def patched(row, values):
    """Return a row with what is not None in `values` in its place, for Settings.change()."""
    return [old if new is None else new for old, new in zip(row, values)]


def patched_rows(rows, numbers, values):
    """Return rows of links, those with these numbers patched, for Settings.change()."""
    return [patched(row, values) if i in numbers else row for i, row in enumerate(rows)]


class _Nothing:
    """Stands for a store that cannot be opened: it is empty, and takes everything."""

    def get_i32(self, *_):
        """Find nothing."""
        raise OSError

    get_blob = erase_key = get_i32

    def set_i32(self, *_):
        """Keep nothing."""

    set_blob = commit = set_i32


def _is_failure(error):
    """Tell an error of flash from NVS's word that there is no such value, or not of this form."""
    return is_memory(error) or (bool(error.args) and -error.args[0] >> 8 != _SAYS_NVS)


def _row(key):
    for row in TABLE:
        if row[0] == key:
            return row
    raise KeyError(key)


class Settings:
    """The kept values: `get`, `put`, `change`, `restore`. `keeping` is AT+SYSSTORE.

    Without a store that works, the factory values hold and nothing is kept.
    """

    def __init__(self):
        self.keeping = True
        try:
            self._nvs = esp32.NVS(_NAMESPACE)
        except OSError as error:
            log("settings: nothing can be kept:", error)
            self._nvs = _Nothing()
        self._values = {}
        if self._fetch(_RESTORING, "int", is_start=True) is not None:
            self.restore()
        blob = bytearray(_MAX_BLOB)
        for row in TABLE:
            self._values[row[0]] = self._read(row, blob, is_start=True)

    def get(self, key):
        """Return the value in force."""
        return self._values[key]

    def kept(self, key):
        """Return what flash holds, or the factory value; what is in force may be different.

        OSError if flash cannot be read.
        """
        return self._read(_row(key), bytearray(_MAX_BLOB))

    def put(self, key, value):
        """Put a value in force and keep it as its policy says. OSError if flash fails."""
        row = _row(key)
        if self._keeps(row):
            self._write(row, value)
        self._values[key] = value

    def change(self, key, changed, *details):
        """Change a part of a value in force, and the same part of the one that flash holds.

        changed(value, *details) returns a value with the change. It is asked for both, so that
        nothing that is only in force gets into flash along with it. OSError if flash fails: the
        change is in force then, as the driver may have it by now, and flash is as it was.
        """
        row = _row(key)
        self._values[key] = changed(self._values[key], *details)
        if self._keeps(row):
            before = self.kept(key)
            kept = changed(before, *details)
            if kept != before:
                self._write(row, kept)

    def _keeps(self, row):
        return row[3] == "always" or self.keeping

    def restore(self):
        """Erase every kept value; the factory values hold from the next start."""
        self._nvs.set_i32(_RESTORING, 1)
        self._nvs.commit()
        for row in TABLE:
            self._erase(row[0])
        self._erase(_RESTORING)

    def _erase(self, key):
        try:
            self._nvs.erase_key(key)
        except OSError:  # not there
            return
        self._nvs.commit()

    def _fetch(self, key, kind, blob=None, is_start=False):
        """Return the number or the bytes that flash holds, or None; `blob` has room for them.

        OSError if flash cannot be read, but for the start, which goes on without the value.
        """
        try:
            if kind == "int":
                return self._nvs.get_i32(key)
            return bytes(memoryview(blob)[: self._nvs.get_blob(key, blob)])
        except OSError as error:  # not there
            if not is_start and _is_failure(error):
                raise
            return None

    def _read(self, row, blob, is_start=False):
        """Return what flash holds, or the factory value if there is none that fits."""
        key, kind, factory, _, kept_shape = row
        value = self._fetch(key, kind, blob, is_start)
        if value is None:
            return factory
        try:
            if not isinstance(value, int):
                value = value.decode()
            if kind == "json":
                value = json.loads(value)
            if fits(kept_shape, value):
                return value
        except ValueError:
            pass
        log("settings: %s in flash does not fit, using the factory value" % key)
        return factory

    def _write(self, row, value):
        key, kind = row[:2]
        if kind == "json":
            value = json.dumps(value)
        if kind != "int":
            value = value.encode()
        if self._fetch(key, kind, bytearray(_MAX_BLOB)) == value:
            return
        if kind == "int":
            self._nvs.set_i32(key, value)
        else:
            self._nvs.set_blob(key, value)
        self._nvs.commit()
