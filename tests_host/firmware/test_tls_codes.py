"""The codes of TLS failures: the service's table, the reasons of the C layer, the document."""

import ast
import re

from tools.catalogue.declarations import ROOT

SERVICE = ROOT / "firmware/at/services/tls.py"
REASONS_C = ROOT / "firmware/atlink/net/tls_reason.c"
DOCUMENT = ROOT / "docs/tls-errors.md"


def reasons() -> tuple[str, ...]:
    for node in ast.parse(SERVICE.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_REASONS":
            value: tuple[str, ...] = ast.literal_eval(node.value)
            return value
    raise AssertionError("no _REASONS in " + SERVICE.name)


def test_every_reason_of_a_handshake_has_a_code() -> None:
    text = REASONS_C.read_text()
    given = set(re.findall(r'(?:, |return |\? |: )"([a-z][^"%]+)"', text))
    later = {
        *("closed without close_notify", "no CA to check with", "no certificate of our own"),
        "renegotiation refused",
    }
    assert given - later <= set(reasons())


def test_the_document_lists_the_codes() -> None:
    rows = dict(re.findall(r"^\| 0x010a(50[0-3]\w) \| ([^|]+) \|", DOCUMENT.read_text(), re.M))
    assert rows == {f"{0x5001 + i:04x}": reason for i, reason in enumerate(reasons())}
