"""Filtering of system messages by POSIX basic regular expressions (manual 3.1.16, 3.1.17)."""

from at.command import command
from at.errors import invalid

SYSMSGFILTER = command(
    "+SYSMSGFILTER",
    "Whether message filters are applied",
    (("pick", "enable", (0, 1)),),  # 0 no; 1 yes
)


@SYSMSGFILTER.query
def sysmsgfilter_query(at):
    at.reply(int(at.port.filtering))


@SYSMSGFILTER.set
def sysmsgfilter_set(at, enable):
    """The OK of this very command is never filtered: on begins after it, off before it.

    Data of links passes with its head, whatever the filters say: `+IPD` with data, `+CIPRECVDATA`.
    """
    if enable:
        at.then(lambda: at.port.filter(True))
    else:
        at.port.filter(False)


SYSMSGFILTERCFG = command(
    "+SYSMSGFILTERCFG",
    "Filters for system messages",
    (
        # 0 clear all; 1 add; 2 delete
        (
            "by",
            "operator",
            (
                (0, ()),
                (
                    1,
                    (
                        ("int", "head_regexp_len", 0, 64),  # bytes; 0 no such expression
                        ("int", "tail_regexp_len", 0, 64),  # bytes; 0 no such expression
                        # +1 extended expressions; +2 without regard to case;
                        # +4 `^` and `$` at each line
                        ("int", "cflags", 0, 7, 0),
                    ),
                ),
                (
                    2,
                    (
                        ("int", "head_regexp_len", 0, 64),
                        ("int", "tail_regexp_len", 0, 64),
                        ("int", "cflags", 0, 7, 0),
                    ),
                ),
            ),
        ),
    ),
    text="+SYSMSGFILTERCFG:(0)\r\n+SYSMSGFILTERCFG:(1),(0-64),(0-64)\r\n+SYSMSGFILTERCFG:(2),(0-64),(0-64)",
    since="main: `cflags`",
    words={
        "index": "from 0",
        "head_regexp": "expression of the head",
        "tail_regexp": "expression of the tail",
    },
)


@SYSMSGFILTERCFG.query
def sysmsgfiltercfg_query(at):
    """`+SYSMSGFILTERCFG:<index>,<head_regexp>,<tail_regexp>[,<cflags>]`, a line each.

    Control bytes are shown as \\r, \\n or \\xNN so that a filter is one line.

    cflags are shown if they are not 0.
    """
    for index, (head, tail, flags) in enumerate(at.port.filters()):
        at.reply(index, _show(head), _show(tail), *((flags,) if flags else ()))


@SYSMSGFILTERCFG.set
def sysmsgfiltercfg_set(at, operator, head_size=0, tail_size=0, flags=0):
    """Both lengths 0 is refused before the prompt. Deletion is by content and cflags."""
    if operator == 0:
        at.port.clear_filters()
        return None
    if not head_size + tail_size:
        raise invalid(1, "head and tail cannot both be empty")
    return _change(at, operator, head_size, tail_size, flags)


async def _change(at, operator, head_size, tail_size, flags):
    data = bytes(await at.prompt(head_size + tail_size))
    head, tail = data[:head_size], data[head_size:]
    if operator == 1:
        at.port.add_filter(head, tail, flags)
    else:
        at.port.delete_filter(head, tail, flags)


def _show(expression):
    shown = []
    for c in expression:
        if c == 0x0D:
            shown.append("\\r")
        elif c == 0x0A:
            shown.append("\\n")
        else:
            shown.append(chr(c) if 0x20 <= c < 0x7F else "\\x%02x" % c)
    return "".join(shown)
