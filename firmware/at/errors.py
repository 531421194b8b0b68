"""The errors a command can end with, and the ERR CODE of each.

Owns: the exception tree and its numbers. Services and handlers raise; only the session turns an
exception into text. Nothing of `at` is imported here.

    ATError                 execution failed                    0x0A, extension as raised
      ParamError            a parameter is wrong                0x04 to 0x08, extension: which one
      NotAT                 the line does not begin with AT     0x03
      NotSupported          no such command                     0x09
      WrongForm             the command lacks this form         0x0C
      StateError            not possible in the present state   0x0A
      LinkError             a peer or the network failed        0x0A
      Aborted               the host gave the command up        0x0A, extension 0x4AB0
      StoreError            flash refused or lost something     0x0A
        Absent              it holds nothing of the kind
"""

# What MicroPython raises for an error of ESP-IDF: check_esp_err() the first; `network` the second,
# for errors that it has no words for, as ESP_ERR_NO_MEM (ports/esp32/network_common.c).
CHIP_ERRORS = (OSError, RuntimeError)
ANY_TROUBLE = (OSError, RuntimeError, MemoryError)  # that something goes on in spite of
_ENOMEM = 12
_NO_MEMORY = "0x0101"
_SHORT = "out of memory"  # the reason of an ATError that says so

# Subcategories of ERR CODE, manual section 3.1.24.
SUB_NO_AT = 0x03
SUB_LENGTH = 0x04
SUB_TYPE = 0x05
SUB_COUNT = 0x06
SUB_INVALID = 0x07
SUB_PARSE = 0x08
SUB_UNSUPPORTED = 0x09
SUB_EXEC = 0x0A
SUB_BUSY = 0x0B
SUB_FORM = 0x0C
_ABORTED = 0x4AB0  # extension


class ATError(Exception):
    """End a command with ERROR; `reason` is for people, `ext` the 16-bit extension."""

    sub = SUB_EXEC

    def __init__(self, reason, ext=0):
        super().__init__(reason)
        self.reason = reason
        self.ext = ext

    def code(self):
        """Return the 32-bit number behind `ERR CODE:` (category 0x01)."""
        return error_code(self.sub, self.ext)


# What may go wrong with a connection or a task. A constant, because a tuple that stands in an
# except clause is made when something goes wrong, and there may be no memory for it.
FAILURES = (ATError, OSError, MemoryError)


class Abandoned(ATError):
    """The host announced a payload and does not send it."""

    def __init__(self):
        super().__init__("the payload is shorter than announced")


class Aborted(ATError):
    """The host gave the command up by AT+ABORT."""

    def __init__(self):
        super().__init__("given up by AT+ABORT", _ABORTED)


class ParamError(ATError):
    """Refuse a parameter. `ext` is its index from 0, or expected << 8 | given for a count."""

    def __init__(self, sub, ext, reason):
        super().__init__(reason, ext)
        self.sub = sub


class NotAT(ATError):
    """The line does not begin with AT, or is too long to be one."""

    sub = SUB_NO_AT


class NotSupported(ATError):
    """There is no such command."""

    sub = SUB_UNSUPPORTED


class WrongForm(ATError):
    """The command exists, but not in this form."""

    sub = SUB_FORM


class StateError(ATError):
    """The command cannot be done as things stand."""


class LinkError(ATError):
    """A peer or the network failed."""


class StoreError(ATError):
    """Flash refused, or holds nothing of the kind."""


class Absent(StoreError):
    """Flash works, and holds nothing of the kind: what is unreadable must not count as absent."""


def error_code(sub, ext=0):
    """Compose an ERR CODE from a subcategory and an extension."""
    return 0x01000000 | sub << 16 | ext & 0xFFFF


def invalid(index, reason):
    """Make the error for a parameter whose value a handler refuses, `index` counted from 0."""
    return ParamError(SUB_INVALID, index, reason)


def is_memory(error):
    """Tell whether an error says that memory is short, Python's or the chip's.

    Any error does for which there was no memory: while a MemoryError is on its way, another that
    is raised and caught makes it one of its own kind.
    """
    import atcore  # here: the PC's tools take the errors from this file as well

    if isinstance(error, MemoryError) or atcore.is_spare(error):
        return True
    what = error.args[0] if error.args else None
    if isinstance(what, str):
        return what == _SHORT or _NO_MEMORY in what
    return what == _ENOMEM  # `in` a tuple would take memory


def refused(what, error):
    """Make the error for a call of the chip that raised one of CHIP_ERRORS; `what` says which."""
    return StateError(_SHORT if is_memory(error) else "%s: %s" % (what, error))


def expected(error):
    """Return the ATError that a command ends with for what came out of its handler."""
    if isinstance(error, ATError):
        return error
    if isinstance(error, OSError) or is_memory(error):
        return refused("the chip refused", error)
    return ATError("internal: %r" % error)


def text_of(value, index):
    """Return a string parameter as str; it is parameter `index`, counted from 0."""
    try:
        return str(value, "utf-8")
    except UnicodeError:
        raise invalid(index, "a name or address has no such bytes")
