"""The authentication server of enterprise networks: EAP-TLS, PEAP and TTLS by their outcome.

No EAP packet is exchanged, but certificates are real: the authority of the network has signed
its server's and must have signed the client's.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

METHODS = ("tls", "peap", "ttls")
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Credentials:
    """What the station's supplicant was given; method None: not enabled."""

    method: int | None = None
    identity: bytes = b""
    username: bytes = b""
    password: bytes = b""
    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = b""

    def with_(self, **changes: Any) -> "Credentials":
        """Return a copy with some values changed."""
        return replace(self, **changes)


def accepts(server: dict[str, Any], given: Credentials) -> bool:
    """Tell whether both sides are content."""
    if given.method is None or METHODS[given.method] not in server["methods"]:
        return False
    try:
        authority = x509.load_pem_x509_certificate((_ROOT / server["ca"]).read_bytes())
        if given.ca and not _same_authority(given.ca, authority):
            return False
        if METHODS[given.method] == "tls":
            return bool(given.identity) and _is_client(given, authority)
    except ValueError:  # no certificate at all
        return False
    return server["users"].get(given.username.decode(errors="replace")) == given.password.decode(
        errors="replace"
    )


def _clean(pem: bytes) -> bytes:
    return pem.rstrip(b"\0")


def _same_authority(pem: bytes, authority: x509.Certificate) -> bool:
    return x509.load_pem_x509_certificate(_clean(pem)) == authority


def _is_client(given: Credentials, authority: x509.Certificate) -> bool:
    if not given.certificate or not given.key:
        return False
    certificate = x509.load_pem_x509_certificate(_clean(given.certificate))
    key = serialization.load_pem_private_key(_clean(given.key), None)
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError):
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)
