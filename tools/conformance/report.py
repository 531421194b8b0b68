"""Write the page of a conformance run: one HTML file with everything in it.

python -m tools.conformance.report RESULTS.json PAGE.html [REFERENCE.json]
"""

from __future__ import annotations

import html
import json
import sys
from collections import Counter
from pathlib import Path
from string import Template
from typing import Any

from tools.conformance import compare

_HERE = Path(__file__).parent
_NAMES = {"passed": "pass", "failed": "fail", "skipped": "skip", "recorded": "recorded"}
_ARROWS = {">": "→", "<": "←", "!": "•"}
_FACTS = ("firmware", "port", "host", "date", "duration", "reference")


def load(path: Path) -> dict[str, Any]:
    """Return the results of a run."""
    return dict(json.loads(path.read_text()))


def page(results: dict[str, Any], reference: dict[str, Any] | None = None) -> str:
    """Return the page; with a reference each conversation stands beside the reference's."""
    tests = results["tests"]
    facts = dict(results["facts"])
    if reference:
        facts["reference"] = reference["facts"].get("firmware", "recorded bytes")
    theirs = reference["tests"] if reference else {}
    counts = Counter(test["outcome"] for test in tests.values())
    return Template((_HERE / "page.html").read_text()).substitute(
        style=(_HERE / "page.css").read_text(),
        script=(_HERE / "page.js").read_text(),
        verdict=_verdict(counts),
        state=_state(counts),
        facts="".join(_fact(name, facts[name]) for name in _FACTS if facts.get(name)),
        counts="".join(_count(name, counts[name]) for name in _NAMES if counts[name]),
        bar="".join(_bar(name, counts[name]) for name in _NAMES if counts[name]),
        tests="".join(
            _group(group, names, tests, theirs) for group, names in _groups(tests).items()
        ),
    )


def _verdict(counts: Counter[str]) -> str:
    if counts["failed"]:
        return f"{counts['failed']} failed"
    if counts["passed"]:
        return "All that ran passed"
    return "Recorded" if counts["recorded"] else "Nothing ran"


def _state(counts: Counter[str]) -> str:
    """Return the colour of the headline: green only if something passed."""
    if counts["failed"]:
        return "failed"
    return "passed" if counts["passed"] else "nothing"


def _short(name: str) -> str:
    """Return a test's name without its file; a transcript's is the name of its own file."""
    case = name.partition("::")[2] or name
    inner = case.removeprefix("test_transcript[")
    return inner.removesuffix("]") if inner != case else case


def _groups(tests: dict[str, Any]) -> dict[str, list[str]]:
    """Return the tests by group: a transcript's is the first word of its name."""
    groups: dict[str, list[str]] = {}
    for name in tests:
        file, _, case = name.partition("::")
        words = case.partition("[")[2].rstrip("]")
        is_transcript = file == "test_scenarios.py"
        group = words.replace("/", "_").split("_")[0] if is_transcript else file
        groups.setdefault(group, []).append(name)
    return groups


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"


def _count(name: str, count: int) -> str:
    return (
        f'<button class="{name}" data-filter="{name}" aria-pressed="false">'
        f"<b>{count}</b> {_NAMES[name]}</button>"
    )


def _bar(name: str, count: int) -> str:
    return f'<i class="{name}" style="flex-grow:{count}" title="{count} {_NAMES[name]}"></i>'


def _group(group: str, names: list[str], tests: dict[str, Any], theirs: dict[str, Any]) -> str:
    counts = Counter(tests[name]["outcome"] for name in names)
    told = ", ".join(f"{counts[name]} {_NAMES[name]}" for name in _NAMES if counts[name])
    inner = "".join(_test(name, tests[name], theirs.get(name)) for name in names)
    return f"<section><h2>{html.escape(group)} <small>{told}</small></h2>{inner}</section>"


def _test(name: str, test: dict[str, Any], their: dict[str, Any] | None) -> str:
    outcome, title = test["outcome"], test["title"]
    short = _short(name)
    rows = compare.rows(their["log"], test["log"]) if their and test["log"] else []
    differing = sum(state == "differs" for state, _, _ in rows)
    note = f'<em class="differs">{differing} lines differ</em>' if differing else ""
    reason = ""
    if outcome == "failed":
        reason = f"<pre>{html.escape(test['reason'])}</pre>"
    elif test["reason"]:
        note += f"<em>{html.escape(test['reason'])}</em>"
    body = reason + (_side_by_side(rows) if rows else "") + _bytes(test["log"])
    return (
        f'<details class="{outcome}" data-outcome="{outcome}"'
        f"{' open' if outcome == 'failed' else ''}>"
        f"<summary><span class=pill>{_NAMES[outcome]}</span> {_named(title, short)}"
        f"{note}<time>{test['seconds']:.1f} s</time></summary>"
        f"{body or '<p>Nothing was exchanged.</p>'}</details>"
    )


def _named(title: str, short: str) -> str:
    """Return title and name of a test; without a title the name stands alone."""
    shown = f"<span class=title>{html.escape(title or short)}</span>"
    return shown + (f"<code>{html.escape(short)}</code>" if title and title != short else "")


def _bytes(log: list[list[Any]]) -> str:
    if not log:
        return ""
    classes = {">": "out", "<": "in", "!": "act"}
    rows = "".join(
        f'<tr class="{classes[direction]}"><td>{stamp:.3f}</td><td>{_ARROWS[direction]}</td>'
        f"<td>{html.escape(text)}</td></tr>"
        for stamp, direction, text in log
    )
    return f'<table class="bytes"><caption>Bytes, by seconds</caption>{rows}</table>'


def _side_by_side(rows: list[compare.Row]) -> str:
    cells = "".join(
        f'<tr class="{state}"><td>{html.escape(left)}</td><td>{html.escape(right)}</td></tr>'
        for state, left, right in rows
    )
    head = "<tr><th>reference</th><th>this firmware</th></tr>"
    return f'<table class="pair">{head}{cells}</table>'


def write(results: Path, target: Path, reference: Path | None = None) -> None:
    """Make the page of a results file."""
    target.write_text(page(load(results), load(reference) if reference else None))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(f"usage: {__doc__}")
    write(*map(Path, sys.argv[1:]))
