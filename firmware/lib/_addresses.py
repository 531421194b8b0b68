"""Addresses of the `socket` interface: names, numbers, and groups as setsockopt() packs them."""

import struct

import atnet

NONAME = -2  # EAI_NONAME
_resolver = [None]


def set_resolver(function):
    """Set who knows names: function (host, family 0, 4 or 6) -> list of (family, address).

    Addresses are numeric, the best first; OSError if the name is not known.
    """
    _resolver[0] = function


def lookup(host, family):
    """Return (family, address) pairs for a name or a numeric address; family 0 is either."""
    if not host:
        return [(family or 4, "")]
    known = atnet.address(host)
    if known:
        return [known]
    found = _resolver[0](host, family) if _resolver[0] else None
    if not found:
        raise OSError(NONAME, "name not known")
    return found


def numeric(address, family):
    """Return (numeric host, port) of an address; a host without name is "", any."""
    host, port = address[0], address[1]
    if not host:
        return "", port
    for found, text in lookup(host, family):
        if found == family or found == 4:
            return text, port
    raise OSError(NONAME, "no address of this family")


def group_v4(packed):
    """Return group and interface of an ip_mreq."""
    group = ".".join(str(byte) for byte in packed[:4])
    interface = ".".join(str(byte) for byte in packed[4:8])
    return group, "" if interface == "0.0.0.0" else interface


def group_v6(packed):
    """Return the group of an ipv6_mreq, with its interface behind a %."""
    words = struct.unpack(">8H", packed[:16])
    zone = struct.unpack("I", packed[16:20])[0] if len(packed) >= 20 else 0
    group = ":".join("%x" % word for word in words)
    return "%s%%%d" % (group, zone) if zone else group
