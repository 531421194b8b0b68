"""Manufacturing data: the NVS partition `mfg_nvs` with factory parameters and certificates."""

import atchip

from at.errors import StoreError

_PARTITION = "mfg_nvs"
STRING = 7
BLOB = 8


class Mfg:
    """Namespaces, keys and values; types are those of AT+SYSMFG (1 u8 ... 6 i32, 7, 8)."""

    def __init__(self, log):
        self.log = log

    def factory(self, key, default):
        """Return a factory parameter (a number, or text), or the default if it is not there."""
        try:
            kind, value = atchip.nvs_get(_PARTITION, "factory_param", key)
        except OSError as error:
            self.log("mfg_nvs: no factory parameter %s (%s), using %s" % (key, error, default))
            return default
        return str(value, "utf-8") if kind == STRING else value

    def namespaces(self):
        """Return the names of all namespaces."""
        return self._try(atchip.nvs_namespaces)

    def keys(self, namespace):
        """Return (key, type) pairs."""
        return self._try(atchip.nvs_keys, namespace)

    def get(self, namespace, key):
        """Return (type, value); value is an int or bytes."""
        return self._try(atchip.nvs_get, namespace, key)

    def set(self, namespace, key, kind, value):
        """Write a pair; its type may change."""
        self._try(atchip.nvs_set, namespace, key, kind, value)

    def erase(self, namespace, key=None):
        """Erase one pair, or all of a namespace."""
        self._try(atchip.nvs_erase, namespace, key)

    def _try(self, function, *args):
        try:
            return function(_PARTITION, *args)
        except OSError as error:
            raise StoreError("mfg_nvs: %s" % error)
