"""WPA2-Enterprise: gives the driver identity, passwords and certificates before it connects.

Imported when first needed. Certificates come from the manufacturing data, namespaces wpa2_ca,
wpa2_cert and wpa2_key (manual 6.8.1), with or without ".0" behind the key.
"""

import atchip

from at.errors import CHIP_ERRORS, LinkError, StoreError, is_memory

_TLS = 0
_CLIENT_CERTIFICATE = 1  # bits of `security`
_VERIFY_SERVER = 2

# Errors of AT+CWJEAP, manual 3.2.25, docs/enterprise-errors.md.
_NO_MEMORY = 0x8001
_SET_IDENTITY = 0x8005
_SET_USERNAME = 0x8006
_SET_PASSWORD = 0x8007
_CA_LENGTH = 0x8008  # empty; one more: it cannot be read
_SET_CA = 0x800A
_CERT_LENGTH = 0x800B
_KEY_LENGTH = 0x800D
_SET_CERT_KEY = 0x800F
_ENABLE = 0x8010


def configure(mfg, eap, emit):
    """Set the driver up for `eap`: [method, identity, user, password, security, ...], hex text.

    LinkError with the code of AT+CWJEAP for what the driver refuses.
    """
    try:
        _configure(mfg, eap, emit)
    except MemoryError:
        raise LinkError("out of memory for certificates", _NO_MEMORY)


def _configure(mfg, eap, emit):
    method, identity, username, password, security = eap[:5]
    atchip.eap_disable()  # forgets what was set before
    _set(_SET_IDENTITY, atchip.eap_identity, bytes.fromhex(identity))
    if username:
        _set(_SET_USERNAME, atchip.eap_username, bytes.fromhex(username))
    if password:
        _set(_SET_PASSWORD, atchip.eap_password, bytes.fromhex(password))
    if security & _VERIFY_SERVER:
        ca = _read(mfg, emit, "CA", _CA_LENGTH)
        _set(_SET_CA, atchip.eap_ca, ca)
    if method == _TLS or security & _CLIENT_CERTIFICATE:
        certificate = _read(mfg, emit, "CERT", _CERT_LENGTH)
        key = _read(mfg, emit, "PRVT_KEY", _KEY_LENGTH)
        _set(_SET_CERT_KEY, atchip.eap_certificate, certificate, key)
    _set(_ENABLE, atchip.eap_enable, method)


def _set(code, function, *args):
    try:
        function(*args)
    except CHIP_ERRORS as error:
        if is_memory(error):
            raise LinkError("out of memory", _NO_MEMORY)
        raise LinkError("the Wi-Fi driver refused: %s" % error, code)


def _read(mfg, emit, kind, code):
    name = "wpa2_key" if kind == "PRVT_KEY" else "wpa2_" + kind.lower()
    try:
        value = _value(mfg, name)
    except StoreError as error:
        emit("certificate_missing", kind)
        raise LinkError(error.reason, code + 1)
    if isinstance(value, int):
        raise LinkError("%s in the manufacturing data is a number" % name, code + 1)
    if not value:
        raise LinkError("%s in the manufacturing data is empty" % name, code)
    return value


def _value(mfg, name):
    """Return what the key, with or without ".0", holds. StoreError if there is none."""
    try:
        return mfg.get(name, name)[1]
    except StoreError:
        return mfg.get(name, name + ".0")[1]
