"""The module's name and service on the local network (AT+MDNS)."""

import atchip

from at.errors import CHIP_ERRORS, invalid, refused

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
