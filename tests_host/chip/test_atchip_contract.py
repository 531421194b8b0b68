"""The module atchip three times: its stub, the C module for the chip, the imitation on the PC.

The stub firmware/typings/atchip.pyi is the contract; the two others must have the same names,
take as many arguments, and have the same constants. The firmware itself is the fourth: it may
call what the stub has, in a way that C functions understand, which know no keywords.
"""

import ast
import inspect
import re

import pytest

from pins import ROOT
from tools.simulator.loop import Loop
from tools.simulator.wifi.driver import Driver

STUB = ROOT / "firmware/typings/atchip.pyi"
CHIP = ROOT / "firmware/atchip"
IMITATION = ROOT / "tools/simulator/chip/atchip"
SIMCHIP = ROOT / "tools/simulator/simchip"
SUPERVISOR = ROOT / "tools/simulator"

ANY_NUMBER = 99
OBJECT = re.compile(
    r"MP_DEFINE_CONST_FUN_OBJ_(?:([0-3])|VAR_BETWEEN)\((\w+)_obj, (?:(\d+), (\d+), )?"
)


def counts_of(arguments, *, skip=0):
    """Return the least and the most positional arguments that a definition takes."""
    positional = [*arguments.posonlyargs, *arguments.args][skip:]
    most = ANY_NUMBER if arguments.vararg else len(positional)
    return len(positional) - len(arguments.defaults), most


