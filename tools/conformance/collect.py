"""A pytest plugin that gathers what each test of tests_device/ did: outcome, reason, bytes.

Leaves a JSON file that report.py makes a page of, and that serves as reference for a later run.
"""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tools.host import privacy
from tools.host.bytelog import ByteLog
from tools.host.privacy import shown

_MOST_ENTRIES = 400  # of one test's byte log
_MOST_BYTES = 600  # of one entry

Entry = tuple[float, str, str]


def readable(log: ByteLog) -> list[Entry]:
    """Return a byte log as (seconds, direction, text), the middle left out if it is very long."""
    out: list[Entry] = []
    entries = log.entries()
    half = _MOST_ENTRIES // 2
    for index, (stamp, direction, data) in enumerate(entries):
        if half <= index < len(entries) - half:
            if index == half:
                out.append((stamp, "!", f"{len(entries) - 2 * half} entries left out"))
            continue
        text = shown(data[:_MOST_BYTES])
        if len(data) > _MOST_BYTES:
            text += f" ... {len(data) - _MOST_BYTES} bytes more"
        out.append((round(stamp, 3), direction, text))
    return out


class Collector:
    """Watches a session; `facts` are what the report's head says.

    Reports are made to be passed on: the secret and what paths tell of this PC are left out.
    """

    def __init__(self, path: Path, facts: dict[str, str], secret: str | None = None) -> None:
        self._path = path
        self._secret = secret
        self._facts = facts
        self._tests: dict[str, dict[str, Any]] = {}
        self._start = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one phase of a test."""
        name = report.nodeid.partition("tests_device/")[2] or report.nodeid
        test = self._tests.setdefault(
            name, {"outcome": "passed", "title": "", "reason": "", "log": [], "seconds": 0.0}
        )
        test["seconds"] = round(test["seconds"] + report.duration, 2)
        if report.skipped:
            test["outcome"], test["reason"] = "skipped", _skip_reason(report)
        elif report.failed:
            test["outcome"], test["reason"] = "failed", str(report.longrepr)
        test |= dict(report.user_properties)

    def pytest_sessionfinish(self) -> None:
        """Write the JSON file."""
        now = datetime.datetime.now().astimezone()
        facts = {
            **self._facts,
            "date": now.strftime("%Y-%m-%d %H:%M"),
            "duration": f"{time.monotonic() - self._start:.0f} s",
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = _cleaned({"facts": facts, "tests": self._tests}, self._secret)
        self._path.write_text(json.dumps(content, indent=1))


def _cleaned(value: Any, secret: str | None) -> Any:
    if isinstance(value, str):
        return privacy.clean(value, secret)
    if isinstance(value, dict):
        return {key: _cleaned(each, secret) for key, each in value.items()}
    return [_cleaned(each, secret) for each in value] if isinstance(value, list | tuple) else value


def _skip_reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
