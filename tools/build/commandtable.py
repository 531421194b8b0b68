"""Write build/generated/commandtable.h: names and parameters of all commands, for the C line path.

The declarations in firmware/at/commands are the one source. What a table row cannot say (kinds
other than numbers, links, picks of small numbers and one string; defaults that are no small number)
leaves the set form of that command to Python; nothing is lost by it but time.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "generated" / "commandtable.h"
_NO_PARAMS = 0xFF
_TEMPLATE = """\
// Generated from firmware/at/commands: the commands whose lines are bound in C.
#include "core/line.h"

#define ATLINK_VALUES_MAX ({most}) // of one command

static const char command_names[] ={names};

static const atlink_param_t command_params[] = {{
{params}
}};

static const uint8_t command_members[] = {{
{members}
}};

static const uint16_t command_lists[] = {{
{lists}
}};

static const atlink_command_t command_rows[] = {{
{rows}
}};

static const atlink_commands_t command_table = {{
    command_names, command_rows, command_lists, command_members, command_params, {count},
}};
"""


def row_of(param) -> tuple | None:
    """Return kind, fallback, value, low and high of a parameter; None if C does not bind it."""
    kinds = {"int": "INT", "link": "LINK", "str": "STR"}
    low, high = param.low, param.high
    if param.kind == "pick" and all(
        isinstance(value, int) and 0 <= value < 31 for value in param.values
    ):
        kind, low, high = "PICK", sum(1 << value for value in param.values), 0
    elif param.kind in kinds and -(2**31) <= low and high < 2**31:
        kind = kinds[param.kind]
    else:
        return None
    fallback, value = "NEEDED", 0
    if param.optional:
        if param.default is None:
            fallback = "NONE"
        elif type(param.default) is int and -(2**15) <= param.default < 2**15:
            fallback, value = "NUMBER", param.default
        else:
            return None
    return kind, fallback, value, low, high


class Tables:
    """The distinct parameters and lists of parameters, numbered as they come."""

    def __init__(self) -> None:
        self.params: dict[tuple, int] = {}
        self.lists: dict[tuple, int] = {}

    def list_of(self, command) -> int:
        """Return the number of a command's list of parameters, or _NO_PARAMS."""
        rows = [row_of(param) for param in command.parameters]
        if command.bare or "set" not in command.forms or None in rows:
            return _NO_PARAMS
        members = tuple(self.params.setdefault(row, len(self.params)) for row in rows)
        return self.lists.setdefault(members, len(self.lists))


def _lines(items) -> str:
    return "\n".join(f"    {item}," for item in items)


def text(commands) -> str:
    """Return the header for some commands (tools.catalogue.declarations.Command)."""
    tables = Tables()
    rows, at, names = [], 0, ""
    for command in sorted(commands, key=lambda each: (len(each.name), each.name.encode())):
        rows.append(f"{{{at}, {tables.list_of(command)}}}")
        at += len(command.name)
        names += f'\n    "{command.name}"'
    rows.append(f"{{{at}, {_NO_PARAMS}}}")
    starts = [0]
    for members in tables.lists:
        starts.append(starts[-1] + len(members))
    if len(tables.params) > 0x100 or len(tables.lists) >= _NO_PARAMS or at > 0xFFFF:
        raise ValueError("the table of commands needs wider numbers")
    return _TEMPLATE.format(
        most=max((len(members) for members in tables.lists), default=0) or 1,
        names=names or ' ""',
        params=_lines(
            f"{{ATLINK_PARAM_{kind}, ATLINK_DEFAULT_{fallback}, {value}, {low}, {high}}}"
            for kind, fallback, value, low, high in tables.params
        ),
        members=_lines(", ".join(map(str, members)) for members in tables.lists if members),
        lists=_lines(starts),
        rows=_lines(rows),
        count=len(rows) - 1,
    )


def write() -> None:
    """Bring the file up to date; an unchanged one keeps its time."""
    sys.path.insert(0, str(ROOT))
    from tools.catalogue import declarations

    wanted = text(declarations.all_commands())
    if not OUTPUT.exists() or OUTPUT.read_text(encoding="utf-8") != wanted:
        OUTPUT.parent.mkdir(parents=True, exist_ok=True)
        OUTPUT.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    write()
