"""The declaration of a command and the register of all of them.

Owns: what commands exist, in which order AT+CMD? lists them, which forms each has. The
declarations themselves stand in at/commands/*.py and, for a user's own, in user/*.py.
"""

from at.wire.grammar import QUERY

registry = []  # in the order of declaration, which AT+CMD? shows
by_name = {}

# What an event of a service says on the AT port: a text (str or bytes, with % for its details),
# or a function of (session, *details) that returns one, or None to say nothing. Each command
# group adds its own rows.
events = {}

# Commands of release 1 had a twin for a value of this session, ..._CUR, and one for a value that
# is kept, ..._DEF. Client libraries still send them; these names are taken with both endings.
old_endings = []


class Command:
    """One command: its parameters and up to three handlers (test is derived from `set`).

    A handler is called with the session and the bound parameters. A plain function finishes at
    once; an `async def` runs as the one running command, and lines that arrive meanwhile are
    answered `busy p...`. It returns None for OK or a result code of at.wire.reply, and raises
    an ATError for ERROR.
    """

    def __init__(self, name, params, text):
        self.name = name
        self.params = params
        self.text = text
        self.handlers = [None, None, None]  # QUERY, SET, RUN

    def query(self, handler):
        """Decorate the handler of AT+X?."""
        self.handlers[0] = handler
        return handler

    def set(self, handler):
        """Decorate the handler of AT+X=..., which gives AT+X=? as well."""
        self.handlers[1] = handler
        return handler

    def run(self, handler):
        """Decorate the handler of AT+X."""
        self.handlers[2] = handler
        return handler

    refusal = None

    def refuse(self, function):
        """Decorate a function of (ParamError, tokens) that returns the error to raise instead."""
        self.refusal = function
        return function

    def handler(self, form):
        """Return the handler of QUERY, SET or RUN, or None."""
        return self.handlers[form - QUERY]

    def flags(self):
        """Return the four flags of AT+CMD?: test, query, set, execute."""
        query, has_set, run = [int(handler is not None) for handler in self.handlers]
        return has_set, query, has_set, run


def command(name, summary, params=(), stores=None, text=None):  # noqa: ARG001 - read by tools
    """Declare a command; `name` is what follows AT.

    `summary` and `stores` (the key in at.settings) are for the tools that read this source.
    `text` replaces the derived answer to AT+X=?. A name declared twice is a ValueError.
    """
    if name in by_name:
        raise ValueError("AT%s is declared twice" % name)
    entry = Command(name, params, text)
    registry.append(entry)
    by_name[name] = entry
    return entry


def alias(name, entry):
    """Give a command a second name, for spellings that other releases use."""
    twin = command(name, "", entry.params, text=entry.text)
    twin.handlers = entry.handlers
    return twin
