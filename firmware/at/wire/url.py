"""Web addresses (RFC 3986, the part that HTTP clients need): taking apart and following.

Pure functions; a URL is bytes as it came, its host is str.
"""

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_MAX_HOST = 253


def split(url):
    """Return (scheme, host, port, target) of an absolute URL; ValueError says what is wrong.

    The target begins with / and keeps the query; a fragment is dropped. IPv6 hosts lose their
    brackets.
    """
    _need_visible(url)
    mark = url.find(b"://")
    scheme = _text(url[:mark]).lower() if mark > 0 else ""
    if scheme not in _PORTS:
        raise ValueError("a URL begins with http:// or https://")
    end = _end_of_authority(url, mark + 3)
    host, port = _authority(_text(url[mark + 3 : end]), _PORTS[scheme])
    cut = url.find(b"#", end)
    target = url[end : cut if cut >= 0 else len(url)]  # the only long copy
    return scheme, host, port, target if target.startswith(b"/") else b"/" + target


def split_pieces(pieces):
    """Do the same with a URL in pieces, the first of which has all of the host.

    The target is a list of pieces. Only the first piece is copied.
    """
    if not pieces:
        raise ValueError("there is no URL")
    scheme, host, port, target = split(bytes(pieces[0]))
    rest = [target]
    has_fragment = b"#" in pieces[0]
    for piece in pieces[1:]:
        _need_visible(piece)
        cut = -1 if has_fragment else bytes(piece).find(b"#")
        if cut >= 0:
            rest.append(piece[:cut])
            has_fragment = True
        elif not has_fragment:
            rest.append(piece)
    return scheme, host, port, rest


def join(url, location):
    """Return the URL that a Location field (bytes) means, seen from `url`."""
    if location.find(b"://") > 0:
        return location
    start = url.find(b"://") + 3
    if location.startswith(b"//"):
        return url[: start - 2] + location
    target = split(url)[3]
    origin = url[: _end_of_authority(url, start)]
    if location.startswith(b"/"):
        return origin + _without_dots(location)
    path = target[: _end_of_path(target)]
    if location.startswith(b"?"):
        return origin + path + location
    if not location:
        return origin + target
    return origin + _without_dots(path[: path.rfind(b"/") + 1] + location)


def host_field(scheme, host, port):
    """Return what stands in the Host field."""
    name = "[%s]" % host if ":" in host else host
    return name if port == _PORTS[scheme] else "%s:%d" % (name, port)


def _need_visible(url):
    if any(c <= 0x20 or c == 0x7F for c in url):
        raise ValueError("a URL has no spaces or control characters")


def _text(raw):
    try:
        return raw.decode()
    except UnicodeError:
        raise ValueError("a URL's host is not text")


def _end_of_authority(url, start):
    for i in range(start, len(url)):
        if url[i] in b"/?#":
            return i
    return len(url)


def _end_of_path(target):
    end = target.find(b"?")
    return len(target) if end < 0 else end


def _authority(text, port):
    if "@" in text:
        raise ValueError("a user name in a URL is not supported")
    if text.startswith("["):
        end = text.find("]")
        host, rest = text[1:end], text[end + 1 :]
        if end < 0 or ":" not in host or (rest and not rest.startswith(":")):
            raise ValueError("a URL's IPv6 address stands in brackets")
    else:
        colon = text.find(":")
        host, rest = (text, "") if colon < 0 else (text[:colon], text[colon:])
    if not 1 <= len(host) <= _MAX_HOST:
        raise ValueError("a URL's host has 1 to 253 bytes")
    digits = rest[1:]
    if digits:
        if len(digits) > 5 or not all("0" <= c <= "9" for c in digits):
            raise ValueError("a URL's port is 1 to 65535")
        port = int(digits)
        if not 1 <= port <= 65535:
            raise ValueError("a URL's port is 1 to 65535")
    return host, port


def _without_dots(path):
    """Resolve the segments . and .. of a path (RFC 3986 section 5.2.4); the query stays."""
    end = _end_of_path(path)
    done = []
    parts = path[1:end].split(b"/")
    for i in range(len(parts)):
        part = parts[i]
        if part == b"..":
            if done:
                done.pop()
        elif part != b".":
            done.append(part)
            continue
        if i == len(parts) - 1:
            done.append(b"")
    return b"/" + b"/".join(done) + path[end:]
