"""Write build/generated/commandtable.h: names and parameters of all commands, for the C line path.

The declarations in firmware/at/commands are the one source. A parameter that a row of the table
cannot say, and the dialect whose strings need no quotes, are left to Python; nothing is lost by it
but time.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "generated" / "commandtable.h"
_NO_PARAMS = 0xFF
_OTHER = ("OTHER", "NEEDED", 0, 0, 0, 0)  # what only Python binds
_TEMPLATE = """\
// Generated from firmware/at/commands: the commands whose lines are bound in C.
#include "core/line.h"

#define ATLINK_VALUES_MAX ({most}) // of one command

static const char command_names[] ={names};

static const char *const command_choices[] = {{
{choices}
}};

static const atlink_param_t command_params[] = {{
{params}
}};

static const uint8_t command_members[] = {{
{members}
}};

static const uint16_t command_lists[] = {{
{lists}
}};

static const uint8_t command_branches[] = {{
{branches}
}};

static const atlink_command_t command_rows[] = {{
{rows}
}};

static const atlink_commands_t command_table = {{
    command_names, command_rows, command_lists, command_members, command_params, command_branches,
    command_choices, {count},
}};
"""


class Tables:
    """The distinct parameters, lists and what they refer to, numbered as they come."""

    def __init__(self) -> None:
        self.params: dict[tuple, int] = {}
        self.lists: dict[tuple, int] = {}
        self.branches: list[int] = [_NO_PARAMS]  # none begins at 0
        self.choices: list[str] = []

    def list_of(self, parameters) -> int:
        """Return the number of a list of parameters."""
        members = tuple(_number(self.params, self._row_of(each)) for each in parameters)
        return _number(self.lists, members)

    def _row_of(self, param) -> tuple:
        """Return kind, fallback, branch, value, low and high of a parameter."""
        kind, low, high = self._kind_of(param)
        if kind == "OTHER":
            return _OTHER
        fallback, value = "NEEDED", 0
        if param.optional:
            fallback, value = _fallback_of(param, kind, high)
        if fallback == "OTHER":
            return _OTHER
        return kind, fallback, self._branch_of(param), value, low, high

    def _kind_of(self, param) -> tuple[str, int, int]:
        numbers = [value for value in param.values if isinstance(value, int)]
        if param.kind in ("pick", "by") and not numbers:
            return "CHOICE", self._choices_at(param.values), len(param.values)
        if param.kind in ("pick", "by") and all(0 <= value < 31 for value in numbers):
            return "PICK", sum(1 << value for value in numbers), 0
        if param.kind in ("ip", "mac"):
            return param.kind.upper(), 0, 0
        if param.kind == "int" and param.low == 0 and param.high == 2**32 - 1:
            return "WORD", 0, 0
        if param.kind in ("int", "link", "str") and param.low >= -(2**31) and param.high < 2**31:
            return param.kind.upper(), param.low, param.high
        return "OTHER", 0, 0

    def _choices_at(self, values) -> int:
        """Return where names stand one behind the other."""
        size = len(values)
        for start in range(len(self.choices) - size + 1):
            if self.choices[start : start + size] == list(values):
                return start
        self.choices += values
        return len(self.choices) - size

    def _branch_of(self, param) -> int:
        """Return where the lists stand that follow the values of a "by", 0 for other kinds."""
        if param.kind != "by":
            return 0
        rows = zip(param.values, param.branches, strict=True)
        if isinstance(param.values[0], int):
            rows = sorted(rows, key=lambda row: row[0])  # as the bits that stand for them
        lists = [self.list_of(tail) for _, tail in rows]
        self.branches += lists
        return len(self.branches) - len(lists)


def _number(known: dict, item: tuple) -> int:
    return known.setdefault(item, len(known))


def _fallback_of(param, kind: str, high: int) -> tuple[str, int]:
    """Return how a parameter may be left out, and the number that counts then."""
    default = param.default
    if default is None and param.kind != "by":
        return "NONE", 0
    if kind == "CHOICE" and default in param.values:
        return "NUMBER", param.values.index(default)
    if kind in ("INT", "WORD", "LINK", "PICK") and type(default) is int:
        if -(2**15) <= default < 2**15:
            return "NUMBER", default
        if default == high:
            return "HIGH", 0
    return "OTHER", 0


def is_bound(parameters) -> bool:
    """Tell whether C binds every line with these parameters that is right, in plain spelling."""
    tables = Tables()
    tables.list_of(parameters)
    return _OTHER not in tables.params


def _length(parameters) -> int:
    """Return how many values a command has at most."""
    tails = [_length(tail) for each in parameters for tail in each.branches]
    return len(parameters) + max(tails, default=0)


def _lines(items) -> str:
    return "\n".join(f"    {item}," for item in items) or "    0,"


def text(commands) -> str:
    """Return the header for some commands (tools.catalogue.declarations.Command)."""
    tables = Tables()
    rows, at, names = [], 0, ""
    for command in sorted(commands, key=lambda each: (len(each.name), each.name.encode())):
        is_ours = "set" in command.forms and not command.bare
        number = tables.list_of(command.parameters) if is_ours else _NO_PARAMS
        rows.append(f"{{{at}, {number}}}")
        at += len(command.name)
        names += f'\n    "{command.name}"'
    rows.append(f"{{{at}, {_NO_PARAMS}}}")
    starts = [0]
    for members in tables.lists:
        starts.append(starts[-1] + len(members))
    numbers = max(len(tables.params), len(tables.branches), len(tables.lists) + 1)
    if numbers > 0x100 or at > 0xFFFF:
        raise ValueError("the table of commands needs wider numbers")
    return _TEMPLATE.format(
        most=max((_length(command.parameters) for command in commands), default=0) or 1,
        names=names or ' ""',
        choices=_lines(f'"{name}"' for name in tables.choices),
        params=_lines(
            f"{{ATLINK_PARAM_{kind}, ATLINK_DEFAULT_{fallback}, {branch}, {value}, {low}, {high}}}"
            for kind, fallback, branch, value, low, high in tables.params
        ),
        members=_lines(", ".join(map(str, members)) for members in tables.lists if members),
        lists=_lines(starts),
        branches=_lines(tables.branches),
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
