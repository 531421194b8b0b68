"""What can be read in one go: files under 400 lines, functions of Python under 40."""

import ast

import pytest

from pins import ROOT

MOST_LINES = 400  # of a file
MOST_IN_FUNCTION = 40
FOLDERS = ("board", "docs", "findings", "firmware", "tests_device", "tests_host", "tools")
SUFFIXES = {".py", ".c", ".h", ".js", ".css", ".html", ".cmake", ".mk", ".md", ".at", ".rs"}
GENERATED = {"docs/commands.md"}


def ours():
    """Yield the files that people write and read."""
    yield from (path for path in ROOT.iterdir() if path.suffix in SUFFIXES)
    yield ROOT / "Makefile"
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            is_written = path.suffix in SUFFIXES and path.is_file()
            if is_written and path.relative_to(ROOT).as_posix() not in GENERATED:
                yield path


def long_functions(tree):
    """Return (name, lines) of the functions that have too many."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    lines = [(node.name, node.end_lineno - node.lineno + 1) for node in functions]
    return [row for row in lines if row[1] >= MOST_IN_FUNCTION]


def test_files_are_under_400_lines():
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in ours()}
    assert {name: lines for name, lines in lengths.items() if lines >= MOST_LINES} == {}
    assert len(lengths) > 600


def test_functions_are_under_40_lines():
    found = {
        str(path.relative_to(ROOT)): long_functions(ast.parse(path.read_text()))
        for path in ours()
        if path.suffix == ".py"
    }
    assert {name: rows for name, rows in found.items() if rows} == {}


@pytest.mark.parametrize(("lines", "expected"), [(39, []), (40, [("f", 40)])])
def test_a_long_function_is_found(lines, expected):
    for text in ("def f():\n", "async def f():\n"):
        assert long_functions(ast.parse(text + "    pass\n" * (lines - 1))) == expected
