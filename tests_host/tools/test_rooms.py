"""The rooms of tools/ and tests_host/: who may import whom, and nobody in a circle.

ROOMS says which room stands on which: a room imports only from lines above its own and from
itself. A file that is named with its room stands on its own line. A new room needs its place here.
"""

import ast

import pytest

from pins import ROOT

ROOMS = (
    ("tools.catalogue.words",),
    ("tools.catalogue.declarations",),  # the build makes C tables of them
    ("tools.build",),
    ("tools.mfg",),
    ("tools.peers",),
    ("tools.host",),
    ("tools.transcript",),
    ("tools.catalogue",),
    ("tools.simulator",),
    ("tools.term",),
    ("tools.image",),
    ("tools.params",),
    ("tools.fuzz", "tools.conformance", "tools.bench"),
    ("tests_device",),
    ("tests_host",),
)
DEPTH = {room: depth for depth, rooms in enumerate(ROOMS) for room in rooms}
# These are programs of MicroPython, for which test_layers.py and ROM's own tests are the judge.
ON_THE_MODULE = ("tools/simulator/chip", "tools/build/rom/maker")
# What a person starts; all else is in a room.
DOORS = {"atsim", "factory.py", "sign.py", "terminal.py", "world"}


def python_files():
    for base in ("tools", "tests_device", "tests_host"):
        for path in sorted((ROOT / base).rglob("*.py")):
            name = path.relative_to(ROOT)
            if not name.as_posix().startswith(ON_THE_MODULE) and len(name.parts) > 2:
                yield name


FILES = list(python_files())
MODULES = {str(name.with_suffix("")).replace("/", "."): name for name in FILES}


def room_of(module):
    """Return the line of ROOMS that a module belongs to: the longest name that fits."""
    names = [room for room in DEPTH if module == room or module.startswith(room + ".")]
    return max(names, key=len, default=None)


def imported(tree):
    """Yield (line, module) of what a file imports from tools or the tests, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{name.name}" for name in node.names]
            names = [name if name in MODULES else node.module for name in names]
        else:
            continue
        for name in names:
            known = f"tools.build.{name}"
            yield node.lineno, known if known in MODULES else name


def faults(module, tree):
    """Return what is wrong with the imports of a module."""
    mine, found = room_of(module), []
    for line, name in imported(tree):
        theirs = room_of(name)
        if theirs and theirs != mine and DEPTH[theirs] >= DEPTH[mine]:
            found.append(f"line {line}: {mine} stands below {theirs}")
        elif name in MODULES and name.split(".")[-1].startswith("test_"):
            found.append(f"line {line}: what tests share does not stand in {name}")
    return found


def test_imports_keep_to_the_rooms():
    wrong = {}
    for module, name in MODULES.items():
        assert room_of(module), f"{name} is in no room"
        # test_all_seen.py asks the other tests of its folder what there is to see.
        if module != "tests_device.test_all_seen":
            wrong[module] = faults(module, ast.parse((ROOT / name).read_text()))
    assert {module: found for module, found in wrong.items() if found} == {}


def circles(graph):
    """Return the modules of a graph (module: set of modules) that reach themselves."""
    left = {module: set(others) for module, others in graph.items()}
    while free := [module for module, others in left.items() if not others & set(left)]:
        for module in free:
            del left[module]
    return left


def test_no_file_of_tools_imports_itself_in_a_circle():
    graph = {
        module: {target for _, target in imported(ast.parse((ROOT / name).read_text()))}
        for module, name in MODULES.items()
        if name.name != "__init__.py"
    }
    assert circles(graph) == {}


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == {}
    assert set(circles({"a": {"b"}, "b": {"a"}, "c": set()})) == {"a", "b"}


def test_at_the_root_of_tools_stands_what_a_person_starts():
    files = {path.name for path in (ROOT / "tools").iterdir() if path.is_file()}
    assert files == DOORS


@pytest.mark.parametrize("base", ["tools", "tests_host"])
def test_each_room_says_whose_it_is(base):
    for folder in (ROOT / base).iterdir():
        if folder.is_dir() and list(folder.glob("*.py")):
            sign = folder / "__init__.py"
            assert sign.exists(), f"{folder.name} has no sign"
            assert ast.get_docstring(ast.parse(sign.read_text())), f"{folder.name} says nothing"


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        (
            "tools.peers.webpeer",
            "from tools.host import privacy",
            "line 1: tools.peers stands below tools.host",
        ),
        (
            "tools.build.fetch",
            "from tools.catalogue import gendocs",
            "line 1: tools.build stands below tools.catalogue",
        ),
        (
            "tools.term.view",
            "import tests_host.webcamera",
            "line 1: tools.term stands below tests_host",
        ),
        (
            "tests_host.c.netpeers",
            "from tests_host.c.test_net_up import x",
            "line 1: what tests share does not stand in tests_host.c.test_net_up",
        ),
    ],
)
def test_fault_is_found(module, line, fault):
    assert faults(module, ast.parse(line)) == [fault]


def test_what_the_rooms_allow_passes():
    text = (
        "import firmware\nfrom tools.catalogue import declarations\nfrom tools.build import pins"
    )
    assert faults("tools.build.commandtable", ast.parse(text)) == []
