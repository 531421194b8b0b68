"""The page on the wire shows bytes that a transcript proves."""

import re

from tools.catalogue import examples
from tools.catalogue.declarations import ROOT
from tools.peers.escapes import unescape

PAGE = (ROOT / "docs" / "wire.md").read_text()
ROWS = re.findall(r"^\|(.*)\| `(\w+\.at)` \|$", PAGE, re.MULTILINE)
SCRIPTS = {each.name: each for each in examples.scripts()}
UNKNOWN = b"\xfe"  # whatever a transcript leaves open


def said(name):
    """Return all that the module says in a transcript, as one run of bytes."""
    stream = b""
    for step in SCRIPTS[name].steps:
        text = re.sub(r"\{[a-z_]\w*(:[^}]*)?\}", "?", examples.placed(step.text))
        if step.kind == "line":
            stream += text.encode() + b"\r\n"
        elif step.kind == "bytes":
            stream += unescape(text)
        elif step.kind in ("any", "regex", "pieces"):
            stream += UNKNOWN
    return stream


def test_every_answer_of_the_page_is_in_its_transcript():
    proved = 0
    for cells, name in ROWS:
        answer = cells.split(" | ")[1]
        for shown in re.findall(r"`((?:\\r|\\n|\+)[^`]*|[^`]*\\n)`", answer):
            if "\\r\\n" in shown or shown.startswith("+"):
                assert unescape(shown) in said(name), (name, shown)
                proved += 1
    assert proved > 40


def test_every_form_of_the_first_table_is_somewhere():
    everything = b"".join(said(name) for name in SCRIPTS)
    forms = PAGE.partition("## Six forms")[2].partition("\n\nEvery command")[0]
    for shown in re.findall(r"`([^`]*\\r\\n[^`]*)`", forms):
        assert unescape(shown).strip() in everything, shown


def test_every_transcript_that_is_named_exists_and_every_reference_leads_here():
    assert {name for _, name in ROWS} <= set(SCRIPTS)
    anchors = set(re.findall(r'<a id="(\w+)">', PAGE))
    anchors |= {title.lower().replace(" ", "-") for title in re.findall(r"^## (.*)$", PAGE, re.M)}
    found = 0
    for folder in ("firmware", "tools", "tests_host", "tests_device", "docs"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".at", ".md", ".c", ".h"):
                for anchor in re.findall(r"wire\.md#([\w-]+)", path.read_text(errors="replace")):
                    assert anchor in anchors, (path, anchor)
                    found += 1
    assert found > 10


def test_nothing_refers_to_papers_that_are_not_here():
    for folder in ("firmware", "tools", "tests_host", "tests_device", "docs", "board"):
        for path in (ROOT / folder).rglob("*"):
            if (
                path.suffix in (".py", ".at", ".md", ".c", ".h")
                and path.name != "test_wire_page.py"
            ):
                text = path.read_text(errors="replace")
                assert not re.search(r"wire-format|contracts\.md|style-guide|api-map", text), path
