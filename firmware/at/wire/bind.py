"""Bind the tokens of a command line to its declared parameters, and describe those for AT+X=?.

A declaration is a tuple of parameters, each a tuple (kind, name, ...); the field after those that
the kind needs is the default and makes the parameter optional, None meaning "left out":
    ("int", name, low, high)      decimal or 0x, with a sign or not; low <= value <= high
    ("str", name, low, high)      in quotes; length in bytes after unescaping
    ("pick", name, (values))      one of the integers, or of the strings in any case
    ("ip", name)                  IPv4 in quotes, dotted
    ("mac", name)                 in quotes, six hex pairs with colons
    ("link", name, low, high)     an int that is there only while AT+CIPMUX=1
    ("by", name, ((value, (parameters)), ...))   a pick whose value says what follows; always last
    ("each", name, low, high, None)   strings as "str", as many as the line holds; always last
Handlers get the values in this order: int, str for text of printable kinds, bytes for "str".
"""

from at.errors import SUB_COUNT, SUB_INVALID, SUB_LENGTH, SUB_TYPE, ParamError

_NEEDS = {"int": 4, "str": 4, "pick": 3, "ip": 2, "mac": 2, "link": 4, "by": 3, "each": 4}


def bind(params, tokens, quoted, mux, is_bare=False):
    """Return the list of values for a handler.

    `mux` says whether "link" parameters are there (else they bind to 0 without a token),
    `is_bare` whether strings may lack their quotes.
    Raise ParamError with the sub-code and extension of manual section 3.1.24.
    """
    values = []
    index = 0
    while True:
        for param in params:
            kind = param[0]
            if kind == "link" and not mux:
                values.append(0)
                continue
            if kind == "each":
                _bind_rest(values, param, tokens, quoted, index, is_bare)
                return values
            token = tokens[index] if index < len(tokens) else None
            if token is None:
                value = _omitted(param, index, tokens, params, mux)
            else:
                value = _convert(param, token, quoted >> index & 1, index, is_bare)
            values.append(value)
            index += 1
            if kind == "by":
                params = _branch(param, value)
                break  # the tail depends on what was just read
        else:
            break
    if index < len(tokens):
        raise ParamError(SUB_COUNT, index << 8 | len(tokens), "too many parameters")
    return values


def _bind_rest(values, param, tokens, quoted, first, is_bare):
    for index in range(first, len(tokens)):
        token = tokens[index]
        if token is not None:
            token = _convert(param, token, quoted >> index & 1, index, is_bare)
        values.append(token)


def _branch(param, value):
    for pick, tail in param[2]:
        if pick == value:
            return tail
    return ()


def default_of(param):
    """Return (is_optional, default) of a parameter."""
    needs = _NEEDS[param[0]]
    if len(param) > needs:
        return True, param[needs]
    return False, None


def _omitted(param, index, tokens, params, mux):
    optional, value = default_of(param)
    if optional:
        return value
    if index < len(tokens):
        raise ParamError(SUB_INVALID, index, param[1] + " must be given")
    need = index
    for later in params[params.index(param) :]:
        if not default_of(later)[0] and (mux or later[0] != "link"):
            need += 1
    raise ParamError(SUB_COUNT, need << 8 | len(tokens), param[1] + " is missing")


def demand(params, values, first):
    """Refuse None among values that can only be left out together; `first` is the index of one."""
    for i, value in enumerate(values):
        if value is None:
            name = params[i][1]
            if any(later is not None for later in values[i:]):
                raise ParamError(SUB_INVALID, first + i, name + " must be given")
            count = first + len(values) << 8 | first + i
            raise ParamError(SUB_COUNT, count, name + " is missing")


