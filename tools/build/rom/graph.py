"""The objects that an import made: which never change, and which have to be in RAM.

Functions, classes, tuples, text never change. Of those that could, a dict or an instance is
constant if its name is (PEP 8: capitals), or if something constant holds it; it then stays in
flash, where writing to it is an error. All else is copied to RAM when the module starts.
"""

from dataclasses import dataclass, field

from rom import code
from rom.maker import RomError
from rom.sources import Source

# Always in RAM: there is no way to keep the VM from writing to them.
CHANGING = ("list", "set", "bytearray", "exception")
# In RAM unless their name says that they are constant.
BY_NAME = ("dict", "OrderedDict", "instance")
PLAIN = ("tuple", "function", "generator", "closure", "cell", "class", "module", "property")
KINDS = (*CHANGING, *BY_NAME, *PLAIN, "staticmethod", "classmethod", "bound_method", "range")
# Entries of a module's globals that only the machinery of imports reads.
DROPPED = ("__file__", "__path__")
ADVICE = "make it in a function, and keep it in an instance (docs/flash-objects.md)"


@dataclass
class Object:
    """One object: `parts` are those of dump.py, behind kind and place."""

    number: int
    kind: str
    where: str
    parts: list
    in_ram: bool = False
    is_constant: bool = False
    is_needed: bool = True


@dataclass
class Graph:
    """All objects of one source, what C objects they name, and the code of their functions."""

    source: Source
    objects: list[Object]
    modules: dict[str, list]  # name -> value
    attributes: dict[int, tuple[int, str, str]]  # address -> (of the module, attribute, module)
    symbols: dict[int, tuple[str, bool]]
    files: dict[str, code.File]
    globals: set[int] = field(default_factory=set)  # dicts that are the globals of a module
    ram: list[Object] = field(default_factory=list)
    dropped: dict[int, set[str]] = field(default_factory=dict)  # of a table's number: its names

    def items(self, table: Object) -> list:
        """Return the entries of a table that stay in it."""
        gone = self.dropped.get(table.number)
        return [item for item in table.parts if item[0][1] not in gone] if gone else table.parts

    def target(self, value: list) -> Object | None:
        """Return the object a value refers to, if it does."""
        return self.objects[value[1]] if value[0] == "o" else None


def load(source: Source, lines: list, symbols: dict, files: dict[str, code.File]) -> Graph:
    """Return the graph of a dump; RomError if an object in it cannot be written."""
    objects = [Object(line[0], line[1], line[2], line[3:]) for line in lines[:-1]]
    for each in objects:
        if each.kind not in KINDS:
            raise RomError(f"{each.where}: a {each.parts[0]} cannot be put into flash: {ADVICE}")
    last = lines[-1]
    attributes = {int(address): tuple(row) for address, row in last["attributes"].items()}
    graph = Graph(source, objects, last["modules"], attributes, symbols, files)
    graph.globals = {each.parts[0][1] for each in objects if each.kind == "module"}
    return graph


def children(each: Object) -> list[list]:
    """Return the values an object holds, without those of its type."""
    kind, parts = each.kind, each.parts
    if kind in ("dict", "OrderedDict"):
        return [value for item in parts for value in item]
    if kind == "instance":
        return [value for item in parts[1] for value in item] + [parts[2]]
    if kind in ("function", "generator"):
        return [*parts[3], parts[4]]
    if kind == "closure":
        return [parts[0], *parts[1]]
    if kind == "class":
        return [parts[3]]
    if kind in ("module", "range"):
        return []
    return parts


def _is_constant_name(name: str) -> bool:
    bare = name.strip("_")
    return name.startswith("__") or (bare == bare.upper() and bare != "")


def settle(graph: Graph, mpy) -> None:
    """Decide for each object where it goes."""
    _mark_constants(graph)
    _mark_cells(graph, mpy)
    _mark_globals(graph, mpy)
    for each in graph.objects:
        if each.kind in CHANGING or (each.kind in BY_NAME and not each.is_constant):
            each.in_ram = True
        if each.kind == "instance" and each.parts[2] != ["n"]:
            each.in_ram = True  # the object of the native base is written to
            each.is_constant = False
    _mark_late(graph)
    graph.ram = [each for each in graph.objects if each.in_ram]


