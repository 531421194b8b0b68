"""What a command line means, from the firmware's own declarations and grammar: help and reasons.

The parser of the module runs here on the PC, so that what is said of a line is what it will say.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from tools.catalogue import declarations, gendocs
from tools.catalogue.declarations import Command, Parameter
from tools.catalogue.words import Words

sys.path.append(str(declarations.ROOT / "firmware"))

from at.errors import ATError
from at.wire import bind as binding
from at.wire import grammar

# Parameters that say how many bytes are to follow the prompt.
_LENGTHS = ("length", "size", "url_len", "url_length", "req_header_len", "data_len")
_LENGTHS += ("head_regexp_len", "tail_regexp_len")
_FORMS = {grammar.TEST: "test", grammar.QUERY: "query", grammar.SET: "set", grammar.RUN: "execute"}


@cache
def commands() -> dict[str, Command]:
    """Return every command by its name with AT in front."""
    return {"AT" + each.name: each for each in declarations.all_commands()}


def payload_length(line: str) -> int | None:
    """Return how many bytes a line's command will ask for; None if that is not said by it."""
    for mux in (False, True):
        try:
            bound = _bound(line, mux)
        except (ATError, KeyError):
            continue
        sizes = [value for name, value in bound if name in _LENGTHS and isinstance(value, int)]
        if sizes:
            return sum(sizes)
    return None


def reason(line: str) -> str:
    """Say why a line is wrong, whatever state the module is in; "" if it may be right."""
    told = ""
    for mux in (False, True):
        try:
            _bound(line, mux)
        except KeyError as error:
            return str(error.args[0])
        except ATError as error:
            told = told or error.reason
        else:
            return ""
    return told


def _bound(line: str, mux: bool) -> list[tuple[str, Any]]:
    """Return (name, value) of the parameters; KeyError if there is no such command or form."""
    name, form, text = grammar.split_line(line.encode("latin-1", "replace"))
    command = _find("AT" + name)
    if _FORMS[form] not in command.forms:
        forms = ", ".join(f"AT{command.name}{declarations.SUFFIX[each]}" for each in command.forms)
        raise KeyError(f"AT{name} does not have this form; it has {forms}")
    if form != grammar.SET:
        return []
    tokens, quoted = grammar.split_arguments(text, command.bare)
    params = tuple(_raw(each) for each in command.parameters)
    values = binding.bind(params, tokens, quoted, mux, command.bare)
    return list(zip(_names(command.parameters, values), values, strict=False))


def _find(name: str) -> Command:
    known = commands()
    for ending in ("", "_CUR", "_DEF"):
        if name.endswith(ending) and name.removesuffix(ending) in known:
            return known[name.removesuffix(ending)]
    close = difflib.get_close_matches(name, known, 1)
    raise KeyError(f"no command {name}" + (f"; did you mean {close[0]}?" if close else ""))


def _raw(parameter: Parameter) -> tuple[Any, ...]:
    """Return a parameter as the firmware declares it."""
    kind = parameter.kind
    fields: tuple[Any, ...] = ()
    if kind in ("int", "str", "link", "each"):
        fields = (parameter.low, parameter.high)
    elif kind == "pick":
        fields = (parameter.values,)
    elif kind == "by":
        tails = (tuple(_raw(each) for each in tail) for tail in parameter.branches)
        fields = (tuple(zip(parameter.values, tails, strict=True)),)
    last = (parameter.default,) if parameter.optional else ()
    return (kind, parameter.name, *fields, *last)


def _names(parameters: tuple[Parameter, ...], values: list[Any]) -> Iterator[str]:
    """Yield the names of what was bound; the value of a "by" says which come behind it."""
    for index, each in enumerate(parameters):
        yield each.name
        if each.kind == "each":
            yield from (each.name for _ in values[index + 1 :])
        if each.kind == "by":
            tail = dict(zip(each.values, each.branches, strict=True)).get(values[index], ())
            yield from _names(tail, values[index + 1 :])
            return


def parameter_at(line: str) -> Parameter | None:
    """Return the parameter that the end of an unfinished set line stands in, if one is known."""
    head, equals, text = line.partition("=")
    command = commands().get(head)
    if not equals or command is None:
        return None
    index = text.count(",")
    variants = [[each for each, _ in variant] for variant in command.variants()]
    last = [variant[-1] for variant in variants if variant and variant[-1].kind == "each"]
    found = [variant[index] for variant in variants if index < len(variant)] or last
    return found[0] if found else None


def values_of(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """Yield (value as it is written, meaning) of the values that have names of their own."""
    words = parameter.words or Words()
    values = parameter.values or [low for low, high, _ in words.values if low == high]
    for value in values:
        if isinstance(value, str):
            yield f'"{value}"', ""
        else:
            yield str(value), words.of(value).replace("`", "")


def hint(line: str) -> str:
    """Return the syntax of the command that is being typed, or ""."""
    command = commands().get(line.partition("=")[0].rstrip("?"))
    if command is None:
        return ""
    forms = dict(gendocs.forms(command))
    return (forms.get("set") or next(iter(forms.values()), "")).replace("`", "")


def describe(name: str) -> list[str]:
    """Return the help of a command, lines of plain text; KeyError if there is none."""
    name = name.partition("=")[0].rstrip("?")
    command = _find(name if name in commands() else name.upper())
    lines = [f"AT{command.name}: {command.summary}"]
    lines += [told.replace("*", "") for told in gendocs.news(command)] + [""]
    for form, syntax in gendocs.forms(command):
        doc = command.told(form)
        lines.append(f"  {syntax}" + (f"   {doc}" if doc else ""))
    rows = list(gendocs.parameters(command))
    names = [f"{each.name}{f' ({when})' if when else ''}" for each, when in rows]
    width = max([len(name_) for name_ in names], default=0)
    lines += [""] * bool(rows)
    for name_, (each, _) in zip(names, rows, strict=True):
        default = gendocs.default_of(each)
        told = f"   default {default}" if default else ""
        rest = f", {each.words.rest}" if each.words and each.words.rest else ""
        lines.append(f"  {name_:{width}}  {gendocs.range_of(each)}{rest}{told}".rstrip())
        lines += _meanings(each.words)
    for field, words in command.answers.items():
        lines.append(f"  <{field}>  {words.rest if words else ''}".rstrip())
        lines += _meanings(words)
    return [line.replace("`", "") for line in lines]


def _meanings(words: Words | None) -> list[str]:
    told = words.lines() if words else []
    width = max([len(value) for value, _ in told], default=0)
    return [f"      {value:>{width}}  {word}" for value, word in told]