def definitions(tree):
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def constants_of(tree):
    """Return the integers that a module defines at its top."""
    values = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            values[node.target.id] = ast.literal_eval(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            values[node.targets[0].id] = node.value.value
    return {name: value for name, value in values.items() if isinstance(value, int)}


def stub():
    tree = ast.parse(STUB.read_text())
    return {name: counts_of(node.args) for name, node in definitions(tree).items()}


def function_objects(folder):
    """Return the function objects that C files define: name -> argument counts."""
    found = {}
    for path in sorted(folder.rglob("*.c")):
        for fixed, name, low, high in OBJECT.findall(path.read_text()):
            found[name] = (int(low), int(high)) if low else (int(fixed), int(fixed))
    return found


def chip():
    """Return what the C module's table offers: name -> argument counts."""
    names = re.findall(r"^    FUNCTION\((\w+)\),$", (CHIP / "modatchip.c").read_text(), re.M)
    assert len(names) == len(set(names)), "a name is in the table twice"
    objects = function_objects(CHIP)
    return {name: objects[f"atchip_{name}"] for name in names}


def from_sim():
    """Return what `_sim` offers: name -> argument counts."""
    objects = function_objects(SIMCHIP)
    table = (SIMCHIP / "modsim.c").read_text()
    rows = re.findall(r"MP_QSTR_(\w+)\), MP_ROM_PTR\(&(\w+)_obj\)", table)
    return {name: objects[obj] for name, obj in rows}


def wifi_calls():
    """Return the calls of the imitated driver: name -> argument counts."""
    driver = Driver(Loop(), [], ("", "", ""), "02:00:00:00:00:00", print, print)
    found = {}
    for name, call in driver._calls.items():
        all_of = inspect.signature(call).parameters.values()
        if any(one.kind is one.VAR_POSITIONAL for one in all_of):
            found[name] = (0, ANY_NUMBER)
            continue
        # `lambda value, name=name`: the second is no argument but what the lambda was made with.
        wanted = [one for one in all_of if call.__name__ != "<lambda>" or one.default is one.empty]
        found[name] = (sum(one.default is one.empty for one in wanted), len(wanted))
    return found


def wire_calls():
    """Return calls that go to the supervisor's parts as they are: name -> argument counts.

    None where the part does not look at the arguments.
    """
    names = ast.parse((IMITATION / "wires.py").read_text())
    [calls] = [
        node.value
        for node in names.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_CALLS"
    ]
    found = dict.fromkeys(ast.literal_eval(calls))
    for path in sorted((SUPERVISOR / "wires").glob("*.py")):
        tree = ast.parse(path.read_text())
        methods = definitions(tree)
        for table in (node for node in ast.walk(tree) if isinstance(node, ast.Dict)):
            for key, value in zip(table.keys, table.values, strict=True):
                name = key.value if isinstance(key, ast.Constant) else ""
                called = re.match(r"lambda \w+: self\.(\w+)\(", ast.unparse(value))
                if name in found and called:
                    found[name] = counts_of(methods[called[1]].args, skip=1)
    return found


def imitation():
    """Return what the simulated chip's module offers: name -> argument counts."""
    offered = {}
    for path in sorted(IMITATION.glob("*.py")):
        tree = ast.parse(path.read_text())
        for name, node in definitions(tree).items():
            offered[name.lstrip("_")] = counts_of(node.args)
    tree = ast.parse((IMITATION / "__init__.py").read_text())
    native = from_sim()
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_OF_THE_PROCESS":
            offered |= {name: native[name] for name in ast.literal_eval(node.value)}
    return wifi_calls() | wire_calls() | offered


def calls_of_firmware():
    """Yield (place, name, node): each mention of atchip.name; node is the call, if it is one."""
    for path in sorted((ROOT / "firmware/at").rglob("*.py")):
        tree = ast.parse(path.read_text())
        called = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "atchip":
                yield f"{path.name}:{node.lineno}", node.attr, called.get(node)


CONTRACT = stub()


def test_the_chip_has_what_the_stub_promises_and_nothing_else():
    assert sorted(chip()) == sorted(CONTRACT)


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_the_chip_takes_as_many_arguments(name):
    low, high = CONTRACT[name]
    c_low, c_high = chip()[name]
    assert c_low == low
    assert c_high == high or (high == ANY_NUMBER and c_high >= 1)


def test_the_imitation_has_what_the_firmware_uses():
    used = {name for _, name, _ in calls_of_firmware()}
    assert used - set(imitation()) == set()
    assert used - set(CONTRACT) == set()


@pytest.mark.parametrize("name", sorted(set(CONTRACT) & set(imitation())))
def test_the_imitation_takes_as_many_arguments(name):
    low, high = CONTRACT[name]
    its_low, its_high = imitation()[name] or (low, high)
    assert its_high in (high, ANY_NUMBER)
    assert its_low == low or (its_low < low and its_high == ANY_NUMBER)


def test_the_firmware_calls_as_c_functions_want_it():
    for place, name, call in calls_of_firmware():
        if call is None:
            continue
        assert not call.keywords, f"{place}: C functions know no keywords"
        if not any(isinstance(argument, ast.Starred) for argument in call.args):
            low, high = CONTRACT[name]
            assert low <= len(call.args) <= high, place


def test_constants_are_the_same():
    text = (CHIP / "modatchip.c").read_text()
    rows = re.findall(r"MP_QSTR_(\w+)\), MP_ROM_INT\((\w+)\)", text)
    chips = {name: int(value, 0) for name, value in rows}
    init = ast.parse((IMITATION / "__init__.py").read_text())
    assert chips == constants_of(ast.parse(STUB.read_text()))
    assert chips == constants_of(init)


def test_every_function_of_the_chip_is_declared_as_it_is_defined():
    header = (CHIP / "atchip.h").read_text()
    rows = re.findall(r"MP_DECLARE_CONST_FUN_OBJ_(\w+)\(atchip_(\w+)_obj\);", header)
    declared = {name: kind for kind, name in rows}
    for name, (low, high) in chip().items():
        assert declared[name] in ("VAR_BETWEEN", str(low)), name
        assert (declared[name] == "VAR_BETWEEN") == (low != high or low > 3), name


def test_events_are_those_of_the_stub():
    event = definitions(ast.parse(STUB.read_text()))["event"]
    words = set(re.findall(r'\("(\w+)"', ast.get_docstring(event)))
    shapes = (CHIP / "events.c").read_text().partition("shapes[] = {")[2].partition("};")[0]
    assert set(re.findall(r"MP_QSTR_(\w+)", shapes)) == words - {"gpio"}  # the world's, for tests