def _mark_constants(graph: Graph) -> None:
    """Mark what constant names stand for, and what that holds."""
    waiting: list[Object] = []

    def hold(value: list) -> None:
        each = graph.target(value)
        if each is not None and not each.is_constant:
            each.is_constant = True
            waiting.append(each)

    for each in graph.objects:
        if each.kind in ("module", "class"):
            table = graph.target(each.parts[0 if each.kind == "module" else 3])
            assert table is not None
            table.is_constant = True
            owner = each.where if each.kind == "module" else each.parts[0]
            for key, value in table.parts:
                name = key[1]
                if _is_constant_name(name) or f"{owner}.{name}" in graph.source.constants:
                    hold(value)
        if each.kind in ("function", "generator"):
            hold(each.parts[4])
    while waiting:
        each = waiting.pop()
        if each.kind in (*BY_NAME, "tuple", "bound_method"):
            for value in children(each):
                hold(value)


def _mark_cells(graph: Graph, mpy) -> None:
    """Put variables that inner functions change into RAM."""
    for each in graph.objects:
        if each.kind == "closure":
            function = graph.target(each.parts[0])
            assert function is not None
            if code.stores_cells(mpy, code_of(graph, function)):
                for value in each.parts[1]:
                    cell = graph.target(value)
                    if cell is not None:
                        cell.in_ram = True


def _mark_globals(graph: Graph, mpy) -> None:
    """Put the globals of modules into RAM whose functions rebind them."""
    for each in graph.objects:
        if each.kind in ("function", "generator"):
            function = code_of(graph, each)
            if code.stores_globals(mpy, function, graph.files[file_of(each)]):
                module = graph.target(graph.modules[each.parts[0]])
                assert module is not None
                table = graph.target(module.parts[0])
                assert table is not None
                table.is_constant = False


def _mark_late(graph: Graph) -> None:
    """Put into RAM what names a part of C that other C files cannot name."""
    changed = True
    while changed:
        changed = False
        for each in graph.objects:
            if each.in_ram or each.kind not in ("class", "dict"):
                continue
            if each.kind == "class":
                bases = [graph.target(base) for base in each.parts[2]]
                has_late = any(is_late(graph, base) for base in each.parts[2])
                if has_late or each.parts[4]:
                    each.in_ram = changed = True
                    each.is_constant = False
                    if len(bases) > 1:
                        raise RomError(f"{each.where}: several bases, one of them in C")
            elif each.number in graph.globals and any(
                is_late(graph, value) for _, value in each.parts
            ):
                each.in_ram = changed = True
                each.is_constant = False


def is_late(graph: Graph, value: list) -> bool:
    """Tell whether a value is a part of C whose name is known to its own file only."""
    if value[0] != "x":
        return False
    symbol = graph.symbols.get(value[1])
    return (symbol is None or not symbol[1]) and value[1] in graph.attributes


def file_of(function: Object) -> str:
    """Return the compiled file of a function."""
    return function.parts[1]


def code_of(graph: Graph, function: Object) -> code.Function:
    """Return the code of a function object, which is needed from now on."""
    name = f"{function.parts[0]}.{function.where.rpartition('.')[2]}"
    symbol = "".join(char if char.isalnum() else "_" for char in name)
    return code.use(
        graph.files[file_of(function)], function.parts[2], f"{symbol}_{function.number}"
    )


def attributes_of(graph: Graph, each: Object) -> set[str]:
    """Return the names of what the methods of a class and of its bases store in an instance."""
    table = graph.target(each.parts[3])
    assert table is not None
    found = set()
    for _, value in table.parts:
        member = graph.target(value)
        for method in member.parts if member and member.kind == "property" else [value]:
            found |= _stored_by(graph, graph.target(method))
    for base in filter(None, map(graph.target, each.parts[2])):
        found |= attributes_of(graph, base)
    return found


def is_plain(graph: Graph, each: Object) -> bool:
    """Tell whether instances of a class store attributes as the VM does by itself."""
    table = graph.target(each.parts[3])
    assert table is not None
    bases = [graph.target(base) for base in each.parts[2]]
    names = {key[1] for key, _ in table.parts}
    return not names & {"__setattr__", "__delattr__"} and all(
        is_plain(graph, base) for base in bases if base is not None
    )


def _stored_by(graph: Graph, method: Object | None) -> set[str]:
    """Return the names of the attributes that a method stores in its first argument."""
    number = 0
    if method and method.kind == "closure":  # the variables of the function around come first
        number = len(method.parts[1])
        method = graph.target(method.parts[0])
    if not method or method.kind not in ("function", "generator"):
        return set()
    names = graph.files[file_of(method)].names
    stored = code_of(graph, method).stored
    return {names[name] for variable, name in stored if variable == number}
