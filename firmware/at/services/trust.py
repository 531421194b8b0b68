"""What a product may demand of updates, and of visitors of the page (docs/security.md).

All of it is off unless manufacturing data asks for it: `ota_key` (a public key: images must be
signed), and among the factory parameters `no_downgrade` and `web_password`. Data that cannot
be read is a StoreError: it must not look as if nothing were asked for.
"""

import binascii
import hashlib
import os

import atchip

import atnet
from at.errors import Absent, StateError, StoreError

ROUNDS = 1000  # of the password's hash: 50 ms of the chip
_SALT_BYTES = 8
_PARAMETERS = "factory_param"
_KEY = "ota_key"


class Trust:
    """Answers from manufacturing data and from what AT+WEBPASSWORD keeps."""

    def __init__(self, mfg, settings):
        self._mfg = mfg
        self._settings = settings

    def _get(self, space, key):
        try:
            return self._mfg.get(space, key)[1]
        except Absent:
            return None

    # Updates.

    def signer(self):
        """Return the public key that images must be signed with, or None."""
        key = self._get(_KEY, _KEY)
        if key is not None and key[:5] == b"-----":
            key += b"\0"  # Mbed TLS wants a PEM's NUL
        return key

    def oldest(self):
        """Return the version (text) that an image must have at least, or None."""
        return atchip.versions()[1] if self._get(_PARAMETERS, "no_downgrade") else None

    def check(self, image):
        """Raise ValueError unless a whole image (wire.image.Image) is signed as it must be."""
        key = self.signer()
        if key is None:
            return
        if not image.signature:
            raise ValueError("the image is not signed")
        try:
            is_good = atnet.verify(key, image.digest, image.signature)
        except ValueError:
            raise StoreError("ota_key in mfg_nvs is no public key on the curve P-256")
        if not is_good:
            raise ValueError("the image's signature is wrong")

    # The page.

    def set_password(self, password):
        """Demand a password (bytes) of visitors; b"" goes back to the factory's."""
        text = ""
        if password:
            salt = os.urandom(_SALT_BYTES)
            text = _hex(salt) + _hex(atnet.stretch(password, salt, ROUNDS))
        self._settings.put("web_password", text)

    def _hash(self):
        text = self._settings.get("web_password")
        if not text:
            kept = self._get(_PARAMETERS, "web_password")
            text = str(kept, "utf-8") if kept else ""
        return text

    def has_password(self):
        """Tell whether visitors need a password."""
        return bool(self._hash())

    def seal(self, field):
        """Return a hash of what somebody showed and of the password in force."""
        return hashlib.sha256((field + self._hash()).encode()).digest()

    def is_password(self, password):
        """Tell whether this is the password; it takes a while."""
        text = self._hash()
        try:
            raw = binascii.unhexlify(text)
        except ValueError:
            raise StateError("web_password in mfg_nvs is none of tools/factory.py")
        found = atnet.stretch(password, raw[:_SALT_BYTES], ROUNDS)
        # Of sums, so that time tells nothing of how much is right.
        return hashlib.sha256(found).digest() == hashlib.sha256(raw[_SALT_BYTES:]).digest()


def _hex(data):
    return binascii.hexlify(data).decode()


def create(at):
    """Build the service from those it stands on."""
    return Trust(at.mfg, at.settings)
