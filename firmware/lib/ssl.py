"""The standard `ssl` interface on the TLS sessions of `atnet`.

As MicroPython has it, with PEM as well as DER, and more: ALPN, PSK, client certificates, and a
name to check that differs from the one told to the server. TLS 1.2.
"""

import binascii
from socket import socket

from micropython import const

import atnet

PROTOCOL_TLS_CLIENT = 0
PROTOCOL_TLS_SERVER = 1
CERT_NONE = 0
CERT_OPTIONAL = 1
CERT_REQUIRED = 2

SSLError = OSError

_AGAIN = const(3)  # of atnet.handshake(): READ | WRITE


def _content(data):
    """Return certificate or key: bytes as they are, of a file by its name."""
    if isinstance(data, str) and "-----BEGIN" not in data:
        with open(data, "rb") as file:
            return file.read()
    return data


class SSLContext:
    """What connections trust and show. It cannot be changed while one of them is open."""

    def __init__(self, protocol):
        self._server = protocol == PROTOCOL_TLS_SERVER
        self._profile = atnet.Profile(self._server)
        self.check_hostname = not self._server
        self._mode = CERT_NONE
        self.verify_mode = CERT_NONE if self._server else CERT_REQUIRED

    @property
    def verify_mode(self):
        """CERT_NONE, CERT_OPTIONAL (checked, never refused) or CERT_REQUIRED."""
        return self._mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._profile.verify(mode)
        self._mode = mode

    def load_cert_chain(self, cert, key=None):
        """Set our certificate and key: file names or contents, PEM or DER. Once. OSError."""
        cert = _content(cert)
        self._profile.own(cert, cert if key is None else _content(key))

    def load_verify_locations(self, cafile=None, cadata=None):
        """Add certificates to trust, from a file or given. OSError."""
        self._profile.ca(cadata if cadata is not None else _content(cafile))

    def set_alpn_protocols(self, protocols):
        """Set up to 5 protocols to offer, or to choose from, best first. OSError."""
        self._profile.alpn(protocols)

    def set_psk(self, key, identity, is_hex=False):
        """Set a shared key (bytes, text, or hexadecimal text) and its identity. Once. OSError."""
        self._profile.psk(binascii.unhexlify(key) if is_hex else key, identity)

    def wrap_socket(
        self,
        sock,
        *,
        server_side=False,
        do_handshake_on_connect=True,
        server_hostname=None,
        common_name=None,
    ):
        """Return an SSLSocket that takes over a connected socket. OSError.

        server_hostname is told to the server (SNI). The certificate must carry common_name, or
        if that is not given server_hostname when check_hostname is on; "" means any.
        """
        if server_side != self._server:
            raise ValueError("context is for the other side")
        if common_name is None and self.check_hostname and self._mode == CERT_REQUIRED:
            if not server_hostname:
                raise ValueError("CERT_REQUIRED needs server_hostname")
            common_name = server_hostname
        sni = server_hostname if server_hostname and not atnet.address(server_hostname) else None
        return SSLSocket(sock, self._profile, sni, common_name or None, do_handshake_on_connect)


class SSLSocket(socket):
    """A socket whose bytes are encrypted. Errors are OSError(code, reason)."""

    def __init__(self, sock, profile, sni, name, shake):
        self._set(sock._link, sock._family, sock._guard)
        self._timeout_ms = sock._timeout_ms
        self._up = False
        atnet.tls_start(self._link, profile, sni, name)
        if shake and self._timeout_ms != 0:
            self.do_handshake()

    def do_handshake(self):
        """Finish the handshake; EAGAIN of a non-blocking socket that has to wait."""
        deadline = self._deadline()
        while not self._up:
            wanted = atnet.handshake(self._link)
            if wanted == 0:
                self._up = True
            elif wanted != _AGAIN:
                self._wait(wanted, deadline)

    def _repeat(self, events, function, args):
        if not self._up:
            self.do_handshake()  # everything that moves bytes comes through here
        return super()._repeat(events, function, args)

    def cipher(self):
        """Return (cipher suite, version)."""
        version, suite = atnet.tls_info(self._link)[:2]
        return suite, version

    def version(self):
        return atnet.tls_info(self._link)[0]

    def selected_alpn_protocol(self):
        """Return the protocol that both sides agreed on, or None."""
        return atnet.tls_info(self._link)[2]

    def getpeercert(self, binary_form=False):
        """Return the peer's certificate as DER; the decoded form is not offered."""
        if not binary_form:
            raise NotImplementedError("binary_form only")
        return atnet.peer_cert(self._link)


def wrap_socket(
    sock,
    server_side=False,
    key=None,
    cert=None,
    cert_reqs=CERT_NONE,
    cadata=None,
    server_hostname=None,
    do_handshake=True,
):
    """Wrap a socket with a context made for it alone, as older libraries do."""
    context = SSLContext(PROTOCOL_TLS_SERVER if server_side else PROTOCOL_TLS_CLIENT)
    context.verify_mode = cert_reqs
    if cert is not None:
        context.load_cert_chain(cert, key)
    if cadata is not None:
        context.load_verify_locations(cadata=cadata)
    return context.wrap_socket(
        sock,
        server_side=server_side,
        server_hostname=server_hostname,
        do_handshake_on_connect=do_handshake,
    )
