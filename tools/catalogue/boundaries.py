"""Make the boundary cases of every parameter from its declaration.

Owns which lines are tried and which ERR CODE each rejected one must get: low-1, low, high,
high+1, omitted, wrong type, one too many, strings too long and too short, for every variant of a
"by". Sending them is the work of tests_device/test_boundaries.py; the fuzzer uses the values too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.catalogue.declarations import Command, Parameter

# Subcategories of ERR CODE (manual section 3.1.24).
LENGTH, TYPE, COUNT, INVALID, PARSE = 0x04, 0x05, 0x06, 0x07, 0x08
PARAMETER_SUBS = frozenset((LENGTH, TYPE, COUNT, INVALID, PARSE))
_MAX_LINE = 256  # before CR LF

Variant = list[tuple[Parameter, "int | str | None"]]
Samples = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Case:
    """One line to send; code is the ERR CODE it must get, None if it must be accepted."""

    line: str
    what: str
    code: int | None = None
    values: dict[str, str] = field(default_factory=dict, compare=False)  # as written, by name


@dataclass(frozen=True)
class Batch:
    """The cases of one parameter in one variant of a command."""

    command: Command
    label: str
    parameter: Parameter
    cases: tuple[Case, ...]


def code(sub: int, extension: int) -> int:
    """Compose the number behind ``ERR CODE:``."""
    return 0x01000000 | sub << 16 | extension


def batches(command: Command, samples: Samples | None = None) -> list[Batch]:
    """Return the cases of all parameters of a command's set form.

    samples gives a value (as written on the line) for a parameter of which few values make
    sense, keyed by (command name, parameter name).
    """
    if "set" not in command.handlers:
        return []
    out, seen = [], set()
    for variant in command.variants():
        maker = _Maker(command, variant, samples or {})
        for index, (parameter, _) in enumerate(variant):
            label = _label(command, variant, index)
            if label in seen and parameter.kind == "by" and index == len(variant) - 1:
                label += f"={variant[index][1]}"  # a value that nothing follows
                out.append(Batch(command, label, parameter, tuple(maker.last(index))))
            elif label not in seen:
                seen.add(label)
                out.append(Batch(command, label, parameter, tuple(maker.cases(index))))
    return out


def _label(command: Command, variant: Variant, index: int) -> str:
    pins = [f"{p.name}={value}" for p, value in variant[:index] if value is not None]
    where = f"({','.join(pins)})" if pins else ""
    return f"AT{command.name}{where}-{variant[index][0].name}"


class _Maker:
    """Make lines of one variant, in which a single parameter departs from a valid line."""

    def __init__(self, command: Command, variant: Variant, samples: Samples) -> None:
        self._command = command
        self._variant = variant
        self._samples = samples

    def cases(self, index: int) -> Iterator[Case]:
        parameter, _ = self._variant[index]
        for token, what in accepted(parameter):
            if parameter.kind != "by" or token == self._valid(index):
                yield from self._line(self._tokens(index, token), what, None)
        sample = self._samples.get((self._command.name, parameter.name))
        if sample is not None:
            yield from self._line(self._tokens(index, sample), "sample", None)
        for token, what, sub in rejected(parameter, bare=self._command.bare):
            yield from self._line(self._tokens(index, token), what, code(sub, index))
        yield from self._omitted(index)
        if index == len(self._variant) - 1:
            yield from self._too_many()

    def last(self, index: int) -> Iterator[Case]:
        """Yield the cases of a "by" value that no parameter follows."""
        yield from self._line(self._tokens(index, self._valid(index)), "nothing follows", None)
        yield from self._too_many()

    def _omitted(self, index: int) -> Iterator[Case]:
        parameter, pinned = self._variant[index]
        before = self._tokens(index, "")[:index]
        later = [self._valid(i) for i in range(index + 1, len(self._variant))]
        if parameter.optional:
            if pinned == parameter.default or pinned is None:  # else other parameters follow
                yield from self._left_out(index, before)
            if later and pinned is None:
                yield from self._line(self._tokens(index, ""), "optional, empty", None)
            return
        yield from self._left_out(index, before)
        if later:
            yield from self._line([*before, "", *later], "left empty", code(INVALID, index))

    def _left_out(self, index: int, before: list[str]) -> Iterator[Case]:
        """Yield the line that ends before a parameter: wrong if one that must be given follows."""
        rest = range(index, len(self._variant))
        missing = next((i for i in rest if not self._variant[i][0].optional), None)
        want = None
        if missing is not None:
            need = missing + self._mandatory_from(missing)
            want = code(COUNT, need << 8 | _given(before))
        yield from self._line(before, "left out at the end", want)

    def _too_many(self) -> Iterator[Case]:
        if self._variant[-1][0].kind == "each":
            return
        tokens = [self._valid(i) for i in range(len(self._variant))] + ["1"]
        want = code(COUNT, len(self._variant) << 8 | len(tokens))
        yield from self._line(tokens, "one too many", want)

    def _mandatory_from(self, index: int) -> int:
        """Count the parameters that are missing: those up to a "by", whose tail is unknown."""
        count = 0
        for parameter, _ in self._variant[index:]:
            count += not parameter.optional
            if parameter.kind == "by":
                break
        return count

    def _tokens(self, index: int, token: str) -> list[str]:
        """Return a line's tokens: valid ones around the one tried, no optional ones at the end."""
        tokens = [
            "" if parameter.optional and pinned is None else self._valid(i)
            for i, (parameter, pinned) in enumerate(self._variant)
        ]
        tokens[index] = token
        needed = [i for i, (each, _) in enumerate(self._variant) if not each.optional]
        last = max([index, *needed])
        return tokens[: last + 1]

    def _valid(self, index: int) -> str:
        parameter, pinned = self._variant[index]
        if pinned is not None:
            return written(pinned)
        sample = self._samples.get((self._command.name, parameter.name))
        return sample or valid(parameter)

    def _join(self, tokens: list[str]) -> str:
        return f"AT{self._command.name}=" + ",".join(tokens)

    def _line(self, tokens: list[str], what: str, want: int | None) -> Iterator[Case]:
        line = self._join(tokens)
        if len(line) <= _MAX_LINE:
            names = [parameter.name for parameter, _ in self._variant]
            yield Case(line, what, want, dict(zip(names, tokens, strict=False)))


