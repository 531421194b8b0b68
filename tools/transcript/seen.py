"""Record which commands ran, in which form and with which result, and which error codes came.

Owns the notes file of one test session: every process of the session appends whole lines to it,
so that parallel workers do not disturb each other. Who must have been seen is decided elsewhere.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.host.atclient import GOOD, RESULTS

_LINE = re.compile(r"AT(?P<name>[^=?]*)(?P<form>=\?|=|\?)?", re.DOTALL)
_FORMS = {"=?": "test", "=": "set", "?": "query", None: "execute"}
_RESULTS = frozenset(result.encode() for result in RESULTS)
_CODE = re.compile(rb"ERR CODE:0x([0-9a-f]{8})")


def form_of(line: str) -> tuple[str, str] | None:
    """Return (name after AT, form) of a command line; None for anything else."""
    found = _LINE.match(line)
    return (found["name"], _FORMS[found["form"]]) if found else None


@dataclass
class Seen:
    """Counts of what ran: (name, form, result) and error codes."""

    runs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    tests: set[str] = field(default_factory=set)
    collected: set[str] = field(default_factory=set)  # the tests there were to run

    def ran(self, name: str, form: str) -> bool:
        """Tell whether this form of a command ended well at least once."""
        return any(self.runs[name, form, result] for result in GOOD)

    @property
    def subs(self) -> set[int]:
        """Return the subcategories of all error codes that came (docs/wire.md#errors)."""
        return {code >> 16 & 0xFF for code in self.codes}


class Recorder:
    """Observe a module's port and append what ran to the notes file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = Seen()
        self._waiting: list[tuple[str, str]] = []
        self._out = bytearray()
        self._in = bytearray()

    def sent(self, data: bytes) -> None:
        """Take note of command lines among the bytes sent."""
        if data.startswith(b"AT"):
            self._out.clear()  # a payload without line end is not the beginning of this line
        self._out += data
        while b"\r\n" in self._out:
            line, _, rest = bytes(self._out).partition(b"\r\n")
            self._out[:] = rest
            form = form_of(line.decode("latin-1"))
            if form:
                self._waiting.append(form)

    def received(self, data: bytes) -> None:
        """Take note of final results and error codes among the bytes received."""
        self._in += data
        while b"\r\n" in self._in:
            line, _, rest = bytes(self._in).partition(b"\r\n")
            self._in[:] = rest
            code = _CODE.search(line)
            if code:
                self._seen.codes[int(code[1], 16)] += 1
            if line in _RESULTS and self._waiting:
                # a busy answer belongs to the newest line, a result to the oldest
                form = self._waiting.pop(-1 if line.startswith(b"busy") else 0)
                self._seen.runs[(*form, line.decode())] += 1

    def flush(self, test: str) -> None:
        """Append what was seen since the last call, as one line of JSON."""
        entry = {
            "test": test,
            "runs": [[*key, count] for key, count in self._seen.runs.items()],
            "codes": list(self._seen.codes.items()),
        }
        self._seen = Seen()
        self._waiting.clear()
        self._out.clear()
        self._in.clear()
        _append(self._path, entry)


def note_collected(path: Path, tests: list[str]) -> None:
    """Append which tests the session is about to run; each process of it may say so."""
    _append(path, {"collected": tests})


def _append(path: Path, entry: dict[str, Any]) -> None:
    """Append one line of JSON in one piece."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, json.dumps(entry).encode() + b"\n")
    finally:
        os.close(descriptor)


def read(path: Path) -> Seen:
    """Read the notes file of a session."""
    seen = Seen()
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        seen.collected.update(entry.get("collected", ()))
        if "test" not in entry:
            continue
        seen.tests.add(entry["test"])
        for name, form, result, count in entry["runs"]:
            seen.runs[name, form, result] += count
        for code, count in entry["codes"]:
            seen.codes[code] += count
    return seen


def summarize(seen: Seen, path: Path) -> None:
    """Write the counts as one JSON object, for people and for other tools."""
    commands: dict[str, dict[str, dict[str, int]]] = {}
    for (name, form, result), count in sorted(seen.runs.items()):
        commands.setdefault("AT" + name, {}).setdefault(form, {})[result] = count
    codes = {f"0x{code:08x}": count for code, count in sorted(seen.codes.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"commands": commands, "codes": codes}, indent=1) + "\n")
