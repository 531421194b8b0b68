"""One image: everything of a source as one C file, for every build of the firmware."""

import re
from pathlib import Path

from rom import code, graph, maker, names, objects, resolve
from rom.maker import RomError
from rom.sources import ROOT, Source, application, imitated_chip
from rom.values import Values

OUTPUT = ROOT / "build/usermods/objects"
_EXPRESSION = re.compile(r"at_rom_(function|closure|class)_(\d+)_t")
_COLLECTED = re.compile(r"[A-Za-z0-9_]+")  # as a name; others are in every build
_HEAD = """\
// Written by tools/build/rom: the objects that importing the {name} makes.
#include <stddef.h>

#include "atrom.h"

{registered}
MP_REGISTER_ROOT_POINTER(void *at_rom_ram_{name}[{words}]);

#ifndef NO_QSTR
#pragma GCC diagnostic ignored "-Wdiscarded-qualifiers"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define RAM(word) (&MP_STATE_VM(at_rom_ram_{name})[word])
_Static_assert(MICROPY_QSTR_BYTES_IN_HASH == 1, "sums of names are of one byte");
_Static_assert(MICROPY_OBJ_REPR == MICROPY_OBJ_REPR_A, "numbers and names are tagged pointers");
"""


class Image:
    """Writes one source."""

    def __init__(
        self,
        source: Source,
        micropython: Path,
        program: Path,
        mpy_cross: Path,
        known: list["Image"],
    ):
        self.source = source
        self.micropython = micropython
        self.pool = f"at_rom_names_{source.name}"
        self.own: list[str] = []
        self.names_of_c: set[str] = set()
        self.enumerators = ""
        self.asked: set[str] = set()  # names that attributes are asked for by
        self.mpy = code.tool(micropython)
        compiled = maker.compile_files(source, mpy_cross)
        lines = _dumped(source, program, compiled)
        files = {
            str(path): code.read(micropython, path)
            for path in ((compiled / name).with_suffix(".mpy") for name in source.files)
        }
        self.files = files
        self.graph = graph.load(source, lines, maker.symbols(program), files)
        graph.settle(self.graph, self.mpy)
        self._settle_names(known)
        self.values = Values(self.mpy)
        self.objects = objects.Objects(self.graph, self.values, source.name)
        self._name_attributes()
        self.modules = {each.where: each for each in self.graph.objects if each.kind == "module"}
        self._started = {
            name: code.read(micropython, self._started_file(mpy_cross, name, path))
            for name, path in source.started.items()
        }

    def _started_file(self, mpy_cross: Path, name: str, path: Path) -> Path:
        source = Source(f"{self.source.name}-started", {name: path})
        return (maker.compile_files(source, mpy_cross) / name).with_suffix(".mpy")

    def _settle_names(self, known: list["Image"]) -> None:
        """Look up globals, and leave out what nobody asks for then."""
        for each in self.graph.objects:
            if each.kind in ("function", "generator"):
                graph.code_of(self.graph, each)
        resolve.resolve(self.graph, self.mpy, resolve.builtins(self.micropython))
        asked = set().union(*(each.asked for each in known))
        of_c = names.of_c(self.micropython, self.mpy)
        self.asked = resolve.drop(self.graph, self.mpy, of_c, asked)
        for file in self.files.values():
            code.compact(file)

    def _name_attributes(self) -> None:
        """Have the keys of globals, classes and instances as names, and those of the code."""
        for each in self.graph.objects:
            tables = {"class": 3, "module": 0}
            if each.kind in tables and each.is_needed:
                table = self.graph.target(each.parts[tables[each.kind]])
                assert table is not None
                self.values.names.update(key[1] for key, _ in self.graph.items(table))
            if each.kind == "instance" and each.is_needed:
                self.values.names.update(key[1] for key, _ in each.parts[1])
        for file in self.files.values():
            self.values.names.update(file.names)

    def write(self, known: list["Image"]) -> str:
        """Return the C file; `known` are the images written before, whose names can be used."""
        self.objects.write()
        tables = [self._file_tables(path, file) for path, file in self.files.items()]
        started = [self._started_tables(name, file) for name, file in self._started.items()]
        modules = [self._module(each) for each in self.modules.values()]
        registered = self._registered()
        loaded = self._loaded()
        imported = self._imported()
        body = [
            self._names(known),
            self._typedefs(),
            *(
                f'extern const char {name}[] __asm__("{symbol}");\n'
                for symbol, name in self.values.extern.items()
            ),
            *(
                f"extern const mp_module_context_t {self.objects.module_symbol(each)};\n"
                for each in self.modules.values()
            ),
            *self.objects.declared,
            *self.values.lines,
            objects.definitions(self.graph),
            *(text for text in tables),
            *self.objects.defined,
            *modules,
            *started,
            self._image(loaded, imported, known),
            "#endif\n",
        ]
        head = _HEAD.format(
            name=self.source.name, registered=registered, words=max(self.objects.ram_words, 1)
        )
        return head + "".join(body)

    def _names(self, known: list["Image"]) -> str:
        """Return the enumerators and the pool of the names that C and `known` do not have."""
        of_c = names.of_c(self.micropython, self.mpy)
        used = set(self.values.names)
        self.names_of_c |= used & of_c
        elsewhere = of_c.union(self.names_of_c, *(each.own for each in known))
        self.own = sorted(used - elsewhere, key=lambda name: name.encode())
        count = sum(len(each.own) for each in known)
        before = known[-1].pool if known else "mp_qstr_const_pool"
        first = f"MP_QSTRnumber_of + {count}"
        self.enumerators = names.enumerators(self.values, self.own, first)
        pool = names.pool(self.values, self.own, self.pool, before, first)
        return "".join(each.enumerators for each in known) + self.enumerators + pool

    def _typedefs(self) -> str:
        text = "".join(self.objects.declared)
        found = sorted(set(_EXPRESSION.findall(text)), key=lambda each: (each[0], int(each[1])))
        return "".join(f"AT_ROM_{kind.upper()}({count});\n" for kind, count in found)

    # Modules.

    def _file_tables(self, path: str, file: code.File) -> str:
        """Return the names and constants that a file's functions refer to by number."""
        symbol = self._file_symbol(path)
        rows = ", ".join(self.values.qstr(name) for name in file.names)
        constants = ", ".join(self._constant(value) for value in file.constants)
        return (
            f"static const qstr_short_t names_{symbol}[] = {{{rows}}};\n"
            f"static const mp_rom_obj_t constants_{symbol}[] = {{{constants or 'NULL'}}};\n"
        )

    def _constant(self, value) -> str:
        if isinstance(value, code.Loaded):
            return self.objects.value(value.value, value.where)
        return self.values.constant(value)

    def _file_symbol(self, path: str) -> str:
        return re.sub(r"\W", "_", path.rpartition(f"/{self.source.name}/")[2] or path)

    def _module(self, each: graph.Object) -> str:
        path = each.parts[1]
        constants = ""
        if path:
            symbol = self._file_symbol(path)
            constants = f", {{(qstr_short_t *)names_{symbol}, (mp_obj_t *)constants_{symbol}}}"
        table = self.objects.value(each.parts[0], each.where)
        name = self.objects.module_symbol(each)
        return (
            f"const mp_module_context_t {name} = "
            f"{{{{{{&mp_type_module}}, (mp_obj_dict_t *){table}}}{constants}}};\n"
        )

    def _registered(self) -> str:
        """Return what makes `import` find the modules, and other names of them."""
        found = {name: name for name in self.modules if "." not in name} | self.source.aliases
        self.values.names.update(found)
        self.names_of_c.update(found)  # MicroPython's table of modules has them
        return "".join(
            f"MP_REGISTER_MODULE(MP_QSTR_{name}, "
            f"{self.objects.module_symbol(self.modules[module])});\n"
            for name, module in sorted(found.items())
        )

    def _loaded(self) -> str:
        """Return the modules whose globals change: `import` has to find them as loaded."""
        rows = []
        for name, each in self.modules.items():
            table = self.graph.target(each.parts[0])
            assert table is not None
            if table.in_ram or "__getattr__" in [key[1] for key, _ in table.parts]:
                rows.append(
                    f"    {{{self.values.qstr(name)}, &{self.objects.module_symbol(each)}}},\n"
                )
        return "".join(rows)

    def _imported(self) -> str:
        """Return the modules of C that are used: an import would have prepared them."""
        found = set()
        for each in self.graph.objects:
            for value in graph.children(each):
                if value[0] == "m":
                    found.add(self.source.guards[value[1]])
                elif value[0] == "x" and value[2] == "module":
                    symbol, is_public = self.graph.symbols[value[1]]
                    assert is_public
                    found.add(symbol)
        return "".join(
            f"    (const void *){self.values.reference(symbol)},\n" for symbol in sorted(found)
        )

    def _started_tables(self, name: str, file: code.File) -> str:
        """Return a file that the port starts by its name."""
        code.use(file, [], "started_" + re.sub(r"\W", "_", name)).is_made = True
        found = graph.Graph(self.source, [], {}, {}, {}, {name: file})
        for function in file.used:
            self.values.names.update(file.names[number] for number in function.names)
        for module in self.modules.keys() & set(file.names):  # which is imported part by part
            parts = module.split(".")
            self.values.names.update(".".join(parts[:i]) for i in range(1, len(parts)))
        text = objects.definitions(found)
        symbol = file.code.symbol
        rows = ", ".join(self.values.qstr(each) for each in file.names)
        constants = ", ".join(self.values.constant(value) for value in file.constants)
        return (
            f"{text}static const qstr_short_t names_{symbol}[] = {{{rows}}};\n"
            f"static const mp_rom_obj_t constants_{symbol}[] = {{{constants or 'NULL'}}};\n"
            f"static const mp_frozen_module_t file_{symbol} = {{.constants = {{"
            f".qstr_table = (qstr_short_t *)names_{symbol}, "
            f".obj_table = (mp_obj_t *)constants_{symbol}}}, "
            f".proto_fun = {code.proto(file.code)}}};\n"
        )

    def _calls(self) -> str:
        """Return the functions that are called when the module starts."""
        rows = []
        for name in self.source.calls:
            module, _, function = name.rpartition(".")
            table = self.graph.target(self.modules[module].parts[0])
            assert table is not None
            value = {key[1]: value for key, value in table.parts}[function]
            rows.append(f"    {self.objects.value(value, name)},\n")
        return "".join(rows)

    def _image(self, loaded: str, imported: str, known: list["Image"]) -> str:
        files = "".join(
            f'    {{"{name}", &file_{file.code.symbol}}},\n'
            for name, file in self._started.items()
        )
        after = f"&at_rom_{known[-1].source.name}" if known else "NULL"
        extern = f"extern const at_rom_image_t {after[1:]};\n" if known else ""
        return (
            f"static const at_rom_ram_t rows[] = {{\n{''.join(self.objects.rows)}"
            "    {NULL},\n};\n"
            f"static const at_rom_late_t late[] = {{\n{''.join(self.objects.late)}"
            "    {NULL},\n};\n"
            f"static const at_rom_loaded_t loaded[] = {{\n{loaded}    {{0, NULL}},\n}};\n"
            f"static const void *const imported[] = {{\n{imported}    NULL,\n}};\n"
            f"static const void *const calls[] = {{\n{self._calls()}    NULL,\n}};\n"
            f"static const at_rom_file_t files[] = {{\n{files}    {{NULL, NULL}},\n}};\n"
            f"{extern}const at_rom_image_t at_rom_{self.source.name} = "
            f"{{rows, late, loaded, imported, calls, files, {after}}};\n"
        )


