"""The module's name and service on the local network (AT+MDNS)."""

import asyncio

import atchip

from at.errors import CHIP_ERRORS, invalid, refused

A = 1  # kinds of records
PTR = 12
TXT = 16
AAAA = 28
SRV = 33

_POLL_MS = 50
_MAX_LABEL = 63  # bytes of one part of a name


class Mdns:
    """One announced service, or none."""

    def __init__(self):
        self.is_on = False

    def start(self, host, service, port, instance, proto, txt):
        """Announce `host`.local and one service instead of what was announced before.

        `service` and `proto` get the underscore that they must begin with. `txt` is a tuple of
        (key, value). StateError if the chip refuses.
        """
        for index, label in ((1, host), (2, service), (4, instance), (5, proto)):
            if not 1 <= len(label.encode()) <= _MAX_LABEL or (index != 4 and "." in label):
                raise invalid(index, "%r is no part of a name" % label)
        self.stop()
        try:
            atchip.mdns_start(
                host, instance, _underscored(service), _underscored(proto), port, txt
            )
        except CHIP_ERRORS as error:
            raise refused("mDNS", error)
        self.is_on = True

    async def query(self, kind, names, timeout_ms, most):
        """Return a list of what answers: records as atchip.mdns_next() gives them.

        `kind` is PTR, TXT, ..., as DNS numbers them, `names` (name, service, proto) with None for
        what the kind does not have. StateError if the chip refuses.
        """
        name, service, proto = names
        if service is not None:
            service, proto = _underscored(service), _underscored(proto)
        try:
            atchip.mdns_query(name, service, proto, kind, timeout_ms, most)
            found = []
            while True:
                record = atchip.mdns_next()
                if record is None:
                    await asyncio.sleep_ms(_POLL_MS)
                elif record:
                    found.append(record)
                else:
                    return found
        except CHIP_ERRORS as error:
            raise refused("mDNS", error)
        finally:
            atchip.mdns_end()

    def stop(self):
        """Take the announcement back."""
        if self.is_on:
            atchip.mdns_stop()
            self.is_on = False


def _underscored(label):
    return label if label.startswith("_") else "_" + label


def create(_at):
    """Build the service from those it stands on."""
    return Mdns()
