"""Write build/generated/commandindex.py: which command group declares which name and event.

The module is frozen beside the firmware, so that AT+CMD? and the look-up of a command cost no heap
and a group is imported when one of its commands is first used.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "generated" / "commandindex.py"
_TEMPLATE = '''\
"""Generated from firmware/at/commands: where each command and event is declared."""

GROUPS = {groups!r}
NAMES = {names!r}
NAME_GROUP = {name_group!r}
FLAGS = {flags!r}  # bits 3 to 0: test, query, set, execute; 0: an old name, not listed
EVENTS = {events!r}
EVENT_GROUP = {event_group!r}
'''


def events_of(path: Path) -> list[str]:
    """Return the keys of `events.update({...})` in a group file."""
    found = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "events.update":
            found += [ast.literal_eval(key) for key in call.args[0].keys]
    return found


def text() -> str:
    """Return the source of the index."""
    sys.path.insert(0, str(ROOT))
    from tools import declarations

    groups = declarations.load()
    commands = [(number, each) for number, group in enumerate(groups) for each in group.commands]
    events = [
        (number, event)
        for number, group in enumerate(groups)
        for event in events_of(declarations.COMMANDS / f"{group.name}.py")
    ]
    flags = bytes(
        sum((form in each.forms) << 3 - bit for bit, form in enumerate(declarations.FORMS))
        * (not each.old)
        for _, each in commands
    )
    return _TEMPLATE.format(
        groups=tuple(group.name for group in groups),
        names=tuple(each.name for _, each in commands),
        name_group=bytes(number for number, _ in commands),
        flags=flags,
        events=tuple(event for _, event in events),
        event_group=bytes(number for number, _ in events),
    )


def write() -> None:
    """Bring the file up to date; an unchanged one keeps its time."""
    wanted = text()
    if not OUTPUT.exists() or OUTPUT.read_text(encoding="utf-8") != wanted:
        OUTPUT.parent.mkdir(parents=True, exist_ok=True)
        OUTPUT.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    write()
