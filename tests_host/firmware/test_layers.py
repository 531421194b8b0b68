"""The rooms of firmware/: who may import whom and touch the chip; nobody asks where it runs.

The tables below are the layering of docs and README in the form a test can hold. A new module of
firmware/at needs a line in LAYERS.
"""

import ast
import re

import pytest

from pins import ROOT

FIRMWARE = ROOT / "firmware"

# Each unit of firmware/at imports only from layers above its own, and from itself.
LAYERS = (
    ("errors", "version"),
    ("wire",),
    ("command", "log", "loop"),
    ("settings",),
    ("services",),
    ("commands",),
    ("payload",),
    ("session", "port"),
    ("app",),
)
DEPTH = {unit: depth for depth, units in enumerate(LAYERS) for unit in units}

# What stands for hardware, and the units that may import it.
CHIP = {
    "atcore": ("errors", "log", "loop", "services", "port", "session"),
    "atlink": ("loop", "services", "payload", "port", "session", "app"),
    "atnet": ("services", "app"),
    **dict.fromkeys(
        ("atchip", "esp32", "machine", "network", "socket", "ssl"), ("settings", "services", "app")
    ),
}

# The standard library of the firmware: what an ESP32-S2's MicroPython has built in or we freeze.
LIBRARY = {
    *("array", "asyncio", "binascii", "builtins", "collections", "errno", "gc", "hashlib"),
    *("io", "json", "microdot", "webpage"),
    *("micropython", "os", "random", "re", "select", "struct", "sys", "time", "umqtt", "vfs"),
}
PURE = {"errors", "wire"}
PURE_LIBRARY = LIBRARY - {
    *("asyncio", "microdot", "os", "select", "sys", "time", "umqtt", "vfs", "webpage")
}

# Attributes that tell one platform from another.
QUESTIONS = {"sys.platform", "sys.implementation", "os.uname", "os.getenv"}

SOURCES = sorted((FIRMWARE / "at").rglob("*.py"))


def unit_of(path):
    """Return which unit of LAYERS a file of firmware/at belongs to; "" for the package itself."""
    first = path.relative_to(FIRMWARE / "at").parts[0]
    return first.removesuffix(".py").removeprefix("__init__")


def imports(tree):
    """Yield (line, dotted name) of everything imported; `from at import x` as at.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: write imports in full"
            if node.module == "at":
                yield from ((node.lineno, f"at.{name.name}") for name in node.names)
            else:
                yield node.lineno, node.module


def import_faults(unit, tree):
    """Return what is wrong with the imports of a file of that unit."""
    faults = []
    for line, name in imports(tree):
        first, _, rest = name.partition(".")
        if first == "at":
            other = rest.partition(".")[0]
            if other not in DEPTH:
                faults.append(f"line {line}: {name} is in no layer")
            elif other != unit and DEPTH[other] >= DEPTH[unit]:
                faults.append(f"line {line}: {unit} must not import {name}")
        elif first in CHIP:
            if unit not in CHIP[first]:
                faults.append(f"line {line}: {unit} must not touch {first}")
        elif first not in (PURE_LIBRARY if unit in PURE else LIBRARY):
            faults.append(f"line {line}: {unit} must not import {first}")
    return faults


def platform_faults(tree):
    """Return the lines where a file asks what it runs on."""
    faults = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in QUESTIONS:
            faults.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.ExceptHandler) and "ImportError" in ast.unparse(
            node.type or node
        ):
            faults.append(f"line {node.lineno}: an import that may fail")
    return faults


def exit_faults(tree):
    """Return the context managers that without memory are not left: *args are a tuple."""
    return [
        f"line {node.lineno}: {node.name}(*{node.args.vararg.arg})"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name in ("__exit__", "__aexit__")
        and node.args.vararg
    ]


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_leaving_takes_no_memory(path):
    assert exit_faults(ast.parse(path.read_text())) == []


def test_an_exit_with_a_tuple_is_found():
    tree = ast.parse("class A:\n    def __exit__(self, *exc):\n        pass")
    assert exit_faults(tree) == ["line 2: __exit__(*exc)"]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_keep_the_layers(path):
    unit = unit_of(path)
    if not unit:
        assert not list(imports(ast.parse(path.read_text())))
        return
    assert unit in DEPTH, f"{unit} is in no layer"
    assert import_faults(unit, ast.parse(path.read_text())) == []


@pytest.mark.parametrize("path", sorted(FIRMWARE.rglob("*.py")), ids=name_of)
def test_no_file_asks_where_it_runs(path):
    if path.name != "manifest.py":
        assert platform_faults(ast.parse(path.read_text())) == []


def rooms_of(folder):
    """Return (names of the files, words that the docstring of a folder of at/ has)."""
    text = ast.get_docstring(ast.parse((FIRMWARE / "at" / folder / "__init__.py").read_text()))
    names = {path.stem for path in (FIRMWARE / "at" / folder).glob("*.py")} - {"__init__"}
    return names, set(re.findall(r"\w+", text))


def test_the_list_of_services_names_each_of_them():
    names, words = rooms_of("services")
    prefixes = tuple(word for word in words if word.endswith("_"))
    rooms = {prefix[:-1] for prefix in prefixes}
    assert {each for each in names - words - rooms if not each.startswith(prefixes)} == set()


def test_the_list_of_commands_names_the_chapters():
    names, words = rooms_of("commands")
    prefixes = {name.partition("_")[0] + "_" for name in names if "_" in name}
    assert prefixes == {word for word in words if word.endswith("_")}


def test_firmware_has_never_heard_of_a_simulator():
    word = re.compile(r"simulat|\bsim\b", re.IGNORECASE)
    files = [
        path for path in FIRMWARE.rglob("*") if path.suffix in {".py", ".pyi", ".c", ".h", ".mk"}
    ]
    hits = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if word.search(line)
    ]
    assert hits == []


@pytest.mark.parametrize(
    ("unit", "line", "fault"),
    [
        ("wire", "import machine", "line 1: wire must not touch machine"),
        ("wire", "import asyncio", "line 1: wire must not import asyncio"),
        ("errors", "from at.wire import reply", "line 1: errors must not import at.wire"),
        (
            "services",
            "from at.commands.basic import AT",
            "line 1: services must not import at.commands.basic",
        ),
        ("services", "from at import session", "line 1: services must not import at.session"),
        ("session", "from at.port import Port", "line 1: session must not import at.port"),
        ("commands", "import network", "line 1: commands must not touch network"),
        ("app", "import requests", "line 1: app must not import requests"),
        ("app", "from at.nowhere import x", "line 1: at.nowhere is in no layer"),
    ],
)
def test_fault_is_found(unit, line, fault):
    assert import_faults(unit, ast.parse(line)) == [fault]


@pytest.mark.parametrize(
    "line",
    [
        "if sys.platform == 'linux': pass",
        "x = os.uname()",
        "try:\n    import fcntl\nexcept ImportError:\n    fcntl = None",
        "try:\n    import fcntl\nexcept (OSError, ImportError):\n    fcntl = None",
    ],
)
def test_question_where_it_runs_is_found(line):
    assert platform_faults(ast.parse(line))


def test_what_the_layers_allow_passes():
    text = "import atlink, struct\nfrom at.errors import ATError\nfrom at.services import radio"
    assert import_faults("app", ast.parse(text)) == []
    assert import_faults("wire", ast.parse("import struct\nfrom at.wire.bind import bind")) == []