def _given(tokens: list[str]) -> int:
    """Count tokens as the module does: one empty token at the end does not count."""
    if tokens and tokens[-1] == "":
        return len(tokens) - 1
    return len(tokens)


def written(value: int | str) -> str:
    """Write a value as it stands on a command line."""
    return f'"{value}"' if isinstance(value, str) else str(value)


def valid(parameter: Parameter) -> str:
    """Return a value that is always accepted, as written."""
    kind = parameter.kind
    if kind in ("int", "link"):
        return str(parameter.low)
    if kind in ("str", "each"):
        return '"' + "a" * max(parameter.low, min(1, parameter.high)) + '"'
    if kind == "ip":
        return '"192.168.4.1"'
    if kind == "mac":
        return '"1a:fe:35:98:d3:7b"'
    return written(parameter.values[0])


def accepted(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """Yield (value as written, what it is) of the values at the inner side of each boundary."""
    kind, low, high = parameter.kind, parameter.low, parameter.high
    if kind in ("int", "link"):
        yield str(low), "lowest"
        if high != low:
            yield str(high), "highest"
        if low >= 0:
            yield hex(high), "highest in hex"
    elif kind in ("str", "each"):
        yield '"' + "a" * low + '"', "shortest"
        if high != low:
            yield '"' + "a" * high + '"', "longest"
    elif kind in ("pick", "by"):
        for value in parameter.values:
            yield written(value), f"value {value}"
    else:
        yield valid(parameter), "an address"


def _mistyped(parameter: Parameter, bare: bool) -> Iterator[tuple[str, str, int]]:
    if parameter.numeric:
        yield '"0"', "a string for a number", TYPE
        yield "zero", "a word for a number", TYPE
        return
    if not bare:
        yield "10", "a number for a string", TYPE
    yield '"abc', "no closing quote", PARSE


def rejected(parameter: Parameter, *, bare: bool = False) -> Iterator[tuple[str, str, int]]:
    """Yield (value as written, what it is, subcategory of its error); bare: quotes optional."""
    kind, low, high = parameter.kind, parameter.low, parameter.high
    yield from _mistyped(parameter, bare)
    if kind in ("int", "link"):
        yield str(low - 1), "below the lowest", INVALID
        yield str(high + 1), "above the highest", INVALID
    elif kind in ("str", "each"):
        if low:
            yield '"' + "a" * (low - 1) + '"', "too short", LENGTH
        yield '"' + "a" * (high + 1) + '"', "too long", LENGTH
    elif kind in ("pick", "by"):
        numbers = [value for value in parameter.values if isinstance(value, int)]
        if numbers:
            for value in range(min(numbers) - 1, max(numbers) + 2)[:40]:
                if value not in numbers:
                    yield str(value), f"{value}, not among the values", INVALID
        else:
            yield '"?"', "not among the values", INVALID
    elif kind == "ip":
        yield '"256.1.1.1"', "no address", INVALID
        yield '"1.2.3"', "half an address", INVALID
    else:
        yield '"1a:fe:35:98:d3"', "half an address", INVALID
        yield '"1a:fe:35:98:d3:7g"', "no hex digits", INVALID
