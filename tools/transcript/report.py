"""Write the difference between a transcript and what came, for people and for accept."""

from __future__ import annotations

from tools.peers import escapes
from tools.transcript.grammar import Step, Transcript

_CONTEXT = 4  # lines of the file shown before the difference


def as_expectations(data: bytes, *, exact: bool) -> list[str]:
    """Write received bytes as the ``<`` lines that would have expected them."""
    out = []
    while data:
        line, end, data = data.partition(b"\r\n")
        if not line and not exact and end:
            continue
        plain = all(32 <= byte < 127 for byte in line) and b"{" not in line
        if not plain or (exact and not end):
            out.append("<< " + escapes.escape(line + end))
        elif not line:
            out.append("<")
        else:
            # ">" needs no CR LF, and what follows it is a line of its own
            out += ["< >", "< " + line[1:].decode()] if _glued(line) else ["< " + line.decode()]
    return out


def _glued(line: bytes) -> bool:
    return line.startswith(b">") and len(line) > 1


def difference(script: Transcript, expected: list[Step], got: list[str]) -> str:
    """Show some lines of the file, then what was expected (-) and what came (+)."""
    first = expected[0].number if expected else len(script.source) + 1
    lines = [
        f"  {number:4} {script.source[number - 1]}"
        for number in range(max(1, first - _CONTEXT), first)
    ]
    same = 0
    while same < min(len(expected), len(got)) and expected[same].source == got[same]:
        lines.append(f"  {expected[same].number:4} {got[same]}")
        same += 1
    lines += [f"- {step.number:4} {step.source}" for step in expected[same:]]
    lines += [f"+      {line}" for line in got[same:]] or ["+      (nothing)"]
    return "\n".join(lines)
