"""HTTP/1.1 for clients (RFC 9112): reading responses in any framing, composing request heads.

A state machine without I/O: bytes go in as they arrive, in pieces of any size; the body comes out
as ranges of those same bytes, so that nothing is copied. URLs are in url.py.
"""

# States of a reader, in the order in which they may follow each other.
_STATUS = 0
_FIELDS = 1
_SIZE = 2  # the line in front of a chunk
_COUNTED = 3  # body bytes of which `_left` are still to come
_CHUNK_END = 4
_TRAILER = 5
_UNTIL_CLOSE = 6
_DONE = 7

_MAX_LINE = 4096  # a longer field is skipped
_MAX_HEAD = 32768  # bytes of fields or trailers: who sends more never comes to an end
_TOKEN = b"!#$%&'*+-.^_`|~"  # beside letters and digits: what a field name may consist of
_KEPT = ("content-length", "transfer-encoding", "location", "content-type", "connection")


class Response:
    """Reads one response; `status` is 0 until the head is complete.

    `fields` keeps the few fields that clients act on, by name in lower case; `on_field(name,
    value)` is called for each one as it stands (bytes). `has_body` is False for answers to HEAD.
    `first` and `last` bound the body bytes that take() found.
    """

    def __init__(self, has_body=True, on_field=None):
        self.status = 0
        self.fields = {}
        self.length = None  # of the body, if the server told it
        self.first = 0
        self.last = 0
        self._has_body = has_body
        self._on_field = on_field
        self._state = _STATUS
        self._line = b""
        self._skips = False  # the rest of a line that is too long
        self._count = 0  # bytes of fields
        self._left = 0
        self._code = 0

    @property
    def in_body(self):
        """Whether the head is complete."""
        return self.status != 0

    @property
    def done(self):
        """Whether the response is complete; bytes behind it belong to the next one."""
        return self._state == _DONE

    def take(self, data, at, end):
        """Consume bytes of data[at:end] and return the place behind them.

        Stops at the end of a line, of a run of body bytes (now data[first:last]) and of the
        response. ValueError if this is not HTTP.
        """
        self.first = self.last = at
        if self._state == _UNTIL_CLOSE:
            self.last = end
            return end
        if self._state == _COUNTED:
            return self._take_counted(at, end)
        if self._state == _DONE:
            return at
        stop = at
        while stop < end and data[stop] != 0x0A:
            stop += 1
        if self._skips or len(self._line) + stop - at > _MAX_LINE:
            self._skip(stop - at)
            self._skips = stop == end
        elif stop == end:
            self._line += bytes(data[at:stop])
        else:
            line = self._line + bytes(data[at:stop])
            self._line = b""
            self._take_line(line[:-1] if line.endswith(b"\r") else line)
        self.first = self.last = stop if stop == end else stop + 1
        return self.last

    def _skip(self, size):
        """Drop a field that is too long to be kept; other lines have to be whole."""
        if self._state not in (_FIELDS, _TRAILER):
            raise ValueError("a line of the head is too long")
        self._count_bytes(len(self._line) + size)
        self._line = b""

    def end(self):
        """Note that the connection has ended; ValueError if that cuts the response off."""
        if self._state == _UNTIL_CLOSE:
            self._state = _DONE
        if self._state != _DONE:
            raise ValueError("the connection ended in the middle of the response")

    def _take_counted(self, at, end):
        size = min(end - at, self._left)
        self._left -= size
        if self._left == 0:
            self._state = _CHUNK_END if self.length is None else _DONE
        self.last = at + size
        return self.last

    def _take_line(self, line):
        if self._state == _STATUS:
            self._code = _status_code(line)
            self._state = _FIELDS
        elif self._state == _FIELDS:
            if line:
                self._count_bytes(len(line))
                self._take_field(line)
            else:
                self._take_head_end()
        elif self._state == _SIZE:
            self._left = _chunk_size(line)
            self._state = _COUNTED if self._left else _TRAILER
        elif self._state == _CHUNK_END:
            if line:
                raise ValueError("a chunk is longer than it says")
            self._state = _SIZE
        elif line:  # a trailer field
            self._count_bytes(len(line))
        else:
            self._state = _DONE

    def _count_bytes(self, size):
        self._count += size + 2
        if self._count > _MAX_HEAD:
            raise ValueError("the head does not end")

    def _take_field(self, line):
        colon = line.find(b":")
        name = line[:colon] if colon > 0 else b""
        if not name or any(c <= 0x20 or c >= 0x7F for c in name):
            raise ValueError("a field of the head has no name")
        value = line[colon + 1 :].strip()
        if self._on_field and (self._code >= 200 or self._code == 101):
            self._on_field(name, value)
        name = name.decode().lower()
        if name not in _KEPT:
            return
        try:
            text = value.decode()
        except UnicodeError:
            raise ValueError("a field of the head is not text")
        if name == "content-length" and self.fields.get(name, text) != text:
            raise ValueError("two lengths contradict each other")
        if name == "transfer-encoding" and name in self.fields:
            text = self.fields[name] + "," + text
        self.fields[name] = text

    def _take_head_end(self):
        if 100 <= self._code < 200 and self._code != 101:  # the real head is still to come
            self._state = _STATUS
            self._count_bytes(_MAX_HEAD // 100)  # nor may these go on without end
            self.fields.clear()
            return
        self.status = self._code
        coding = self.fields.get("transfer-encoding", "").lower()
        if not self._has_body or self._code in (101, 204, 304):
            if not coding and "content-length" in self.fields:
                self.length = self._told_length()
            self._state = _DONE
        elif coding:
            if coding != "chunked":
                raise ValueError("transfer coding %s is not supported" % coding)
            self._state = _SIZE
        else:
            self._take_length()
        self._count = 0

    def _take_length(self):
        if "content-length" not in self.fields:
            self._state = _UNTIL_CLOSE
            return
        self.length = self._left = self._told_length()
        self._state = _COUNTED if self._left else _DONE

    def _told_length(self):
        text = self.fields["content-length"]
        if not 1 <= len(text) <= 10 or not all("0" <= c <= "9" for c in text):
            raise ValueError("the length is no number")
        return int(text)


def _status_code(line):
    code = line[9:12]
    if (
        not line.startswith(b"HTTP/1.")
        or not line[7:8].isdigit()
        or line[8:9] != b" "
        or len(code) != 3
        or not all(0x30 <= c <= 0x39 for c in code)
        or code < b"100"
        or line[12:13] not in (b"", b" ")
    ):
        raise ValueError("this is no HTTP server")
    return int(code)


def _chunk_size(line):
    end = line.find(b";")
    digits = (line if end < 0 else line[:end]).strip()
    if not 1 <= len(digits) <= 8 or not all(c in b"0123456789abcdefABCDEF" for c in digits):
        raise ValueError("a chunk has no size")
    return int(digits, 16)


def request(method, host, target, fields=()):
    """Compose a request head; `host` is the Host field, `fields` are complete lines (bytes)."""
    return b"".join(list(head_pieces(method, host, (target,), fields)))


def head_pieces(method, host, target, fields):
    """Yield the same head in pieces; `target` is one, too long to be copied."""
    yield method.encode() + b" "
    for piece in target:
        yield piece
    yield b" HTTP/1.1\r\n"
    if not any(field_name(line) == b"host" for line in fields):
        yield b"Host: %s\r\n" % host.encode()
    for line in fields:
        yield line
        yield b"\r\n"
    yield b"\r\n"


def field_name(line):
    """Return the name of a field line (bytes) in lower case; ValueError if it is no such line."""
    colon = line.find(b":")
    if colon <= 0 or not all(_is_token(c) for c in line[:colon]):
        raise ValueError("a header has the form name: value")
    if any((c < 0x20 and c != 0x09) or c == 0x7F for c in line):
        raise ValueError("a header has no line ends or control characters")
    return line[:colon].lower()


def merge(fields, winners):
    """Return both lists of field lines as one; of fields with one name those of `winners` stay."""
    names = [field_name(line) for line in winners]
    return [line for line in fields if field_name(line) not in names] + list(winners)


def _is_token(c):
    return 0x61 <= c | 0x20 <= 0x7A or 0x30 <= c <= 0x39 or c in _TOKEN
