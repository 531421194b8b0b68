"""Manufacturing data: the NVS partition `mfg_nvs` with factory parameters and certificates.

Its pages have one owner at a time. NVS repairs what it finds half-written, so while somebody
writes the partition as raw flash, all that is asked here is a StoreError.
"""

import atchip

from at.errors import CHIP_ERRORS, Absent, StoreError, is_memory

_PARTITION = "mfg_nvs"
_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND, as MicroPython gives it
STRING = 7
BLOB = 8


class Mfg:
    """Namespaces, keys and values; types are those of AT+SYSMFG (1 u8 ... 6 i32, 7, 8)."""

    def __init__(self, log):
        self.log = log
        self._is_lent = False

    def lend(self):
        """Have NVS let go of the partition: its pages are about to change."""
        self._is_lent = True
        atchip.nvs_close(_PARTITION)

    def take_back(self):
        """Read what is there now from the next question on."""
        self._is_lent = False

    def _need_own(self):
        if self._is_lent:
            raise StoreError("mfg_nvs is being written")

    def factory(self, key, default):
        """Return a factory parameter (a number, or text), or the default if it is not there.

        The log says so, but for one that need not be there: its default is None.
        """
        self._need_own()
        try:
            kind, value = atchip.nvs_get(_PARTITION, "factory_param", key)
        except CHIP_ERRORS as error:
            if default is not None:
                self.log("mfg_nvs: no factory parameter %s (%s), using %s" % (key, error, default))
            return default
        return str(value, "utf-8") if kind == STRING else value

    def namespaces(self):
        """Return the names of all namespaces."""
        return self._try(atchip.nvs_namespaces)

    def keys(self, namespace):
        """Yield (key, type) pairs; there may be more of them than memory has room for."""
        done = 0
        while True:
            pairs = self._try(atchip.nvs_keys, namespace, done)
            yield from pairs
            done += len(pairs)
            if not pairs:
                return

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
        self._need_own()
        try:
            return function(_PARTITION, *args)
        except CHIP_ERRORS as error:
            if error.args[:1] == (_NOT_FOUND,):
                raise Absent("mfg_nvs: %s" % error)
            raise StoreError("out of memory" if is_memory(error) else "mfg_nvs: %s" % error)
