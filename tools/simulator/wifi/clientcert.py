"""Certificates of an enterprise network: whether a client's was signed by the authority."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def load(pem: bytes) -> x509.Certificate:
    """Return the certificate of a PEM text, which may end with NULs; ValueError without one."""
    return x509.load_pem_x509_certificate(_clean(pem))


def is_client(pem: bytes, key_pem: bytes, authority: x509.Certificate) -> bool:
    """Tell whether the authority has signed the certificate and the key belongs to it."""
    if not pem or not key_pem:
        return False
    certificate = load(pem)
    key = serialization.load_pem_private_key(_clean(key_pem), None)
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError):
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_key().public_bytes(*form) == key.public_key().public_bytes(*form)


def _clean(pem: bytes) -> bytes:
    return pem.rstrip(b"\0")
