"""What TLS connections trust and show: settings of the links, certificates, error codes.

Owns AT+CIPSSLCCONF, ...CN, ...SNI, ...ALPN, ...PSK, ...PSKHEX and ...CIPHER of each link, reading
certificates from mfg_nvs by number, and the extension of ERR CODE that tells failures apart. The
protocol itself is the C module atnet's.
"""

import atnet
from at.errors import LinkError, StateError, StoreError
from at.settings import patched_rows

COUNT = 5  # links
PRESENT = 1  # bits of the authentication mode: show our certificate, check the peer's
CHECK = 2
_REQUIRED = 2  # how Profile.verify() takes a peer without a valid certificate: not at all

# Reasons of atnet, in the order of their ERR CODE extensions 0x5001, 0x5002, ...; each is listed
# in docs/tls-errors.md. New ones go to the end: hosts know the numbers.
_REASONS = (
    "unknown CA",
    "certificate expired",
    "certificate not yet valid",
    "wrong name",
    "weak certificate",
    "wrong certificate usage",
    "bad certificate",
    "no certificate",
    "own certificate refused",
    "client certificate required",
    "no client certificate",
    "psk mismatch",
    "alpn mismatch",
    "no common cipher",
    "protocol version",
    "unknown server name",
    "not a TLS peer",
    "closed during handshake",
    "alert from the peer",
    "damaged record",
    "out of memory",
    "TLS error",
    "the clock is not set",
)
_FIRST = 0x5001
MISSING = 0x5040  # the certificate, key or CA is not in mfg_nvs
UNUSABLE = 0x5041  # it is there, but cannot be used
TIMEOUT = 0x5042  # the handshake took too long
NO_SUITE = 0x5043  # there is no such cipher suite in this firmware

_FILES = ("CERT", "cert"), ("PRVT_KEY", "key"), ("CA", "ca")  # name in messages, in namespaces
_CLIENT = ("client",)  # owners of namespaces
_SERVER = ("server",)


def failure(error):
    """Turn an OSError of atnet that a handshake raised into a LinkError with its extension."""
    reason = error.args[1] if len(error.args) > 1 else str(error)
    if reason in _REASONS:
        ext = _FIRST + _REASONS.index(reason)
    else:
        ext = 0  # the connection itself failed
    return LinkError("TLS: " + reason, ext)


class Tls:
    """The TLS settings of links 0..4; what is set counts from a link's next connection."""

    def __init__(self, mfg, settings, emit):
        self._mfg = mfg
        self._settings = settings
        self._emit = emit
        self._names = {}  # (link, "cn" or "sni") -> bytes
        self._alpn = [()] * COUNT
        self._psk = [(b"", b"")] * COUNT
        self._suites = {}  # link -> numbers of cipher suites; those without it offer the usual

    def conf(self, link):
        """Return [authentication mode, certificate number, CA number]."""
        return self._settings.get("ssl_client")[link]

    def set_conf(self, links, mode, own, ca):
        """Set and keep them; mode: 0 none, 1 show our certificate, 2 check the peer's, 3 both."""
        self._settings.change("ssl_client", patched_rows, links, (mode, own, ca))

    def name(self, link, which):
        """Return the "cn" that the peer's certificate must carry, or the "sni" to send; b""."""
        return self._names.get((link, which), b"")

    def set_name(self, links, which, name):
        """Set the "cn" or the "sni"; b"" for none."""
        for link in links:
            self._names[link, which] = name

    def alpn(self, link):
        """Return the protocols offered, as tuple of bytes."""
        return self._alpn[link]

    def set_alpn(self, links, protocols):
        """Offer these protocols, at most five; () for none."""
        for link in links:
            self._alpn[link] = protocols

    def psk(self, link):
        """Return (key, hint) as bytes; the key is b"" if there is none."""
        return self._psk[link]

    def set_psk(self, links, key, hint):
        """Set the pre-shared key and the identity that goes with it; b"" for none."""
        for link in links:
            self._psk[link] = (key, hint)

    def suites(self):
        """Yield the number of each cipher suite that there is."""
        index = 0
        number = atnet.suite(0)
        while number:
            yield number
            index += 1
            number = atnet.suite(index)

    def set_suites(self, links, numbers):
        """Offer these cipher suites alone; () for the usual ones. StateError if one is unknown."""
        for number in numbers:
            if number not in self.suites():
                raise StateError("this firmware has no cipher suite 0x%04X" % number, NO_SUITE)
        for link in links:
            if numbers:
                self._suites[link] = numbers
            else:
                self._suites.pop(link, None)

    # Profiles for atnet.

    def client(self, link, host):
        """Return (profile, SNI, name to check) for a connection to `host`.

        Without a name of its own set, a host given by name is told to the server as SNI.
        LinkError, after an event, if a certificate is missing.
        """
        mode, own, ca = self.conf(link)
        profile = self.profile(
            _CLIENT, own if mode & PRESENT else None, ca if mode & CHECK else None
        )
        key, hint = self._psk[link]
        if key:
            profile.psk(key, hint)
        if link in self._suites:
            profile.suites(self._suites[link])
        if self._alpn[link]:
            profile.alpn(tuple([str(name, "utf-8") for name in self._alpn[link]]))
        sni = str(self.name(link, "sni"), "utf-8")
        if not sni and not atnet.address(host):
            sni = host
        return profile, sni or None, str(self.name(link, "cn"), "utf-8") or None

    def server(self, check_clients):
        """Return the profile of the module's own server."""
        return self.profile(_SERVER, 0, 0 if check_clients else None)

    def profile(self, owners, own, ca):
        """Make a profile with certificates of these numbers, None for none.

        They are in the namespaces `<owner>_cert`, `<owner>_key` and `<owner>_ca` of mfg_nvs, those
        of the first owner that has them.
        """
        profile = atnet.Profile(owners == _SERVER)
        try:
            if own is not None:
                profile.own(self._file(0, owners, own), self._file(1, owners, own))
            if ca is not None:
                profile.ca(self._file(2, owners, ca))
            profile.verify(0 if ca is None else _REQUIRED)
        except OSError as error:
            profile.close()
            raise LinkError("certificate or key unusable: %s" % error, UNUSABLE)
        except LinkError:
            profile.close()
            raise
        return profile

    def _file(self, index, owners, number):
        """Read a certificate or key. Files are called `name.number`, number 0 also `name`."""
        label, part = _FILES[index]
        space = ""
        for owner in owners:
            space = "%s_%s" % (owner, part)
            for key in ("%s.%d" % (space, number), space):
                try:
                    return self._mfg.get(space, key)[1]
                except StoreError:
                    if number:
                        break
        self._emit("certificate_missing", label)
        raise LinkError("mfg_nvs holds no %s number %d" % (space, number), MISSING)


def create(at):
    """Build the service from those it stands on."""
    return Tls(at.mfg, at.settings, at.emit)
