"""Set the conversations of two firmwares side by side: what is the same, what differs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tools.conformance.collect import Entry

Row = tuple[str, str, str]  # "same" or "differs", a line of the reference, one of ours


def lines(log: Sequence[Sequence[object]]) -> list[str]:
    r"""Return a conversation without times: `> sent`, `< received` for each line of the module.

    How the bytes came in pieces does not count; blank lines and ends of lines do.
    """
    out: list[str] = []
    pending = ""
    for _, direction, text in log:
        if direction == "<":
            pending += str(text)
            continue
        out += _received(pending)
        pending = ""
        out.append(f"{direction} {text}")
    return out + _received(pending)


def _received(text: str) -> list[str]:
    *ended, rest = text.split("\\r\\n")
    return [f"< {line}\\r\\n" for line in ended] + ([f"< {rest}"] if rest else [])


def rows(reference: Sequence[Entry], ours: Sequence[Entry]) -> list[Row]:
    """Return the two conversations as rows; "" where one has nothing."""
    left, right = lines(reference), lines(ours)
    out: list[Row] = []
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        old, new = left[left_from:left_to], right[right_from:right_to]
        width = max(len(old), len(new))
        old += [""] * (width - len(old))
        new += [""] * (width - len(new))
        state = "same" if kind == "equal" else "differs"
        out += [(state, a, b) for a, b in zip(old, new, strict=True)]
    return out
