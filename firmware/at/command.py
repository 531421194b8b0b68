"""The declaration of a command, and the look-up of commands and events.

Owns: what commands exist and where each is declared. A group (at/commands/*.py) is imported when
one of its commands or events is first used; until then it costs no heap, because the index of
all names is generated and frozen. A user's own commands, in user/*.py, are declared at boot.
"""

import gc
import sys

import commandindex as index
from at.wire.grammar import QUERY

by_name = {}  # the commands declared so far
own = []  # those of them that a user added, in the order of declaration

# What an event of a service says on the AT port: a text (str or bytes, with % for its details),
# or a function of (session, *details) that returns one, or None to say nothing. Each command
# group adds its own rows.
events = {}

# Commands of release 1 had a twin for a value of this session, ..._CUR, and one for a value that
# is kept, ..._DEF. Client libraries still send them; these names are taken with both endings.
old_endings = []

_PACKAGE = "at.commands."
_RESERVE = 3  # a third of the heap is for commands at work, not for their declarations


class Command:
    """One command: its parameters and up to three handlers (test is derived from `set`).

    A handler is called with the session and the bound parameters. A plain function finishes at
    once; an `async def` runs as the one running command, and lines that arrive meanwhile are
    answered `busy p...`. It returns None for OK or a result code of at.wire.reply, and raises
    an ATError for ERROR. A plain function may return a coroutine to be run like that, or True if
    C goes on with the command and ends it (atcore.send).
    """

    def __init__(self, name, params, text, is_bare=False):
        self.name = name
        self.params = params
        self.text = text
        self.is_bare = is_bare  # strings need no quotes
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


def find(name):
    """Return the command of that name, or None; its group is imported if need be."""
    entry = by_name.get(name)
    if entry is None and name in index.NAMES:
        _load(index.NAME_GROUP[index.NAMES.index(name)])
        entry = by_name.get(name)
    return entry


def find_event(kind):
    """Return the row of an event; KeyError if no group declares it."""
    if kind not in events and kind in index.EVENTS:
        _load(index.EVENT_GROUP[index.EVENTS.index(kind)])
    return events[kind]


def all_flags():
    """Yield (name, test, query, set, execute) of every command of today, flags as 0 or 1."""
    for name, flags in zip(index.NAMES, index.FLAGS):
        if flags:  # else it is an old spelling
            yield name, flags >> 3, flags >> 2 & 1, flags >> 1 & 1, flags & 1
    for entry in own:
        query, has_set, run = [int(handler is not None) for handler in entry.handlers]
        yield entry.name, has_set, query, has_set, run


_loading = []  # the group that is being imported


def _load(group):
    """Import a group; when heap gets scarce, those not in use go first."""
    gc.collect()
    if gc.mem_free() < (gc.mem_free() + gc.mem_alloc()) // _RESERVE:
        forget()
    _loading.append(group)
    try:
        __import__("at.commands." + index.GROUPS[group])
    except BaseException:
        forget()  # what is half there must not stand in the way of the next try
        raise
    finally:
        _loading.pop()


def forget():
    """Drop the groups that come back on their next use: all but the first, which answers AT.

    A handler that runs keeps what it needs. State is never in a group: services have it.
    This is called because nothing is left of the heap, so it takes nothing of it.
    """
    for number in range(len(index.NAMES)):
        if index.NAME_GROUP[number]:
            by_name.pop(index.NAMES[number], None)
    events.clear()  # the basic group has none
    old_endings.clear()
    package = sys.modules["at.commands"]
    for number in range(1, len(index.GROUPS)):
        name = index.GROUPS[number]
        path = _imported(name)
        if path:
            del sys.modules[path]
            if hasattr(package, name):
                delattr(package, name)  # the import leaves it there as well
    gc.collect()


def with_room(make, *args):
    """Return what `make` returns; if the heap has no place for it, groups make room first."""
    try:
        return make(*args)
    except MemoryError:
        forget()
        return make(*args)


def _imported(group):
    """Return the name under which a group is loaded, or None."""
    for path in sys.modules:
        if (
            len(path) == len(_PACKAGE) + len(group)
            and path.startswith(_PACKAGE)
            and path.endswith(group)
        ):
            return path
    return None


def command(name, summary, params=(), stores=None, text=None, lexer=None, old=False):  # noqa: ARG001
    """Declare a command; `name` is what follows AT.

    `summary`, `stores` (the key in at.settings) and `old` (of earlier releases: AT+CMD? does not
    list it) are for the tools that read this source. `text` replaces the derived answer to AT+X=?.
    `lexer="bare"` takes strings without quotes, and commas in those with quotes. A name declared
    twice is a ValueError.
    """
    if name in by_name or (name in index.NAMES and not _loading):
        raise ValueError("AT%s is declared twice" % name)
    entry = by_name[name] = Command(name, params, text, lexer == "bare")
    if not _loading:
        own.append(entry)
    return entry


def alias(name, entry):
    """Give a command a second name, a spelling of earlier releases; AT+CMD? does not list it."""
    twin = command(name, "", entry.params, text=entry.text)
    twin.is_bare = entry.is_bare
    twin.handlers = entry.handlers
    return twin