def _dumped(source: Source, program: Path, compiled: Path) -> list:
    """Return what an import makes; RomError if another one makes something else."""
    lines = maker.dump(source, program, compiled)
    again = maker.dump(source, program, compiled)
    if lines != again:
        line = next(one for one, two in zip(lines, again, strict=False) if one != two)
        raise RomError(
            f"{line[2] if isinstance(line, list) else source.name}: another value with each "
            f"import (a time?): {graph.ADVICE}"
        )
    return lines


def write(micropython: Path, mpy_cross: Path, run_make, say) -> None:
    """Bring the C files up to date; unchanged ones keep their time."""
    program = maker.program(micropython, run_make, say)
    images: list[Image] = []
    texts = {}
    for source in (application(micropython), imitated_chip(micropython)):
        image = Image(source, micropython, program, mpy_cross, images)
        texts[f"{source.name}.c"] = image.write(images)
        images.append(image)
    used = sorted(set().union(*(image.names_of_c for image in images)))
    listed = "\n".join(f"MP_QSTR_{name}" for name in used if _COLLECTED.fullmatch(name))
    others = "".join(
        f"// {image.values.qstr(name)}\n" for name in used if not _COLLECTED.fullmatch(name)
    )
    texts["names.c"] = (
        "// Written by tools/build/rom: names of C that the application uses.\n"
        f"{others}#ifdef NO_QSTR\n{listed}\n#endif\n"
    )
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        path = OUTPUT / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


__all__ = ["RomError", "write"]
