"""DNS messages (RFC 1035, RFC 3596): a query for an address, its answer, and answers of our own.

Pure functions on bytes. Names travel here in wire form, in lower case: `pack_name` makes them.
Who is asked, how often and how long is the business of services/names.py.
"""

import struct

from at.wire.address import unpack

A = 1
AAAA = 28
_CNAME = 5
_IN = 1

# What an answer says.
FOUND = 0  # the value is the address as text
ALIAS = 1  # the value is another name, to be asked for
EMPTY = 2  # the name has no address of this kind
UNKNOWN = 3  # there is no such name
FAILED = 4  # this server cannot tell; another may

_MAX_NAME = 255
_MAX_LABEL = 63
_HEAD = 12
_RCODE_NO_NAME = 3
_REFUSED = (FAILED, None, 0)


def pack_name(host):
    """Return a host name (str) in wire form; ValueError if DNS cannot carry it."""
    raw = bytearray()
    if host.endswith("."):
        host = host[:-1]
    for part in host.split("."):
        label = part.lower().encode()
        if not 1 <= len(label) <= _MAX_LABEL:
            raise ValueError("each part of a name has 1 to 63 bytes")
        raw.append(len(label))
        raw.extend(label)
    raw.append(0)
    if len(raw) > _MAX_NAME:
        raise ValueError("a name has at most 253 bytes")
    return bytes(raw)


def query(ident, name, kind):
    """Compose a query; `ident` is 16 bits, `name` in wire form, `kind` A or AAAA."""
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + name + struct.pack(">2H", kind, _IN)


def answer(packet, ident, name, kind, found=None):
    """Read the answer to query(ident, name, kind): (what it says, value, seconds to keep it).

    `found`, if given, is a list that gets all the addresses that the answer has.

    ValueError if it is no answer to this query or is damaged: better wait for another one.
    """
    if len(packet) < _HEAD:
        raise ValueError("shorter than a head")
    got, flags, questions, answers, _, _ = struct.unpack(">6H", packet[:_HEAD])
    if got != ident or not flags & 0x8000 or flags & 0x7800:
        raise ValueError("not the answer to this query")
    rcode = flags & 0x0F
    # Without the question anybody who guesses 16 bits could speak for the server. The few that
    # leave it out when they refuse are passed over like those that are silent.
    asked, at = _name(packet, _HEAD)
    if questions != 1 or asked != name or packet[at : at + 4] != struct.pack(">2H", kind, _IN):
        raise ValueError("not the question that was asked")
    if flags & 0x0200 or rcode not in (0, _RCODE_NO_NAME):  # cut off, or it has its reasons
        return _REFUSED
    records = _records(packet, at + 4, answers)
    if rcode:
        return UNKNOWN, None, 0
    return _follow(packet, records, name, kind, found)


def _records(packet, at, count):
    """Return the records of the answer section as (owner, type, start, size, seconds)."""
    records = []
    for _ in range(count):
        owner, at = _name(packet, at)
        if at + 10 > len(packet):
            raise ValueError("cut off in a record")
        kind, net, ttl, size = struct.unpack(">2HIH", packet[at : at + 10])
        at += 10
        if at + size > len(packet):
            raise ValueError("cut off in a record")
        if net == _IN and kind in (A, AAAA, _CNAME):
            records.append((owner, kind, at, size, ttl))
        at += size
    return records


def _follow(packet, records, name, kind, everything):
    """Walk from the name over its aliases to an address; each step uses up a record."""
    keep_s = 0x7FFFFFFF
    wanted = name
    for _ in range(len(records)):
        alias = None
        for owner, found, start, size, ttl in records:
            if owner != wanted:
                continue
            keep_s = min(keep_s, ttl if ttl < 0x80000000 else 0)
            if found == kind:
                if size != (4 if kind == A else 16):
                    raise ValueError("an address of a wrong size")
                if everything is not None:
                    everything.extend(_all_of(packet, records, owner, kind, size))
                return FOUND, unpack(packet[start : start + size]), keep_s
            if found == _CNAME:
                alias = _name(packet, start)[0]
                break
        if alias is None:
            break
        wanted = alias
    return (EMPTY, None, 0) if wanted == name else (ALIAS, wanted, 0)


def _all_of(packet, records, name, kind, size):
    return [
        unpack(packet[start : start + size])
        for owner, found, start, length, _ in records
        if owner == name and found == kind and length == size
    ]


def _name(packet, at):
    """Read a name: (wire form in lower case, place behind it). Pointers only lead backwards."""
    name = bytearray()
    end = 0  # behind the first pointer
    floor = at
    while True:
        if at >= len(packet):
            raise ValueError("cut off in a name")
        size = packet[at]
        if size >= 0xC0:
            if at + 1 >= len(packet):
                raise ValueError("cut off in a name")
            target = (size & 0x3F) << 8 | packet[at + 1]
            if target >= floor:
                raise ValueError("a name points forwards")
            end = end or at + 2
            at = floor = target
            continue
        if size > _MAX_LABEL:
            raise ValueError("a label of an unknown kind")
        label = packet[at : at + size + 1]
        at += size + 1
        name.extend(bytes(label).lower())
        if len(label) <= size or len(name) > _MAX_NAME:
            raise ValueError("a name is cut off or too long")
        if size == 0:
            return bytes(name), end or at


def question(packet):
    """Read a query of a client: (name in wire form, kind, place behind it); ValueError if none."""
    if len(packet) < _HEAD:
        raise ValueError("shorter than a head")
    _, flags, questions, _, _, _ = struct.unpack(">6H", packet[:_HEAD])
    if flags & 0xF800 or questions != 1:
        raise ValueError("not a plain query")
    name, at = _name(packet, _HEAD)
    if at + 4 > len(packet):
        raise ValueError("cut off in the question")
    kind, net = struct.unpack(">2H", packet[at : at + 4])
    if net != _IN:
        raise ValueError("not a question about the internet")
    return name, kind, at + 4


def reply(packet, raw, ttl_s):
    """Answer a query with one address (4 or 16 bytes), or with none for another kind."""
    _, kind, end = question(packet)
    fits = kind == (A if len(raw) == 4 else AAAA)
    flags = 0x8480 | packet[2] << 8 & 0x0100  # answer, authoritative, recursion as asked for
    head = packet[:2] + struct.pack(">5H", flags, 1, 1 if fits else 0, 0, 0)
    body = bytes(head) + bytes(packet[_HEAD:end])
    if fits:
        body += struct.pack(">3HIH", 0xC000 | _HEAD, kind, _IN, ttl_s, len(raw)) + raw
    return body
