"""The table of kept values, over NVS.

Owns: what is kept in flash, under which key, when, and what the factory value is. A value is
written only when it differs from what flash holds, each in one NVS entry, so that a power cut
leaves the old value or the new one.

A row is (key, kind, factory value, policy). Kinds: "int" (32 bits), "str", and "json" for
lists of those. Policies: "always", and "sysstore" (kept while AT+SYSSTORE=1; manual 3.1.26).
"""

import json

import esp32

from at.log import log

_NAMESPACE = "at"
_MAX_BLOB = 512  # no kept value is longer
_RESTORING = "restoring"  # present while AT+RESTORE erases, so that a power cut finishes it

TABLE = (
    # UART at power-up: [baud, data bits, stop bits, parity, flow control]; [] = factory data
    ("uart", "json", (), "always"),
    # passthrough link at power-up: [mode, host, port, type, keep-alive or local port]
    ("translink", "json", (0, "", 0, "TCP", None), "always"),
    ("sysmsg", "int", 0, "sysstore"),
    # of links 0..4: [linger s, no delay, send time-out ms, keep-alive s]
    ("tcp_options", "json", ((-1, 0, 0, 0),) * 5, "sysstore"),
    # of links 0..4: [what to check of TLS, certificate number, CA number]
    ("ssl_client", "json", ((0, 0, 0),) * 5, "sysstore"),
    # pause between attempts to reconnect in passthrough, in 100 ms
    ("reconnect", "int", 1, "sysstore"),
    # passthrough of the second dialect at power-up: [type of AT+SOCKET or 0, host, port]
    ("socket_autott", "json", (0, "", 0), "always"),
    # DNS servers set by hand; [] = those of DHCP
    ("dns", "json", (), "sysstore"),
    # [enabled, time zone, time servers]
    ("sntp", "json", (0, 0, ()), "always"),
    ("wifi_mode", "int", 0, "sysstore"),
    # access point of the station, in the form that services/wifi_station.py calls a target
    ("wifi_ap", "json", (), "sysstore"),
    ("wifi_auto", "int", 1, "always"),
    # coming back to it: [seconds between tries, number of tries]
    ("wifi_reconn", "json", (0, 0), "sysstore"),
    # [SSID, password (both in hex), channel, authmode, most stations, hidden]; [] = built-in
    ("wifi_softap", "json", (), "sysstore"),
    # [DHCP mask, static address of the station, of the softAP]: [ip, gateway, mask] or []
    ("wifi_ip", "json", (3, (), ()), "sysstore"),
    # the softAP's DHCP server: [lease time in minutes, first address, last]; [] = built-in
    ("wifi_pool", "json", (), "sysstore"),
    ("sta_mac", "str", "", "sysstore"),
    ("ap_mac", "str", "", "sysstore"),
    ("sta_proto", "int", 7, "sysstore"),
    ("ap_proto", "int", 7, "sysstore"),
    ("ipv6", "int", 0, "sysstore"),
    ("crashes", "int", 0, "always"),  # in a row, see services/guard.py
)


class _Nothing:
    """Stands for a store that cannot be opened: it is empty, and takes everything."""

    def get_i32(self, *_):
        """Find nothing."""
        raise OSError

    get_blob = erase_key = get_i32

    def set_i32(self, *_):
        """Keep nothing."""

    set_blob = commit = set_i32


class Settings:
    """The kept values: `get`, `put`, `restore`. `keeping` is AT+SYSSTORE.

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
        if self._read(_RESTORING, "int") is not None:
            self.restore()
        for key, kind, factory, _ in TABLE:
            value = self._read(key, kind)
            self._values[key] = factory if value is None else value

    def get(self, key):
        """Return the value in force."""
        return self._values[key]

    def kept(self, key):
        """Return what flash holds, or the factory value; what is in force may be different."""
        for name, kind, factory, _ in TABLE:
            if name == key:
                value = self._read(key, kind)
                return factory if value is None else value
        raise KeyError(key)

    def put(self, key, value):
        """Put a value in force and keep it as its policy says. OSError if flash fails."""
        for row in TABLE:
            if row[0] == key:
                if row[3] == "always" or self.keeping:
                    self._write(key, row[1], value)
                self._values[key] = value
                return
        raise KeyError(key)

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

    def _read(self, key, kind):
        """Return what flash holds, or None. A damaged value counts as absent."""
        try:
            if kind == "int":
                return self._nvs.get_i32(key)
            blob = bytearray(_MAX_BLOB)
            blob = blob[: self._nvs.get_blob(key, blob)]
        except OSError:  # not there
            return None
        try:
            return json.loads(blob.decode()) if kind == "json" else blob.decode()
        except ValueError:
            return None

    def _write(self, key, kind, value):
        if self._read(key, kind) == value:
            return
        if kind == "int":
            self._nvs.set_i32(key, value)
        else:
            self._nvs.set_blob(key, json.dumps(value) if kind == "json" else value)
        self._nvs.commit()
