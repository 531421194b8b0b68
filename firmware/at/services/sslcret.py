"""Certificates of the Ai-Thinker dialect: AT+SSLCRET."""

import atnet
from at.errors import Absent, LinkError
from at.services.mfg import BLOB
from at.services.tls import UNUSABLE

_SPACE = "sslcret"  # of mfg_nvs
_KEYS = ("", "ca", "cert", "key")  # by type of AT+SSLCRET
_REQUIRED = 2  # how Profile.verify() takes a peer without a valid certificate: not at all


class Trust:
    """What clients trust and show: the items of AT+SSLCRET, kept in mfg_nvs."""

    def __init__(self, mfg):
        self._mfg = mfg

    def load(self, kind):
        """Return item 1 CA, 2 certificate or 3 key; b"" if there is none."""
        try:
            return self._mfg.get(_SPACE, _KEYS[kind])[1]
        except Absent:
            return b""

    def store(self, kind, data):
        """Keep an item; b"" erases it."""
        if data:
            self._mfg.set(_SPACE, _KEYS[kind], BLOB, data)
        elif self.load(kind):
            self._mfg.erase(_SPACE, _KEYS[kind])

    def client(self, _number, host):
        """Return (profile, SNI, name to check): without a CA any server is taken."""
        ca, cert, key = [self.load(kind) for kind in (1, 2, 3)]
        profile = atnet.Profile(False)
        try:
            if cert and key:
                profile.own(cert, key)
            if ca:
                profile.ca(ca)
            profile.verify(_REQUIRED if ca else 0)
        except OSError as error:
            profile.close()
            raise LinkError("certificate or key of AT+SSLCRET unusable: %s" % error, UNUSABLE)
        name = None if atnet.address(host) else host
        return profile, name, name if ca else None
