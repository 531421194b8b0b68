"""Read the declarations of the firmware's commands from its source, without running it.

Owns the PC side's picture of firmware/at/commands/*.py: names, summaries, forms, parameters,
defaults, kept settings, docstrings. The reference, the boundary tests, the fuzzer and the
coverage check are all made from it. What the declarations mean on the module is the business of
firmware/at/command.py and firmware/at/wire/bind.py.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from tools.catalogue import words
from tools.catalogue.words import Remarks, Words

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ROOT / "firmware" / "at" / "commands"
SETTINGS = ROOT / "firmware" / "at" / "settings.py"

# Fields that each kind needs; one more is the default and makes the parameter optional.
_NEEDS = {"int": 4, "str": 4, "pick": 3, "ip": 2, "mac": 2, "link": 4, "by": 3, "each": 4}
_DECORATORS = {"query": "query", "set": "set", "run": "execute"}
FORMS = ("test", "query", "set", "execute")
SUFFIX = {"test": "=?", "query": "?", "set": "=", "execute": ""}
_FIELD = re.compile(r"<([a-z][a-z0-9_]*)>")  # of an answer, in the docstring of its handler


class DeclarationError(ValueError):
    """A declaration cannot be read; the message starts with file and line."""


@dataclass(frozen=True)
class Parameter:
    """One parameter. low and high are bounds of a number, or of a string's length in bytes."""

    kind: str
    name: str
    low: int = 0
    high: int = 0
    values: tuple[int | str, ...] = ()
    branches: tuple[tuple[Parameter, ...], ...] = ()  # of a "by": what follows values[i]
    optional: bool = False
    default: Any = None
    words: Words | None = None  # what the values mean

    @property
    def numeric(self) -> bool:
        """Tell whether the parameter is written without quotes."""
        return self.kind in ("int", "link") or bool(
            self.values and isinstance(self.values[0], int)
        )


@dataclass
class Command:
    """One command as declared: name after AT, parameters of the set form, handlers."""

    name: str
    summary: str
    group: str
    parameters: tuple[Parameter, ...] = ()
    stores: str | None = None
    text: str | None = None
    alias_of: str | None = None
    handlers: dict[str, str] = field(default_factory=dict)  # form -> docstring
    bare: bool = False  # strings need no quotes
    old: bool = False  # of earlier releases: taken, but not listed
    since: str | None = None  # what is not of release 3.4: "4.1", "5.0: `mode` 2; ours: ..."
    words: dict[str, Words] = field(default_factory=dict)  # of parameters and fields of answers

    @property
    def origins(self) -> list[tuple[str, str]]:
        """Return what is not of release 3.4: (release, "main" or "ours", what or "" for all)."""
        pieces = [piece.partition(": ") for piece in (self.since or "").split("; ") if piece]
        return [(release, what) for release, _, what in pieces]

    @property
    def answers(self) -> dict[str, Words | None]:
        """Return the fields that answers have and lines have not, with what they mean."""
        names = [name for doc in self.handlers.values() for name in _FIELD.findall(doc)]
        known = {each.name for each in self.parameters_of_all()}
        return {name: self.words.get(name) for name in names if name not in known}

    def told(self, form: str) -> str:
        """Return what is to be said of a form: its docstring, and what a query answers.

        A query that does not say what it answers shows the parameters of the set form.
        """
        doc = self.handlers.get(form, "")
        if form != "query" or _FIELD.search(doc) or not self.parameters:
            return doc
        fields = ",".join(f"<{each.name}>" for each in self.parameters)
        return f"`{self.name}:{fields}`." + (f" {doc}" if doc else "")

    def parameters_of_all(self) -> Iterator[Parameter]:
        """Yield the parameters of all variants, each as often as it is declared."""
        yield from _flat(self.parameters)

    @property
    def forms(self) -> tuple[str, ...]:
        """Return the forms the command has; test comes with set."""
        return tuple(
            form
            for form in FORMS
            if form in self.handlers or (form == "test" and "set" in self.handlers)
        )

    def variants(self) -> list[list[tuple[Parameter, int | str | None]]]:
        """Return every list of parameters a set line can have.

        Each entry is (parameter, value it is pinned to); only a "by" is pinned.
        """
        return list(_variants(self.parameters))


@dataclass
class Group:
    """One file of commands: title and text from its docstring, commands in order."""

    name: str
    title: str
    text: str
    commands: list[Command]


def load(folder: Path = COMMANDS) -> list[Group]:
    """Read the files of the folder in the order in which the module imports them (GROUPS)."""
    found: list[Group] = []
    for name in groups(folder):
        path = folder / f"{name}.py"
        known = [command for group in found for command in group.commands]
        found.append(read(path.read_text(encoding="utf-8"), path, known))
    return found


