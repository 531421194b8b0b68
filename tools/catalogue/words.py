"""What the values of a parameter, or of a field of an answer, mean.

Owns the short form in which the declarations of firmware/at/commands say it: pieces with `;`
between them, each a value or a range and its meaning (`0 none; 1 odd; 2-4 reserved`), a part of a
sum (`+4 status changes`), or, without a number in front, the meaning of all other values, as a
rule their unit (`seconds; 0 never`). Those of a parameter stand in a remark: a comment behind its
row, or right above.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

_PIECE = re.compile(r"(\+?)(-?\d+|0x[0-9a-fA-F]+)(?:-(\d+))? (\S.*)")


class WordsError(ValueError):
    """Words that cannot be read, or that contradict each other."""


@dataclass(frozen=True)
class Words:
    """Meanings: of values, each (lowest, highest, meaning); of bits; of everything else."""

    values: tuple[tuple[int, int, str], ...] = ()
    bits: tuple[tuple[int, str], ...] = ()
    rest: str = ""

    def of(self, value: int) -> str:
        """Return the meaning of a value, "" if nothing is said of it alone."""
        if self.bits:
            return " + ".join(word for bit, word in self.bits if value & bit)
        return next((word for low, high, word in self.values if low <= value <= high), "")

    def covers(self, value: int) -> bool:
        """Tell whether something is said of a value; of 0 in a sum that need not be."""
        known = sum(bit for bit, _ in self.bits)
        return bool(self.rest or self.of(value) or (self.bits and not value & ~known))

    def lines(self) -> list[tuple[str, str]]:
        """Return (value as it is written, meaning) of all but the rest."""
        told = [
            (str(low) if low == high else f"{low} to {high}", w) for low, high, w in self.values
        ]
        return told + [(f"+{bit}", word) for bit, word in self.bits]


class Remarks:
    """The comments of a file, found by the rows that they are about."""

    def __init__(self, source: str) -> None:
        self._behind: dict[int, str] = {}
        self._alone: dict[int, str] = {}
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                is_alone = token.line.lstrip().startswith("#")
                lines = self._alone if is_alone else self._behind
                lines[token.start[0]] = token.string.lstrip("# ")

    def of(self, row: ast.expr) -> str:
        """Return the remark behind a row of one line or right above a row; "" without one."""
        if row.lineno == row.end_lineno and row.lineno in self._behind:
            return self._behind[row.lineno]
        first = row.lineno
        while first - 1 in self._alone:
            first -= 1
        return " ".join(self._alone[line] for line in range(first, row.lineno))


def parse(text: str) -> Words:
    """Read the short form; WordsError says what is wrong with it."""
    values: list[tuple[int, int, str]] = []
    bits: list[tuple[int, str]] = []
    rest: list[str] = []
    for piece in (each.strip() for each in text.split(";")):
        found = _PIECE.fullmatch(piece)
        if not piece:
            raise WordsError(f"an empty piece in {text!r}")
        if not found:
            rest.append(piece)
            continue
        is_bit, low, high, word = found.groups()
        if is_bit:
            bits.append((int(low, 0), word))
        else:
            values.append((int(low, 0), int(high or low, 0), word))
    if len(rest) > 1 or (bits and values):
        raise WordsError(f"{text!r} says two things of one value")
    if any(bit & (bit - 1) or bit <= 0 for bit, _ in bits):
        raise WordsError(f"{text!r}: what is added must be 1, 2, 4, ...")
    return Words(tuple(values), tuple(bits), "".join(rest))
