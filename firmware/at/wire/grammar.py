"""The grammar of a command line: name, form and raw parameters (manual section 3.12).

Pure functions on bytes. What the parameters may be is bind.py's business.
"""

from at.errors import SUB_PARSE, NotAT, NotSupported, ParamError

TEST = 0  # AT+X=?
QUERY = 1  # AT+X?
SET = 2  # AT+X=...
RUN = 3  # AT+X

_QUOTE = 0x22
_COMMA = 0x2C
_BACKSLASH = 0x5C


def split_line(line):
    """Split a line without CR LF into (name, form, arguments).

    The name is what follows AT: "", "E0", "+CWMODE". Arguments are bytes for SET, else None.
    Raise NotAT if the line does not begin with AT in capitals.
    """
    if not line.startswith(b"AT"):
        raise NotAT("a command begins with AT")
    form = RUN
    arguments = None
    end = line.find(b"=")
    if end >= 0:
        arguments = line[end + 1 :]
        form = SET
        if arguments == b"?":
            form = TEST
            arguments = None
    elif line.endswith(b"?"):
        end = len(line) - 1
        form = QUERY
    else:
        end = len(line)
    try:
        name = str(line[2:end], "utf-8")
    except UnicodeError:
        raise NotSupported("a command name has no such bytes")
    return name, form, arguments


def split_arguments(text, is_bare=False):
    """Split the bytes after `=` into (tokens, quoted).

    A token is bytes (strings are unescaped, bare words stripped of spaces) or None if omitted;
    bit i of `quoted` says that token i stood in quotes. One comma at the end adds nothing.
    `is_bare` is the lexer of the second dialect: a comma in quotes needs no backslash there.
    Raise ParamError(SUB_PARSE) at a string without end or with text behind it.
    """
    if not text:
        return [], 0
    tokens = []
    quoted = 0
    at = 0
    size = len(text)
    while at <= size:
        while at < size and text[at] == 0x20:  # manuals in print put a space behind the comma
            at += 1
        if at < size and text[at] == _QUOTE:
            token, at = _string(text, at + 1, len(tokens), is_bare)
            quoted |= 1 << len(tokens)
        else:
            end = text.find(b",", at)
            if end < 0:
                end = size
            token = text[at:end].strip() or None
            at = end
        tokens.append(token)
        at += 1  # the comma
    if len(tokens) > 1 and tokens[-1] is None:
        tokens.pop()
    if tokens == [None]:
        tokens.pop()
    return tokens, quoted


def _string(text, start, index, is_bare):
    """Read the string that begins at `start`; return it unescaped and the place behind it."""
    end = text.find(b'"', start)
    if end >= 0 and text.find(b"\\", start, end) < 0:
        value = text[start:end]
        if b"," in value and not is_bare:
            raise ParamError(SUB_PARSE, index, "a comma in a string must be written \\,")
    else:
        value, end = _unescape(text, start, index, is_bare)
    end += 1
    while end < len(text) and text[end] == 0x20:
        end += 1
    if end < len(text) and text[end] != _COMMA:
        raise ParamError(SUB_PARSE, index, "only a comma may follow the quote that ends a string")
    return value, end


def _unescape(text, start, index, is_bare):
    value = bytearray()
    at = start
    size = len(text)
    while at < size:
        c = text[at]
        if c == _QUOTE:
            return bytes(value), at
        if c == _COMMA and not is_bare:
            raise ParamError(SUB_PARSE, index, "a comma in a string must be written \\,")
        if c == _BACKSLASH:
            at += 1
            if at == size:
                break
            c = text[at]
        value.append(c)
        at += 1
    raise ParamError(SUB_PARSE, index, "a string has no closing quote")
