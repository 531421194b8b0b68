"""The declaration of a command, and the look-up of commands and events.

Owns: what commands exist. The firmware's own, at/commands/*.py, are declared when the image is
built and stay in flash (docs/flash-objects.md). A user's commands, in user/*.py, are declared at
boot.
"""

from at.wire.grammar import QUERY, RUN, SET

COMMANDS = {}  # name -> Command: the firmware's own
LISTED = {}  # number in AT+CMD? -> Command, those of today
users = []  # a user's own, in the order of declaration

# What an event of a service says on the AT port: a text (str or bytes, with % for its details),
# or a function of (session, *details) that returns one, or None to say nothing. Each command
# group adds its own rows to EVENTS, a user's file to `events`.
EVENTS = {}
events = {}


class _User:
    def __init__(self):
        self.is_declaring = False  # not yet: the firmware declares its own


_user = _User()


class Command:
    """One command: its parameters and up to three handlers (test is derived from `set`).

    A handler is called with the session and the bound parameters. A plain function finishes at
    once; an `async def` runs as the one running command, and lines that arrive meanwhile are
    answered `busy p...`. It returns None for OK or a result code of at.wire.reply, and raises
    an ATError for ERROR. A plain function may return a coroutine to be run like that, or True if
    C goes on with the command and ends it (atcore.send).
    """

    refusal = None
    # Commands of release 1 had a twin for a value of this session, ..._CUR, and one for a value
    # that is kept, ..._DEF. Client libraries still send them for those commands.
    has_old_endings = False

    def __init__(self, name, params, text, is_bare=False):
        self.name = name
        self.params = params
        self.text = text
        self.is_bare = is_bare  # strings need no quotes
        self.handlers = (None, None, None)  # QUERY, SET, RUN

    def query(self, handler):
        """Decorate the handler of AT+X?."""
        return self._handle(QUERY, handler)

    def set(self, handler):
        """Decorate the handler of AT+X=..., which gives AT+X=? as well."""
        return self._handle(SET, handler)

    def run(self, handler):
        """Decorate the handler of AT+X."""
        return self._handle(RUN, handler)

    def refuse(self, function):
        """Decorate a function of (ParamError, tokens) that returns the error to raise instead."""
        self.refusal = function
        return function

    def handler(self, form):
        """Return the handler of QUERY, SET or RUN, or None."""
        return self.handlers[form - QUERY]

    def _handle(self, form, handler):
        handlers = list(self.handlers)
        handlers[form - QUERY] = handler
        self.handlers = tuple(handlers)
        return handler


def find(name):
    """Return the command of that name, or None."""
    entry = COMMANDS.get(name)
    if entry is None:
        for each in users:
            if each.name == name:
                return each
    return entry


def find_event(kind):
    """Return the row of an event; KeyError if nobody declares it."""
    return EVENTS[kind] if kind in EVENTS else events[kind]


def all_flags():
    """Yield (name, test, query, set, execute) of every command of today, flags as 0 or 1."""
    for number in range(len(LISTED)):
        yield _flags(LISTED[number])
    for entry in users:
        yield _flags(entry)


def _flags(entry):
    query, has_set, run = [int(handler is not None) for handler in entry.handlers]
    return entry.name, has_set, query, has_set, run


def command(  # noqa: PLR0913, PLR0917 (rows of a declaration, each by its name)
    name,
    summary,  # noqa: ARG001
    params=(),
    stores=None,  # noqa: ARG001
    text=None,
    lexer=None,
    old=False,
    since=None,  # noqa: ARG001
    words=None,  # noqa: ARG001
):
    """Declare a command; `name` is what follows AT.

    `summary`, `stores` (the key in at.settings), `since` (what is not of release 3.4: "4.1", or
    "5.0: what of it", or "ours") and `words` (what fields of answers mean) are for the tools that
    read this source. What the values of a parameter mean is told to them by a comment behind its
    row, or right above, in the form of tools/catalogue/words.py. One that is `old`, of earlier
    releases, is not listed by AT+CMD?. `text` replaces the derived answer to AT+X=?.
    `lexer="bare"` takes strings without quotes, and commas in those with quotes. A name declared
    twice is a ValueError.
    """
    if find(name):
        raise ValueError("AT%s is declared twice" % name)
    entry = Command(name, params, text, lexer == "bare")
    if _user.is_declaring:
        users.append(entry)
        return entry
    COMMANDS[name] = entry
    if not old:
        LISTED[len(LISTED)] = entry
    return entry


def alias(name, entry):
    """Give a command a second name, a spelling of earlier releases; AT+CMD? does not list it."""
    twin = command(name, "", entry.params, text=entry.text, old=True)
    twin.is_bare = entry.is_bare
    twin.handlers = entry.handlers
    return twin


def old_endings(*entries):
    """Let commands be called +X_CUR and +X_DEF as well."""
    for entry in entries:
        entry.has_old_endings = True


def close():
    """Have declared all of the firmware: what is declared from now on is a user's."""
    _user.is_declaring = True