def groups(folder: Path = COMMANDS) -> tuple[str, ...]:
    """Return the names of the command groups, in the module's order."""
    return tuple(ast.literal_eval(_assigned(folder / "__init__.py", "GROUPS")))


def all_commands(folder: Path = COMMANDS) -> list[Command]:
    """Return the commands of all groups."""
    return [command for group in load(folder) for command in group.commands]


def _parsed(source: str, path: Path) -> ast.Module:
    """Parse Python; once more if another thread did so at the same time (CPython issue 106905)."""
    try:
        return ast.parse(source, str(path))
    except SystemError:
        return ast.parse(source, str(path))


def read(source: str, path: Path, known: list[Command] | None = None) -> Group:
    """Read the declarations of one file; `known` are those of the files before it."""
    tree = _parsed(source, path)
    text = (ast.get_docstring(tree) or path.stem).strip()
    title, _, rest = text.partition("\n\n")
    reader = _Reader(path, Remarks(source), known or [])
    for node in tree.body:
        reader.visit(node)
    reader.close()
    return Group(path.stem, " ".join(title.split()), rest, reader.commands)


def policies(path: Path = SETTINGS) -> dict[str, str]:
    """Return the keeping policy (always, sysstore) of each row of the settings table."""
    table = _assigned(path, "TABLE")
    rows = table.elts if isinstance(table, ast.Tuple) else []
    return {
        ast.literal_eval(row.elts[0]): ast.literal_eval(row.elts[3])
        for row in rows
        if isinstance(row, ast.Tuple)
    }


def settings_table(path: Path = SETTINGS) -> tuple[tuple, ...]:
    """Return the settings table: rows of key, kind, factory value, policy and shape."""
    return ast.literal_eval(_assigned(path, "TABLE"))


def _assigned(path: Path, name: str) -> ast.expr:
    """Return what is assigned to a module-level name of a Python file."""
    for node in _parsed(path.read_text(encoding="utf-8"), path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node.value
    raise DeclarationError(f"{path}: no {name}")


class _Rows(ast.NodeTransformer):
    """Names that a file binds to tuples, put in where a declaration uses them; X + Y is one."""

    def __init__(self) -> None:
        self.bound: dict[str, ast.expr] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = self.bound.get(node.id)
        return self.visit(copy.deepcopy(known)) if known else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple):
            return ast.Tuple(left.elts + right.elts, ast.Load())
        return ast.BinOp(left, node.op, right)

    def value(self, node: ast.expr) -> Any:
        """Return what an expression of constants and such names stands for."""
        return ast.literal_eval(self.visit(copy.deepcopy(node)))


