"""Sign firmware images, for modules that take no other (docs/security.md).

A signature is ECDSA on the curve P-256 over the image without its SHA-256, and stands behind that:
"ATSIGN1", the size in one byte, the signature in DER. firmware/at/wire/image.py reads it.
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tools.params import ParamsError

MAGIC = b"ATSIGN1"
_HASH = 32
_KIND = ec.ECDSA(Prehashed(hashes.SHA256()))


def size(image: bytes) -> int:
    """Return how many bytes an image has with its SHA-256; what follows is not of it."""
    try:
        at = 24
        for _ in range(image[1]):
            at += 8 + struct.unpack_from("<I", image, at + 4)[0]
        at += 16 - at % 16
        digest = hashlib.sha256(image[:at]).digest()
    except (IndexError, struct.error):
        raise ParamsError("this is no firmware image") from None
    if image[0] != 0xE9 or image[23] != 1 or image[at : at + _HASH] != digest:
        raise ParamsError("this is no firmware image with a good SHA-256")
    return at + _HASH


def sign(image: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the image with a signature behind it, in place of one that was there."""
    end = size(image)
    signature = key.sign(image[end - _HASH : end], _KIND)
    return image[:end] + MAGIC + bytes([len(signature)]) + signature


def is_signed(image: bytes, key: ec.EllipticCurvePublicKey) -> bool:
    """Tell whether the image carries a good signature."""
    end = size(image)
    behind = image[end:]
    if not behind.startswith(MAGIC) or len(behind) <= len(MAGIC):
        return False
    start = len(MAGIC) + 1
    try:
        signature = behind[start : start + behind[start - 1]]
        key.verify(signature, image[end - _HASH : end], _KIND)
    except InvalidSignature:
        return False
    return True


def new_key() -> bytes:
    """Return a new private key as PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_half(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half of a key as PEM."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _load(path: Path, *, private: bool) -> ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey:
    data = path.read_bytes()
    try:
        key = (
            serialization.load_pem_private_key(data, None)
            if private
            else serialization.load_pem_public_key(data)
        )
    except (ValueError, TypeError):
        key = None
    wanted = ec.EllipticCurvePrivateKey if private else ec.EllipticCurvePublicKey
    if not isinstance(key, wanted) or not isinstance(key.curve, ec.SECP256R1):
        half = "private" if private else "public"
        raise ParamsError(f"{path} is no {half} key on the curve P-256 in PEM")
    return key


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    path.touch(mode=mode)
    path.write_bytes(data)
    print(f"written: {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/sign.py", description="Sign firmware images; docs/security.md says what for."
    )
    acts = parser.add_subparsers(dest="act", required=True)
    act = acts.add_parser("new", help="make a key; keep it where no module is")
    act.add_argument("key", type=Path)
    act = acts.add_parser("public", help="write the public half, for ota_key of mfg_nvs")
    act.add_argument("key", type=Path)
    act.add_argument("output", type=Path)
    act = acts.add_parser("image", help="sign an image")
    act.add_argument("key", type=Path)
    act.add_argument("image", type=Path)
    act.add_argument("output", type=Path)
    act = acts.add_parser("verify", help="look whether an image is signed")
    act.add_argument("key", type=Path, help="the public half")
    act.add_argument("image", type=Path)
    return parser


def _run(given: argparse.Namespace) -> int:
    if given.act == "new":
        if given.key.exists():
            raise ParamsError(f"{given.key} is there already")
        _write(given.key, new_key(), 0o600)
        return 0
    key = _load(given.key, private=given.act != "verify")
    if isinstance(key, ec.EllipticCurvePublicKey):
        good = is_signed(given.image.read_bytes(), key)
        print("signed" if good else "not signed by this key")
        return 0 if good else 1
    if given.act == "public":
        _write(given.output, public_half(key))
    else:
        _write(given.output, sign(given.image.read_bytes(), key))
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the program; return its exit status."""
    try:
        return _run(_parser().parse_args(arguments))
    except (ParamsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