def _convert(param, token, is_quoted, index, is_bare):
    kind = param[0]
    if kind == "int" or kind == "link":
        value = _integer(param[1], token, is_quoted, index)
        if not param[2] <= value <= param[3]:
            raise ParamError(
                SUB_INVALID, index, "%s must be %d to %d" % (param[1], param[2], param[3])
            )
        return value
    if kind == "pick" or kind == "by":
        return _pick(param, token, is_quoted, index, is_bare)
    if not (is_quoted or is_bare):
        raise ParamError(SUB_TYPE, index, param[1] + " must stand in quotes")
    if kind == "str" or kind == "each":
        if not param[2] <= len(token) <= param[3]:
            raise ParamError(
                SUB_LENGTH,
                index,
                "%s must be %d to %d bytes long" % (param[1], param[2], param[3]),
            )
        return token
    value = parse_ip(token) if kind == "ip" else parse_mac(token)
    if value is None:
        raise ParamError(SUB_INVALID, index, param[1] + " is not an address")
    return value


def _pick(param, token, is_quoted, index, is_bare):
    choices = param[2]
    if param[0] == "by":
        choices = [choice[0] for choice in choices]
    if isinstance(choices[0], int):
        value = _integer(param[1], token, is_quoted, index)
    elif is_quoted or is_bare:
        value = _word_of(token, choices)
    else:
        raise ParamError(SUB_TYPE, index, param[1] + " must stand in quotes")
    if value not in choices:
        raise ParamError(SUB_INVALID, index, "%s must be %s" % (param[1], _either(choices)))
    return value


def _either(choices):
    words = [str(choice) for choice in choices]
    last = words.pop()
    return "%s or %s" % (", ".join(words), last) if words else last


def _word_of(token, choices):
    """Return the choice that a token means, or None: client libraries write types in any case."""
    try:
        text = token.decode()
    except UnicodeError:
        return None
    if text in choices:
        return text
    if len(text) == len(token):  # of ASCII alone
        text = text.lower()
        for word in choices:
            if word.lower() == text:
                return word
    return None


def _integer(name, token, is_quoted, index):
    if is_quoted:
        raise ParamError(SUB_TYPE, index, name + " must be a number without quotes")
    if token.isdigit():
        return int(token)
    digits = token[1:] if token[0] in (0x2D, 0x2B) else token  # a minus or a plus
    base = 10
    if digits[:2] in (b"0x", b"0X"):
        digits = digits[2:]
        base = 16
    if not digits or not all(_is_digit(c, base) for c in digits):
        raise ParamError(SUB_TYPE, index, name + " must be a number")
    value = int(digits, base)
    return -value if token[0] == 0x2D else value


def _is_digit(c, base):
    return 0x30 <= c <= 0x39 or (base == 16 and 0x61 <= c | 0x20 <= 0x66)


def parse_ip(text):
    """Return a dotted IPv4 address (bytes) as str in canonical form, or None."""
    parts = text.split(b".")
    if len(parts) != 4:
        return None
    for part in parts:
        if not 1 <= len(part) <= 3 or not part.isdigit() or int(part) > 255:
            return None
    return ".".join([str(int(part)) for part in parts])


def parse_mac(text):
    """Return a MAC address with colons (bytes) in lower case as str, or None."""
    parts = text.split(b":")
    if len(parts) != 6:
        return None
    for part in parts:
        if len(part) != 2 or not all(_is_digit(c, 16) for c in part):
            return None
    return text.decode().lower()


def describe(params):
    """Yield what AT+X=? shows behind `+X:`, one text for each variant of the parameters."""
    head = []
    for param in params:
        if param[0] == "by":
            for value, tail in param[2]:
                shown = "(%s)" % _show(value)
                for rest in describe(tail):
                    yield ",".join(head + [shown, rest] if rest else head + [shown])
            return
        head.append(_describe_one(param))
    yield ",".join(head)


def _describe_one(param):
    kind = param[0]
    if kind == "int" or kind == "link":
        low, high = param[2], param[3]
        if low == high:
            return "(%d)" % low
        return ("(%d,%d)" if high - low == 1 else "(%d-%d)") % (low, high)
    if kind == "pick":
        return "(%s)" % ",".join([_show(value) for value in param[2]])
    if kind == "str" or kind == "each":
        return '"%s"(%d)' % (param[1], param[3]) + (",..." if kind == "each" else "")
    return '"%s"' % param[1]


def _show(value):
    return '"%s"' % value if isinstance(value, str) else str(value)
