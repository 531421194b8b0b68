"""Certificates for the TLS tests: of an authority that is trusted and of one that is not."""

import datetime
import functools
import ssl
import subprocess
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "server.test"
_DAY = datetime.timedelta(days=1)


def now() -> datetime.datetime:
    """Return the time now, as certificates carry it."""
    return datetime.datetime.now(datetime.UTC)


@functools.cache
def _authority(name: str) -> trustme.CA:
    return trustme.CA(organization_name=name)


def authority(name: str = "good") -> trustme.CA:
    """Return the authority of a name, the same each time."""
    return _authority(name)


@functools.cache
def leaf(kind: str) -> trustme.LeafCert:
    """Return a certificate for NAME: good, stranger (of another authority), expired, future, rsa.

    "client" is for a client, "other" for another name.
    """
    options: dict = {}
    if kind == "expired":
        options = {"not_before": now() - 9 * _DAY, "not_after": now() - _DAY}
    elif kind == "future":
        options = {"not_before": now() + 9 * _DAY, "not_after": now() + 99 * _DAY}
    elif kind == "rsa":
        options = {"key_type": trustme.KeyType.RSA}
    identity = {"client": "client.test", "other": "other.test"}.get(kind, NAME)
    issuer = authority("stranger" if kind == "stranger" else "good")
    return issuer.issue_cert(identity, common_name=identity, **options)


def chain(cert: trustme.LeafCert) -> bytes:
    """Return the PEM of a certificate and those above it."""
    return b"".join(blob.bytes() for blob in cert.cert_chain_pems)


def key(cert: trustme.LeafCert) -> bytes:
    """Return the PEM of its private key."""
    return cert.private_key_pem.bytes()


def shown(kind: str = "good") -> dict[str, bytes]:
    """Return what a script shows and trusts: `cert` and `key` of leaf(), and `ca`."""
    own = leaf(kind)
    return {"cert": chain(own), "key": key(own), "ca": trusted()}


def trusted() -> bytes:
    """Return the PEM of the trusted authority."""
    return authority().cert_pem.bytes()


def der(pem: bytes, what: str, folder: Path) -> bytes:
    """Return DER of a PEM certificate (x509) or key (pkey)."""
    path = folder / "in.pem"
    path.write_bytes(pem)
    arguments = ["openssl", what, "-in", path, "-outform", "DER"]
    return subprocess.run(arguments, check=True, capture_output=True).stdout


def server_context(kind: str = "good", clients: bool = False) -> ssl.SSLContext:
    """Return a server's settings with a certificate of leaf(); clients: theirs are required."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf(kind).configure_cert(context)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        authority().configure_trust(context)
    return context


def client_context(cert: str | None = None) -> ssl.SSLContext:
    """Return a client's settings that trust the good authority; cert: which of leaf() to show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    if cert:
        leaf(cert).configure_cert(context)
    return context


@functools.cache
def for_clients() -> tuple[bytes, bytes]:
    """Return the PEM of a certificate for NAME that only clients may show, and its key."""
    signer = serialization.load_pem_private_key(authority().private_key_pem.bytes(), None)
    issuer = x509.load_pem_x509_certificate(authority().cert_pem.bytes())
    own = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)]))
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - _DAY)
        .not_valid_after(now() + 9 * _DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), True)
    )
    certificate = builder.sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    pem = serialization.Encoding.PEM
    key_pem = own.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(pem), key_pem
