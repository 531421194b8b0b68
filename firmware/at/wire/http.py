"""The reading side of an HTTP/1.1 client (RFC 9112): status line, fields, body in any framing.

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

_MAX_LINE = 4096
_MAX_FIELDS = 100  # lines of fields or trailers
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
        self._count = 0
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
        if len(self._line) + stop - at > _MAX_LINE:
            raise ValueError("a line of the head is too long")
        piece = bytes(data[at:stop])
        if stop == end:
            self._line += piece
            at = stop
        else:
            line = self._line + piece
            self._line = b""
            self._take_line(line[:-1] if line.endswith(b"\r") else line)
            at = stop + 1
        self.first = self.last = at
        return at

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
                self._count_line()
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
            self._count_line()
        else:
            self._state = _DONE

    def _count_line(self):
        self._count += 1
        if self._count > _MAX_FIELDS:
            raise ValueError("the head has too many fields")

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
            self.fields.clear()
            return
        self.status = self._code
        coding = self.fields.get("transfer-encoding", "").lower()
        if not self._has_body or self._code in (101, 204, 304):
            self._state = _DONE
        elif coding:
            if coding != "chunked":
                raise ValueError("transfer coding %s is not supported" % coding)
            self._state = _SIZE
        else:
            self._take_length()
        self._count = 0

    def _take_length(self):
        text = self.fields.get("content-length")
        if text is None:
            self._state = _UNTIL_CLOSE
            return
        if not 1 <= len(text) <= 10 or not all("0" <= c <= "9" for c in text):
            raise ValueError("the length is no number")
        self.length = self._left = int(text)
        self._state = _COUNTED if self._left else _DONE


def _status_code(line):
    code = line[9:12]
    if (
        not line.startswith(b"HTTP/1.")
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
    head = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (method.encode(), target, host.encode())
    return head + b"".join([line + b"\r\n" for line in fields]) + b"\r\n"