class _Reader:
    """Collect the commands of one file, statement by statement."""

    def __init__(self, path: Path, remarks: Remarks, known: list[Command]) -> None:
        self._path = path
        self._remarks = remarks
        self._known = known
        self.commands: list[Command] = []
        self._by_variable: dict[str, Command] = {}
        self._docs: dict[str, str] = {}
        self._rows = _Rows()  # parameters that several commands of the file share
        self._taken: dict[str, set[str]] = {}  # command -> words that another one declares

    def close(self) -> None:
        """Forget the words that a command took over and has no use for."""
        for command in self.commands:
            known = {each.name for each in command.parameters_of_all()} | set(command.answers)
            for name in self._taken.get(command.name, set()) - known:
                del command.words[name]

    def visit(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple | ast.BinOp):
            self._rows.bound[ast.unparse(node.targets[0])] = node.value
        elif isinstance(node, ast.Assign | ast.Expr) and isinstance(node.value, ast.Call):
            command = self._call(node.value)
            if command and isinstance(node, ast.Assign):
                self._by_variable[ast.unparse(node.targets[0])] = command
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._docs[node.name] = " ".join((ast.get_docstring(node) or "").split())
            for decorator in node.decorator_list:
                self._handler(decorator, self._docs[node.name])

    def _call(self, node: ast.Call) -> Command | None:
        kind = ast.unparse(node.func)
        if kind == "command":
            return self._command(node)
        if kind == "alias":
            return self._alias(node)
        if len(node.args) == 1:  # X.query(function), for a handler that two commands share
            self._handler(node.func, self._docs.get(ast.unparse(node.args[0]), ""))
        return None

    def _handler(self, node: ast.expr, doc: str) -> None:
        if isinstance(node, ast.Attribute) and node.attr in _DECORATORS:
            command = self._by_variable.get(ast.unparse(node.value))
            if command:
                command.handlers[_DECORATORS[node.attr]] = doc

    def _command(self, node: ast.Call) -> Command:
        names = ("name", "summary", "params", "stores", "text", "lexer", "old", "since", "words")
        given: dict[str, Any] = {}
        try:
            for name, value in zip(names, node.args, strict=False):
                given[name] = self._rows.value(value)
            for keyword in node.keywords:
                given[str(keyword.arg)] = self._rows.value(keyword.value)
            if not given.keys() <= set(names):
                raise ValueError(f"unknown: {', '.join(given.keys() - set(names))}")
            told = self._told(node.args[2:3])
            meanings = self._words(given["name"], told | given.get("words", {}))
            parameters = tuple(parameter(each) for each in given.get("params", ()))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise DeclarationError(f"{self._path}:{node.lineno}: {error}") from None
        command = Command(
            given["name"],
            given["summary"],
            self._path.stem,
            tuple(_with_words(each, meanings) for each in parameters),
            given.get("stores"),
            given.get("text"),
            bare=given.get("lexer") == "bare",
            old=given.get("old", False),
            since=given.get("since"),
            words=meanings,
        )
        self.commands.append(command)
        return command

    def _told(self, rows: list[ast.expr]) -> dict[str, str]:
        """Return what remarks say of parameters, by their names."""
        told: dict[str, str] = {}
        lines: dict[int, str] = {}
        for node in rows:
            for row in ast.walk(self._rows.visit(copy.deepcopy(node))):
                text = self._remarks.of(row) if _is_row(row) else ""
                if not text:
                    continue
                name = ast.literal_eval(row.elts[1])
                if told.setdefault(name, text) != text:
                    raise ValueError(f"{name!r} is told to be {told[name]!r} and {text!r}")
                if lines.setdefault(row.lineno, name) != name:
                    raise ValueError(f"a remark beside two parameters: {text!r}")
        return told

    def _words(self, command: str, declared: dict[str, str]) -> dict[str, Words]:
        """Read the words of a command; "..." names others, before it, that have the rest."""
        like = {each.name: each.words for each in [*self._known, *self.commands]}
        found: dict[str, Words] = {}
        for name in reversed(declared.get("...", "").split()):
            found |= like[name]
        own = {name: words.parse(text) for name, text in declared.items() if name != "..."}
        self._taken[command] = found.keys() - own.keys()
        return found | own

    def _alias(self, node: ast.Call) -> Command:
        target = self._by_variable[ast.unparse(node.args[1])]
        command = Command(
            ast.literal_eval(node.args[0]),
            target.summary,
            target.group,
            target.parameters,
            target.stores,
            target.text,
            target.name,
            target.handlers,
            target.bare,
            old=True,
            words=target.words,
        )
        self.commands.append(command)
        return command


def _is_row(node: ast.AST) -> TypeGuard[ast.Tuple]:
    """Tell whether a tuple declares a parameter: kind and name come first."""
    if not isinstance(node, ast.Tuple) or len(node.elts) < 2:
        return False
    first = [each.value for each in node.elts[:2] if isinstance(each, ast.Constant)]
    return len(first) == 2 and first[0] in _NEEDS and isinstance(first[1], str)


def parameter(declared: tuple[Any, ...]) -> Parameter:
    """Turn one declared tuple into a Parameter; ValueError says what is wrong with it."""
    kind, name = declared[0], declared[1]
    if kind not in _NEEDS:
        raise ValueError(f"unknown kind {kind!r} of {name!r}")
    needs = _NEEDS[kind]
    if not needs <= len(declared) <= needs + 1:
        raise ValueError(f"{kind} {name!r} needs {needs} fields, at most one more")
    fields: dict[str, Any] = {}
    if kind in ("int", "str", "link", "each"):
        fields = {"low": declared[2], "high": declared[3]}
        if declared[2] > declared[3]:
            raise ValueError(f"{name!r}: {declared[2]} > {declared[3]}")
    elif kind == "pick":
        fields = {"values": tuple(declared[2])}
    elif kind == "by":
        fields = {
            "values": tuple(value for value, _ in declared[2]),
            "branches": tuple(tuple(parameter(p) for p in tail) for _, tail in declared[2]),
        }
    if len(declared) > needs:
        fields |= {"optional": True, "default": declared[needs]}
    return Parameter(kind, name, **fields)


def _flat(parameters: tuple[Parameter, ...]) -> Iterator[Parameter]:
    for each in parameters:
        yield each
        for tail in each.branches:
            yield from _flat(tail)


def _with_words(each: Parameter, meanings: dict[str, Words]) -> Parameter:
    tails = tuple(tuple(_with_words(p, meanings) for p in tail) for tail in each.branches)
    return replace(each, branches=tails, words=meanings.get(each.name))


def _variants(
    parameters: tuple[Parameter, ...],
) -> Iterator[list[tuple[Parameter, int | str | None]]]:
    head: list[tuple[Parameter, int | str | None]] = []
    for each in parameters:
        if each.kind == "by":
            for value, tail in zip(each.values, each.branches, strict=True):
                for rest in _variants(tail):
                    yield [*head, (each, value), *rest]
            return
        head.append((each, None))
    yield head
