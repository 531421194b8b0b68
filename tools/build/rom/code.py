"""The bytecode of compiled files, as far as it can run on the module, as C.

An import has run when the image is made, so a module's own code and that of its class bodies are
left out, and so are the names and constants that only they use. Reading compiled files is left to
MicroPython's own tools/mpy-tool.py.
"""

import functools
import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rom.maker import RomError


@functools.cache
def tool(micropython: Path):
    """Return MicroPython's mpy-tool.py as a module."""
    sys.path.append(str(micropython / "py"))
    path = micropython / "tools/mpy-tool.py"
    spec = importlib.util.spec_from_file_location("mpy_tool", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.config.native_arch = module.MP_NATIVE_ARCH_NONE
    module.global_qstrs = module.GlobalQStrList()
    return module


@dataclass
class Place:
    """Where the code has the number of a name or a constant of its file, in 7 bits a byte."""

    at: int
    size: int
    number: int
    is_constant: bool = False


@dataclass
class Loaded:
    """A constant that was a global: a value as dump.py writes it."""

    value: list
    where: str


@dataclass(eq=False)
class Function:
    """The code of one function."""

    data: bytearray
    start: int  # of the instructions
    children: list["Function"]
    is_generator: bool
    opcodes: set[int] = field(default_factory=set)
    stored: set[tuple[int, int]] = field(default_factory=set)  # local variable, its attribute
    places: list[Place] = field(default_factory=list)
    symbol: str = ""
    is_made: bool = False  # functions are made of it on the module

    @property
    def names(self) -> set[int]:
        """Numbers of the names of its file that it uses."""
        return {place.number for place in self.places if not place.is_constant}

    def within(self) -> list["Function"]:
        """Return this function and all that are made in it."""
        return [self, *(each for child in self.children for each in child.within())]


@dataclass
class File:
    """One compiled file: names (qstrs), constants and the code of the module."""

    names: list[str]
    constants: list
    code: Function
    used: list[Function] = field(default_factory=list)


def read(micropython: Path, path: Path) -> File:
    """Read one compiled file."""
    mpy = tool(micropython)
    try:
        module = mpy.read_mpy(str(path))
    except mpy.MPYReadError as error:
        raise RomError(f"{path}: {error}") from error
    names = [each.str for each in module.qstr_table]
    return File(names, list(module.obj_table), _function(mpy, module.raw_code, path))


def _function(mpy, raw, path: Path) -> Function:
    if raw.code_kind != mpy.MP_CODE_BYTECODE:
        raise RomError(
            f"{path}: {raw.simple_name.str}() is native code; it cannot be put into flash"
        )
    generator = bool(raw.scope_flags & mpy.MP_SCOPE_FLAG_GENERATOR)
    children = [_function(mpy, child, path) for child in raw.children]
    found = Function(bytearray(raw.fun_data), raw.offset_opcodes, children, generator)
    at = raw.offset_source_info
    for number in raw.names:
        found.places.append(_place(found, at, number))
        at += found.places[-1].size
    at = raw.offset_opcodes
    loaded = None  # number of the local variable that the instruction before loads
    while at < len(raw.fun_data):
        form, size, argument, _ = mpy.mp_opcode_decode(raw.fun_data, at)
        opcode = raw.fun_data[at]
        found.opcodes.add(opcode)
        is_constant = opcode == mpy.Opcode.MP_BC_LOAD_CONST_OBJ
        if is_constant or form == mpy.MP_BC_FORMAT_QSTR:
            found.places.append(_place(found, at + 1, argument, is_constant))
        if loaded is not None and opcode == mpy.Opcode.MP_BC_STORE_ATTR:
            found.stored.add((loaded, argument))
        loaded = _local(mpy, opcode, argument)
        at += size
    return found


def _place(function: Function, at: int, number: int, is_constant: bool = False) -> Place:
    end = at
    while function.data[end] & 0x80:
        end += 1
    return Place(at, end + 1 - at, number, is_constant)


def put(data: bytearray, place: Place, number: int) -> None:
    """Write a number where another was, as long as that: zeros, or ones below zero, in front."""
    for i in range(place.size):
        shift = 7 * (place.size - 1 - i)
        data[place.at + i] = number >> shift & 0x7F | (0x80 if shift else 0)


def compact(file: File) -> None:
    """Leave out of a file's tables what no function uses that is needed, and number them anew.

    A number in the code keeps its size, so that nothing moves; constants of the
    shortest come first.
    """
    places = [place for each in file.used for place in each.places]
    names = sorted({0}.union(*(each.names for each in file.used)))
    room: dict[int, int] = {}
    for place in places:
        if place.is_constant:
            room[place.number] = min(room.get(place.number, place.size), place.size)
    constants = sorted(room, key=lambda number: (room[number], number))
    file.names = [file.names[number] for number in names]
    file.constants = [file.constants[number] for number in constants]
    of_name = {old: new for new, old in enumerate(names)}
    of_constant = {old: new for new, old in enumerate(constants)}
    for each in file.used:
        for place in each.places:
            place.number = (of_constant if place.is_constant else of_name)[place.number]
            assert place.number < 1 << 7 * place.size
            put(each.data, place, place.number)
        each.stored = {(local, of_name[number]) for local, number in each.stored}


def _local(mpy, opcode: int, argument: int) -> int | None:
    """Return the number of the local variable that an instruction loads, None if it does not."""
    number = opcode - mpy.Opcode.MP_BC_LOAD_FAST_MULTI
    if 0 <= number < mpy.Opcode.MP_BC_LOAD_FAST_MULTI_NUM:
        return number
    return argument if opcode == mpy.Opcode.MP_BC_LOAD_DEREF else None


def stores_globals(mpy, function: Function, file: File) -> bool:
    """Tell whether a function, or one made in it, changes what its module's names stand for."""
    changing = {mpy.Opcode.MP_BC_STORE_GLOBAL, mpy.Opcode.MP_BC_DELETE_GLOBAL}
    return any(
        each.opcodes & changing or "globals" in {file.names[name] for name in each.names}
        for each in function.within()
    )


def stores_cells(mpy, function: Function) -> bool:
    """Tell whether a function, or one made in it, changes a variable of the one around it."""
    changing = {mpy.Opcode.MP_BC_STORE_DEREF, mpy.Opcode.MP_BC_DELETE_DEREF}
    return any(each.opcodes & changing for each in function.within())


def use(file: File, path: list[int], symbol: str) -> Function:
    """Note that a function of a file is needed, with all that are made in it; give it a name.

    `path` are the child numbers that lead to it, the innermost first.
    """
    function = file.code
    for number in reversed(path):
        function = function.children[number]
    if not function.symbol:
        _name(file, function, symbol)
    return function


def note(file: File, function: Function) -> None:
    """Note that a function with a name is needed, with all that are made in it."""
    file.used += [each for each in function.within() if each not in file.used]


def _name(file: File, function: Function, symbol: str) -> None:
    if function.symbol:
        return
    function.symbol = symbol
    file.used.append(function)
    for number, child in enumerate(function.children):
        child.is_made = True
        _name(file, child, f"{symbol}_{number}")


def write(function: Function, where: str) -> str:
    """Return a function's code as C; those of its children come before it."""
    symbol = function.symbol
    numbers = ",".join(str(byte) for byte in function.data)
    text = f"// {where}\nstatic const byte code_{symbol}[] = {{{numbers}}};\n"
    if not function.children:
        return text
    children = ", ".join(f"(const void *){proto(child)}" for child in function.children)
    return text + f"static const void *const children_{symbol}[] = {{{children}}};\n"


def raw(function: Function) -> str:
    """Return what MicroPython makes functions of that have functions in them, as C."""
    if not function.is_made or not function.children:
        return ""
    generator = int(function.is_generator)
    return (
        f"static const mp_raw_code_truncated_t raw_{function.symbol} = {{.kind = "
        f"MP_CODE_BYTECODE, .is_generator = {generator}, .fun_data = code_{function.symbol}, "
        f".children = (void *)children_{function.symbol}}};\n"
    )


def proto(function: Function) -> str:
    """Return the C expression of what makes a function: its code, or a description of it."""
    return f"&raw_{function.symbol}" if function.children else f"code_{function.symbol}"
