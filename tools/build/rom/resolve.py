"""Global names, looked up while the image is made.

The globals of a module in flash never change. An instruction that loads one of them, or a builtin,
becomes one that loads a constant: nothing is searched for when it runs, and the module's table
needs no entry that nobody outside asks for.
"""

import re
from functools import cache
from pathlib import Path

from rom import code
from rom.graph import DROPPED, Graph, Object, children, code_of, file_of

_BUILTIN = re.compile(r"\{ MP_ROM_QSTR\(MP_QSTR_(\w+)\), MP_ROM_PTR\(&(mp_\w+)\) \}")
_SHORTEST = 1 << 7  # numbers that fit the shortest instruction
_NEVER_READ = ("__module__", "__qualname__")  # of classes


@cache
def builtins(micropython: Path) -> dict[str, str]:
    """Return the builtin names, and what C calls them."""
    return dict(_BUILTIN.findall((micropython / "py/modbuiltins.c").read_text()))


def resolve(graph: Graph, mpy, of_c: dict[str, str]) -> None:
    """Have functions load their globals as constants; `of_c` are the builtins."""
    public = {name for name, is_public in graph.symbols.values() if is_public}
    known = {name: ["y", symbol] for name, symbol in of_c.items() if symbol in public}
    for each in graph.objects:
        table = graph.target(each.parts[0]) if each.kind == "module" else None
        if table is not None and each.parts[1] and not table.in_ram:
            values = known | {key[1]: value for key, value in table.parts}
            _resolve_file(mpy, graph.files[each.parts[1]], values, each.where)


def _resolve_file(mpy, file: code.File, values: dict[str, list], where: str) -> None:
    numbers: dict[tuple, int] = {}  # of a value among the file's constants
    loads = [
        (each, place)
        for each in file.used
        for place in each.places
        if each.data[place.at - 1] == mpy.Opcode.MP_BC_LOAD_GLOBAL and place.at >= each.start
    ]
    places = [place for each in file.used for place in each.places]
    short = {place.number for place in places if place.is_constant and place.size == 1}
    for function, place in loads:
        name = file.names[place.number]
        value = values.get(name)
        if value is None:
            continue
        if value[0] == "i" and -1 << 7 * place.size - 1 <= int(value[1]) < 1 << 7 * place.size - 1:
            function.data[place.at - 1] = mpy.Opcode.MP_BC_LOAD_CONST_SMALL_INT
            code.put(function.data, place, int(value[1]))
            function.places.remove(place)
            continue
        number = numbers.get(tuple(value), len(file.constants))
        if place.size == 1 and len(short | {number}) > _SHORTEST:
            continue
        if number == len(file.constants):
            numbers[tuple(value)] = number
            file.constants.append(code.Loaded(value, f"{where}.{name}"))
        if place.size == 1:
            short.add(number)
        function.data[place.at - 1] = mpy.Opcode.MP_BC_LOAD_CONST_OBJ
        place.number, place.is_constant = number, True


def drop(graph: Graph, mpy, of_c: frozenset[str], others: set[str]) -> set[str]:
    """Note what nobody needs; return the names that functions ask for.

    `of_c` are names that C may ask a library for, `others` those that functions of other images
    do. What a user's file can import stays: _is_importable().
    """
    count = None
    imports = _imports(graph, mpy)
    asked: set[str] = set()
    while count != sum(each.is_needed for each in graph.objects):
        count = sum(each.is_needed for each in graph.objects)
        asked = set().union(*(_asked(file) for file in graph.files.values()))
        for each in graph.objects:
            if each.kind == "class":
                graph.dropped[each.parts[3][1]] = set(_NEVER_READ)
            elif each.kind == "module":
                table = graph.target(each.parts[0])
                assert table is not None
                if not table.in_ram:
                    known = asked | others | (set() if _is_layered(graph, each) else of_c)
                    known |= {name for module, name in imports if module == each.where}
                    graph.dropped[table.number] = _unneeded(graph, mpy, each, known)
        _find_needed(graph)
    return asked


def _imports(graph: Graph, mpy) -> set[tuple[str, str]]:
    """Return (module, name) of all that files of the source import from one another."""
    found = set()
    for file in graph.files.values():
        module = ""
        for place in file.code.places:
            opcode = file.code.data[place.at - 1]
            if opcode == mpy.Opcode.MP_BC_IMPORT_NAME:
                module = file.names[place.number]
            elif opcode == mpy.Opcode.MP_BC_IMPORT_FROM:
                found.add((module, file.names[place.number]))
    return found


def _is_layered(graph: Graph, module: Object) -> bool:
    return module.where.startswith(graph.source.layered)


def _asked(file: code.File) -> set[str]:
    """Return the names in the instructions of a file's functions."""
    return {
        file.names[place.number]
        for function in file.used
        for place in function.places
        if not place.is_constant and place.at >= function.start
    }


def _unneeded(graph: Graph, mpy, module: Object, asked: set[str]) -> set[str]:
    """Return the names that the table of a module does without."""
    table = graph.target(module.parts[0])
    assert table is not None
    found = {
        key[1]
        for key, value in table.parts
        if key[1] not in asked and not _is_importable(graph, module, key[1], value)
    }
    file = graph.files.get(module.parts[1])
    makes_classes = file and any(
        mpy.Opcode.MP_BC_LOAD_BUILD_CLASS in function.opcodes for function in file.used
    )
    if _is_layered(graph, module) and not makes_classes:
        found.add("__name__")  # which the body of a class reads
    return found.union(DROPPED)


def _find_needed(graph: Graph) -> None:
    """Mark what can be reached from the modules, and use the code of that alone."""
    waiting = [each for each in graph.objects if each.kind == "module"]
    found = {each.number for each in waiting}
    for file in graph.files.values():
        file.used.clear()
    while waiting:
        for value in _held(graph, waiting.pop()):
            each = graph.target(value)
            if each is not None and each.number not in found:
                found.add(each.number)
                waiting.append(each)
    for each in graph.objects:
        each.is_needed = each.number in found


def _held(graph: Graph, each: Object) -> list[list]:
    """Return all values that an object needs."""
    if each.kind in ("function", "generator"):
        file = graph.files[file_of(each)]
        function = code_of(graph, each)
        code.note(file, function)
        places = [place for one in function.within() for place in one.places]
        used = [file.constants[place.number] for place in places if place.is_constant]
        return children(each) + [each.value for each in used if isinstance(each, code.Loaded)]
    if each.kind in ("dict", "OrderedDict"):
        return [value for item in graph.items(each) for value in item]
    if each.kind == "class":
        return each.parts[2] + [each.parts[3]]
    if each.kind == "instance":
        return [each.parts[0], *children(each)]
    return [each.parts[0]] if each.kind == "module" else children(each)


def _is_importable(graph: Graph, module: Object, name: str, value: list) -> bool:
    """Tell whether a user's file can have a name of a module: what it defines, and no secret."""
    if name.startswith("_"):
        return name.startswith("__")
    path = module.parts[1] or ""
    if path.endswith("__init__.mpy") or not _is_layered(graph, module):
        return True
    each = graph.target(value)
    if each is None:
        return value[0] not in "mxy"
    if each.kind in ("function", "generator"):
        is_handler = module.where.startswith(graph.source.handlers)
        return each.parts[0] == module.where and not is_handler
    if each.kind == "class":
        table = graph.target(each.parts[3])
        assert table is not None
        return [["s", "__module__"], ["s", module.where]] in table.parts
    return each.kind != "module"
