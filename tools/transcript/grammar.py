"""Read transcript files (*.at) into steps; the language is described in tests_device/README.md.

Owns the syntax: markers, header words and variables. Playing is the work of player.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.peers.escapes import unescape

# Longest marker first: "<<" must not be taken for "<".
_MARKERS = (
    ("<<", "bytes"),
    ("<*", "any"),
    ("</", "regex"),
    ("<:", "pieces"),
    ("<", "line"),
    (">>", "raw"),
    (">", "send"),
    ("~", "silence"),
    ("!", "act"),
)
EXPECTATIONS = frozenset(("bytes", "any", "regex", "line", "pieces"))
_PIECES = re.compile(r"(.+?)#([,:])(.+)")
_FLAGS = ("exact", "echo", "fresh", "same")
# {name}, {name:regex} (quantifiers such as {2,4} may stand inside), and those of _made().
_VARIABLE = re.compile(r"\{([a-z_]\w*)(?::((?:[^{}]|\{[\d,]+\})+))?\}")
_PATTERN = b"0123456789"
_CERTIFICATES = Path(__file__).resolve().parents[2] / "build" / "certs"


class TranscriptError(ValueError):
    """The file does not follow the language; the message starts with file and line."""


@dataclass
class Step:
    """One line of a transcript. kind: send raw line regex any bytes pieces silence act."""

    kind: str
    text: str
    number: int

    @property
    def source(self) -> str:
        """Write the step as it stands in a file."""
        marker = next(mark for mark, kind in _MARKERS if kind == self.kind)
        if self.kind == "regex":
            return f"</{self.text}/"
        return f"{marker} {self.text}" if self.text else marker


@dataclass
class Transcript:
    """A parsed file: what it needs, how it is compared, its steps."""

    path: Path
    name: str
    title: str = ""
    needs: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    timeout_s: float | None = None
    world: str | None = None
    may: re.Pattern[bytes] | None = None
    steps: list[Step] = field(default_factory=list)
    source: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Tell whether every byte counts, blank lines included."""
        return "exact" in self.flags

    @property
    def echo(self) -> bool:
        """Tell whether the module echoes (ATE1) while the file is played."""
        return "echo" in self.flags


def load(path: Path, name: str = "") -> Transcript:
    """Read a file; raise TranscriptError for a line that cannot be understood."""
    return parse(path.read_text(encoding="utf-8"), path, name or path.stem)


def parse(text: str, path: Path, name: str) -> Transcript:
    """Read the text of a file."""
    script = Transcript(path, name, source=text.splitlines())
    for number, line in enumerate(script.source, 1):
        if line.startswith("#"):
            script.title = script.title or line.lstrip("# ").rstrip()
        elif line.strip() and not _step(script, line, number):
            _header(script, line, number)
    if not script.steps:
        raise TranscriptError(f"{path}: no steps")
    return script


def _step(script: Transcript, line: str, number: int) -> bool:
    for marker, kind in _MARKERS:
        if not line.startswith(marker):
            continue
        text = line[len(marker) :]
        if kind == "regex":
            if not text.endswith("/"):
                raise TranscriptError(f"{script.path}:{number}: </regex/ without its last slash")
            text = text[:-1]
        elif text and not text.startswith(" "):
            raise TranscriptError(f"{script.path}:{number}: a space must follow {marker!r}")
        else:
            text = text[1:]
        _check(script, kind, text, number)
        script.steps.append(Step(kind, text, number))
        return True
    return False


def _check(script: Transcript, kind: str, text: str, number: int) -> None:
    where = f"{script.path}:{number}"
    if kind == "silence" and not text.isdigit():
        raise TranscriptError(f"{where}: ~ takes milliseconds")
    if kind == "line" and not text and not script.exact:
        raise TranscriptError(f"{where}: blank lines count only in an exact file")
    try:
        if kind == "regex":
            re.compile(text)
        elif kind in ("raw", "bytes"):
            unescape(text)
        elif kind == "pieces":
            split_pieces(text)
        elif kind in EXPECTATIONS:
            pattern(text, defaultdict(str))
    except (re.error, ValueError) as error:
        raise TranscriptError(f"{where}: {error}") from None


def split_pieces(text: str) -> tuple[str, str, str]:
    """Return what stands before the length (#) of each piece, what behind it, and the data."""
    found = _PIECES.fullmatch(text)
    if not found:
        raise ValueError("<: takes a head with # for the length, a comma or colon, and data")
    return found[1], found[2], found[3]


def _header(script: Transcript, line: str, number: int) -> None:
    where = f"{script.path}:{number}"
    if script.steps:
        raise TranscriptError(f"{where}: not a step: {line!r}")
    word, _, rest = line.partition(":")
    if word == "needs":
        script.needs |= frozenset(rest.split())
    elif word == "timeout":
        script.timeout_s = float(rest)
    elif word == "may":
        script.may = _compile(rest.strip(), where)
    elif word == "world":
        script.world = rest.strip()
        script.needs |= {"sim"}
    elif set(line.split()) <= set(_FLAGS):
        script.flags |= frozenset(line.split())
    else:
        known = ", ".join(("needs: ...", "timeout: SECONDS", "world: NAME", "may: REGEX", *_FLAGS))
        raise TranscriptError(f"{where}: unknown header {line!r}; known: {known}")


def _compile(text: str, where: str) -> re.Pattern[bytes]:
    try:
        return re.compile(text.encode())
    except re.error as error:
        raise TranscriptError(f"{where}: {error}") from None


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace {name} and what is made up; KeyError names a variable that nobody gave.

    {upto:500} makes what stands before it 500 bytes long.
    """
    out, last = "", 0
    for found in _VARIABLE.finditer(text):
        out += text[last : found.start()]
        last = found.end()
        if found[1] == "upto" and found[2]:
            out += filler(int(found[2]) - len(out.encode())).decode()
        else:
            made = _made(found)
            out += variables[found[1]] if made is None else made
    return out + text[last:]


def pattern(text: str, variables: Mapping[str, str]) -> re.Pattern[bytes]:
    """Compile an expected line: text, a known {name}, {name:regex} that catches a value."""
    out, last = b"", 0
    for found in _VARIABLE.finditer(text):
        out += re.escape(text[last : found.start()].encode())
        last = found.end()
        name, regex = found[1], found[2]
        made = _made(found)
        if made is not None:
            out += re.escape(made.encode())
        elif regex is None:
            out += re.escape(variables[name].encode())
        elif name == "any":
            out += b"(?:" + regex.encode() + b")"
        else:
            out += b"(?P<" + name.encode() + b">" + regex.encode() + b")"
    return re.compile(out + re.escape(text[last:].encode()), re.DOTALL)


def _made(found: re.Match[str]) -> str | None:
    """Return what {fill:500}, {file:NAME} and {size:NAME} stand for; None for other names.

    NAME is a certificate or key of build/certs, as text.
    """
    name, argument = found[1], found[2]
    if name not in ("fill", "file", "size") or argument is None:
        return None
    if name == "fill":
        return filler(int(argument)).decode()
    text = (_CERTIFICATES / argument).read_text(encoding="ascii")
    return text if name == "file" else str(len(text))


def filler(count: int) -> bytes:
    """Return so many bytes of 0123456789 over and over, none if the number is negative."""
    return (_PATTERN * (count // len(_PATTERN) + 1))[: max(0, count)]
