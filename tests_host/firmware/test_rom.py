"""Objects in flash: each kind is what an import would have made, and constants stay constant.

romsamples.py is in the image of the PC; its objects are made by the build as the application's
are (tools/build/rom). tests_host/firmware/romcheck.py runs on the module and looks at them.
"""

import ast
import subprocess
from pathlib import Path

import pytest

import fetch
import firmware
from pins import ROOT
from rom import code, graph, maker
from rom.maker import RomError
from rom.sources import Source

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("bits", [64, 32])
def test_every_kind_of_object(bits):
    program = firmware.build(bits)
    done = subprocess.run([program, HERE / "romcheck.py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("all is as it should be\n")


@pytest.mark.parametrize("bits", [64, 32])
def test_all_of_it_is_in_sections_that_cannot_be_written_to(bits):
    """What no check of the VM keeps from writing meets a page without that right."""
    objects = firmware.build(bits).parent / "objects/application.o"
    done = subprocess.run(["nm", objects], capture_output=True, text=True, check=True)
    kinds = {line.split()[-2] for line in done.stdout.splitlines()}
    assert kinds == {"r", "R", "U"}


def names_defined(path):
    """Return the public names that a file defines itself; of commands, only the declarations."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign):
            found.update(each.id for each in node.targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name if path.parent.name != "commands" else "_")
    return sorted(name for name in found if not name.startswith("_"))


def test_what_a_file_defines_can_be_imported(tmp_path):
    lines = ["import sys"]
    for path in sorted((ROOT / "firmware/at").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "firmware").with_suffix("").parts)
        if path.name != "__init__.py":
            names = names_defined(path)
            lines.append(f"import {module}\nmodule = sys.modules.get({module!r}) or {module}")
            lines.append(f"print([n for n in {names!r} if not hasattr(module, n)])")
    script = tmp_path / "script.py"
    script.write_text("\n".join(lines))
    command = [firmware.build(32), "-X", "heapsize=256k", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(done.stdout.splitlines()) == {"[]"}


def make(tmp_path, text, guards=()):
    """Return the graph of one module, as image.py gets it."""
    (tmp_path / "one.py").write_text(text)
    source = Source("test-" + tmp_path.name, {"one.py": tmp_path / "one.py"})
    source.guards = {name: name + "_module" for name in guards}
    firmware.build(64)
    compiled = maker.compile_files(source, firmware.BUILD / "mpy-cross/mpy-cross")
    program = maker.BUILD / "maker/micropython"
    return graph.load(source, maker.dump(source, program, compiled), {}, {})


ATTRIBUTES = """
class One:
    kind = 1

    def __init__(self, other):
        self.a = self.b = 1
        other.elsewhere = 2
        function = lambda: self.a
        self.c = function

    @property
    def d(self):
        return self._d

    @d.setter
    def d(self, value):
        self._d, self.kept = value


class Two(One):
    def __init__(self):
        super().__init__(self)
        self.e = 5

    async def go(self):
        self.e += 1
        self.f = 6

    @staticmethod
    def stay(other):
        other.g = 7
"""


def test_instances_get_room_for_what_methods_store_in_them(tmp_path):
    found = make(tmp_path, ATTRIBUTES)
    micropython = fetch.micropython()
    path = str(maker.BUILD / found.source.name / "one.mpy")
    found.files[path] = code.read(micropython, Path(path))
    attributes = {
        each.parts[0]: graph.attributes_of(found, each)
        for each in found.objects
        if each.kind == "class"
    }
    one = {"a", "b", "c", "_d", "kept"}
    assert attributes == {"One": one, "Two": one | {"e", "f"}}


def test_what_cannot_be_in_flash_is_named_with_its_place(tmp_path):
    with pytest.raises(RomError, match=r"one\.queue: a deque cannot be put into flash: make"):
        make(tmp_path, "from collections import deque\nqueue = deque((), 3)\n")


def test_what_differs_on_the_chip_cannot_be_used_by_an_import(tmp_path):
    with pytest.raises(RomError, match=r"errno\.EAGAIN is used while a module is imported"):
        make(tmp_path, "import errno\nAGAIN = errno.EAGAIN\n", ["errno"])


def test_an_import_that_fails_shows_its_traceback(tmp_path):
    with pytest.raises(RomError, match=r'File "one\.py", line 2'):
        make(tmp_path, "\n1 / 0\n")
