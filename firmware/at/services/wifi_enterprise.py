"""WPA2-Enterprise: gives the driver identity, passwords and certificates before it connects.

Imported when first needed. Certificates come from the manufacturing data, namespaces wpa2_ca,
wpa2_cert and wpa2_key (manual 6.8.1), with or without ".0" behind the key.
"""

import atchip

from at.errors import LinkError, StoreError

_TLS = 0
_CLIENT_CERTIFICATE = 1  # bits of `security`
_VERIFY_SERVER = 2

# Errors of AT+CWJEAP, manual 3.2.25.
_SET_IDENTITY = 0x8005
_SET_USERNAME = 0x8006
_SET_PASSWORD = 0x8007
_READ_CA = 0x8009
_SET_CA = 0x800A
_READ_CERT = 0x800C
_READ_KEY = 0x800E
_SET_CERT_KEY = 0x800F
_ENABLE = 0x8010


def configure(mfg, eap, emit):
    """Set the driver up for `eap`: [method, identity, user name, password, security], hex text.

    LinkError with the code of AT+CWJEAP for what the driver refuses.
    """
    method, identity, username, password, security = eap
    atchip.eap_disable()  # forgets what was set before
    _set(_SET_IDENTITY, atchip.eap_identity, bytes.fromhex(identity))
    if username:
        _set(_SET_USERNAME, atchip.eap_username, bytes.fromhex(username))
    if password:
        _set(_SET_PASSWORD, atchip.eap_password, bytes.fromhex(password))
    if security & _VERIFY_SERVER:
        ca = _read(mfg, emit, "CA", _READ_CA)
        _set(_SET_CA, atchip.eap_ca, ca)
    if method == _TLS or security & _CLIENT_CERTIFICATE:
        certificate = _read(mfg, emit, "CERT", _READ_CERT)
        key = _read(mfg, emit, "PRVT_KEY", _READ_KEY)
        _set(_SET_CERT_KEY, atchip.eap_certificate, certificate, key)
    _set(_ENABLE, atchip.eap_enable, method)


def _set(code, function, *args):
    try:
        function(*args)
    except OSError as error:
        raise LinkError("the Wi-Fi driver refused: %s" % error, code)


def _read(mfg, emit, kind, code):
    name = "wpa2_key" if kind == "PRVT_KEY" else "wpa2_" + kind.lower()
    for key in (name, name + ".0"):
        try:
            return mfg.get(name, key)[1]
        except StoreError:
            continue
    emit("certificate_missing", kind)
    raise LinkError("no %s in the manufacturing data" % name, code)
