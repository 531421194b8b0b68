"""The certificates and keys: where each lies, what is in it, whether they belong together."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tools.params import ParamsError
from tools.params.nvs import Content, Value

OWNERS = ("client", "server", "mqtt", "wpa2", "https", "wss")
SPACES = tuple(f"{owner}_{part}" for owner in OWNERS for part in ("ca", "cert", "key"))
_SLOT = re.compile(r"(\w+?)(?:\.(\d{1,2}))?")
_MOST_BYTES = 4000  # of a value that the firmware reads at once


def slot(name: str) -> tuple[str, str]:
    """Return namespace and key of a slot such as client_cert.0 or mqtt_ca."""
    found = _SLOT.fullmatch(name)
    if not found or found[1] not in SPACES:
        raise ParamsError(f"there is no slot {name!r}; there are {', '.join(SPACES)}, with .0 ...")
    return found[1], name


def load(name: str, path: Path) -> Value:
    """Return the content of a PEM file for a slot; ParamsError unless it is what belongs there."""
    space, _ = slot(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ParamsError(f"cannot read {path}: {error}") from error
    if len(data) > _MOST_BYTES:
        raise ParamsError(f"{path} has {len(data)} bytes, a slot takes {_MOST_BYTES}")
    if describe(space, data) is None:
        what = "private key" if space.endswith("_key") else "certificate"
        raise ParamsError(f"{path} is no {what} in PEM")
    return Value("blob", data)


def _key(data: bytes):  # type: ignore[no-untyped-def]
    try:
        return serialization.load_pem_private_key(data.rstrip(b"\0"), None)
    except (ValueError, TypeError):  # a password is asked for
        return None


def _certificates(data: bytes) -> list[x509.Certificate]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd serial numbers are not ours to judge
            return x509.load_pem_x509_certificates(data.rstrip(b"\0"))
    except ValueError:
        return []


def describe(space: str, data: bytes) -> str | None:
    """Return what a slot holds in a few words, None if it is not what belongs there."""
    if space.endswith("_key"):
        key = _key(data)
        return f"{type(key).__name__.strip('_')} of {key.key_size} bits" if key else None
    found = _certificates(data)
    if not found:
        return None
    first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    subject = first.subject.rfc4514_string() or "no subject"
    return f"{subject}, until {first.not_valid_after_utc:%Y-%m-%d}{more}"


def check(content: Content) -> list[str]:
    """Return what does not go together: keys and certificates that are not a pair."""
    odd = []
    for owner in OWNERS:
        certificates = content.get(f"{owner}_cert", {})
        keys = content.get(f"{owner}_key", {})
        for name, value in certificates.items():
            partner = name.replace("_cert", "_key")
            if partner not in keys:
                odd.append(f"{name} has no {partner}")
            elif not _is_pair(_blob(value), _blob(keys[partner])):
                odd.append(f"{name} and {partner} are not a pair")
    return odd


def _blob(value: Value) -> bytes:
    return value.value if isinstance(value.value, bytes) else b""


def _is_pair(certificate: bytes, key: bytes) -> bool:
    found, private = _certificates(certificate), _key(key)
    if not found or private is None:
        return False
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return bool(
        found[0].public_key().public_bytes(*form) == private.public_key().public_bytes(*form)
    )
