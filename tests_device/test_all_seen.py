"""Runs last: every declared command, form and error code came up in this session.

A form counts when it ended well at least once; a rejection alone proves nothing. After parallel
workers, of which none knows when the others are done, it runs in a session of its own over the
notes that they kept (`--notes`), as `make test` does.
"""

import ast
from pathlib import Path

import pytest

from tests_device import test_boundaries, test_scenarios
from tools.catalogue import declarations
from tools.transcript import seen

_ERRORS = declarations.ROOT / "firmware" / "at" / "errors.py"


# The codes of the manual's tables for MQTT (3.4.15) and HTTP (3.5.9), as extensions of 0x010a0000.
_MQTT = set(range(0x6001, 0x6053))
_HTTP = {0x7000, *range(0x7190, 0x71A2), *range(0x71F4, 0x71FA)}
# docs/mqtt-errors.md says why these never come,
_NEVER = {0x6006, 0x6007, 0x602A, 0x6046, 0x604E, 0x604F}
# and tests_host/firmware/test_mqtt_service.py provokes these, which depend on the peer's buffers.
_RARE = {0x6005, 0x600F}


def error_subs() -> dict[int, str]:
    """Return the subcategories of ERR CODE that the firmware declares."""
    subs = {}
    for node in ast.parse(_ERRORS.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("SUB_"):
            subs[ast.literal_eval(node.value)] = ast.unparse(node.targets[0])
    return subs


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, notes: Path) -> seen.Seen:
    """Return the record; skip, with the reason, unless all there is ran against a simulator."""
    record = seen.read(notes)
    for module, total in (
        (test_scenarios, len(test_scenarios.NAMES)),
        (test_boundaries, test_boundaries.TESTS),
    ):
        name = Path(str(module.__file__)).name
        selected = sum(f"/{name}::" in test for test in record.collected)
        if selected < total:
            pytest.skip(f"partial run: {selected} of {total} tests of {name} were selected")
    if request.config.option.port:
        pytest.skip("a real module cannot be taken through everything")
    if missing := len(record.collected - record.tests):
        pytest.skip(f"partial run: {missing} tests did not run")
    return record


def test_every_command_and_form_ran(record: seen.Seen) -> None:
    missing = [
        f"AT{command.name}{declarations.SUFFIX[form]} ({form})"
        for command in declarations.all_commands()
        for form in command.forms
        if not record.ran(command.name, form)
    ]
    assert not missing, "never ended well in this session:\n  " + "\n  ".join(missing)


def test_every_error_code_came(record: seen.Seen) -> None:
    missing = [
        f"0x{sub:02x} {name}" for sub, name in error_subs().items() if sub not in record.subs
    ]
    assert not missing, "never answered in this session:\n  " + "\n  ".join(missing)


def test_every_code_of_mqtt_and_http_came(record: seen.Seen) -> None:
    came = {code & 0xFFFF for code in record.codes if code >> 16 == 0x010A}
    missing = sorted((_MQTT | _HTTP) - _NEVER - _RARE - came)
    assert not missing, "never answered: " + ", ".join(f"0x{code:04x}" for code in missing)
    assert not _NEVER & came, "docs/mqtt-errors.md names codes that came as never sent"
