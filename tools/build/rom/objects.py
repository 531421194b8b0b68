"""The objects of a graph as C: constants in flash, and the pattern of each that is in RAM."""

from rom import code, graph, ram
from rom.graph import Graph, Object
from rom.maker import RomError
from rom.values import Values

# Slots of a class made in Python, in the order of py/objtype.c: name, C expression, and the
# methods that it calls. In front of them stands what is known of the class (atrom.h).
SLOTS = (
    ("make_new", "at_rom_make_new", ()),
    ("print", "at_rom_print", ()),
    ("call", "mp_obj_instance_call", ("__call__",)),
    ("unary_op", "at_rom_unary_op", ()),
    ("binary_op", "at_rom_binary_op", ("__",)),  # all others, too many to name
    ("attr", "at_rom_attr", ()),
    ("subscr", "at_rom_subscr", ("__getitem__", "__setitem__", "__delitem__")),
    ("iter", "mp_obj_instance_getiter", ("__iter__",)),
    ("buffer", "at_rom_get_buffer", ("__buffer__",)),  # of a base in C alone
)
# Methods that no operator of two operands calls.
_NO_OPERATORS = {"__init__", "__repr__", "__str__", "__len__", "__bool__", "__hash__"}
# Words that an object takes in RAM, apart from what it keeps in the heap.
_WORDS = {"cell": 2, "instance": 5, "class": 5 + 1 + len(SLOTS) + 3}
_ALL_QSTRS, _FIXED, _ORDERED = 1, 2, 4
_SPARE = 8  # one place in so many: a full table is searched from end to end for what is not in it
_LINEAR = 6  # tables up to this size are searched from the start


class Objects:
    """Writes the objects of one graph."""

    SLOTS = SLOTS

    def __init__(self, found: Graph, values: Values, image: str):
        self.graph = found
        self.values = values
        self.image = image
        self.declared: list[str] = []
        self.defined: list[str] = []
        self.ram_words = 0
        self.rows: list[str] = []  # of what is copied to RAM
        self.late: list[str] = []  # of what is found when the module starts
        self._places: dict[int, int] = {}
        self._in_ram = [each for each in found.ram if each.is_needed]
        for each in self._in_ram:
            self._places[each.number] = self.ram_words
            self.ram_words += _WORDS.get(each.kind, 4)

    def write(self) -> None:
        """Write all objects."""
        for each in self.graph.objects:
            if each.is_needed and not each.in_ram and each.kind not in ("module", "tuple"):
                self._constant(each)
        for each in sorted(self._in_ram, key=self._depth):
            ram.write(self, each)

    def _depth(self, each: Object) -> int:
        """Return how many classes in RAM a class has above it: they have to be there before."""
        if each.kind != "class":
            return 0
        base = self.graph.target(each.parts[2][0])
        return 1 + self._depth(base) if base is not None and base.in_ram else 0

    # References.

    def place(self, each: Object) -> str:
        """Return the C expression of an object's address."""
        if each.in_ram:
            return f"RAM({self._places[each.number]})"
        if each.kind == "module":
            return "&" + self.module_symbol(each)
        if each.kind == "tuple":
            return self.tuple_of(each)
        return f"&obj_{each.number}"

    def tuple_of(self, each: Object) -> str:
        """Return a tuple; equal ones are the same, unless they hold what is their own."""
        return self.values.tuple_of([self.value(item, each.where) for item in each.parts])

    def module_symbol(self, each: Object) -> str:
        """Return the C name of a module."""
        name = each.where
        if name in self.graph.source.symbols:
            return self.graph.source.symbols[name]
        return "at_module_" + name.replace(".", "_")

    def value(self, value: list, where: str) -> str:
        """Return a value as a C expression of type mp_obj_t."""
        kind = value[0]
        if kind == "o":
            each = self.graph.objects[value[1]]
            place = self.place(each)
            return place if place.startswith("MP_ROM") else f"(mp_obj_t){place}"
        if kind == "x":
            return f"(mp_obj_t){self.values.reference(self._symbol(value, where))}"
        if kind == "y":
            return f"(mp_obj_t){self.values.reference(value[1])}"
        if kind == "m":
            return f"(mp_obj_t){self.values.reference(self.graph.source.guards[value[1]])}"
        return self.values.plain(value)

    def _symbol(self, value: list, where: str) -> str:
        name, is_public = self.graph.symbols.get(value[1], ("?", False))
        if is_public:
            return name
        _, attribute, module = self.graph.attributes.get(value[1], (0, "?", "?"))
        raise RomError(
            f"{where}: {module}.{attribute} is an object of C that other files cannot name: "
            f"`import {module}` and use it as {module}.{attribute} inside functions"
        )

    # Tables.

    def table(self, items: list, where: str, name: str, is_full: bool) -> tuple[str, int, int]:
        """Write a table of keys and values; return its C name, flags and slots."""
        pairs = [
            (key, self.value(key, where), self.value(item, f"{where}.{key[-1]}"))
            for key, item in items
        ]
        flags = _ALL_QSTRS if all(each[1].startswith("MP_ROM_QSTR") for each in pairs) else 0
        sums = [self._hash(key) for key, _, _ in pairs]
        if len(pairs) <= _LINEAR or None in sums:
            slots = [(key, item) for _, key, item in pairs]
            flags |= _ORDERED
        else:
            spare = 0 if is_full else len(pairs) // 4 + 1
            slots = _hashed(pairs, sums, len(pairs) + spare)
        if not slots:
            return "NULL", flags, 0
        rows = ", ".join("{{{}, {}}}".format(*each) if each else "{NULL, NULL}" for each in slots)
        self.declared.append(f"static const mp_rom_map_elem_t {name}[{len(slots)}];\n")
        self.defined.append(f"static const mp_rom_map_elem_t {name}[{len(slots)}] = {{{rows}}};\n")
        return name, flags, len(slots)

    def _hash(self, key: list) -> int | None:
        """Return the sum of a key, None if it is another one on every build."""
        if key[0] == "s":
            return self.values.hash(key[1].encode())
        if key[0] == "b":
            return self.values.hash(bytes.fromhex(key[1]))
        if key[0] == "i" and 0 <= int(key[1]) < 1 << 30:
            return int(key[1])
        return None

    def _map_of(self, items: list, each: Object) -> str:
        """Return the initializer of the constant mp_map_t of an object."""
        # Who asks a module for a name knows that it is there.
        is_full = each.number in self.graph.globals
        table, flags, slots = self.table(items, each.where, f"obj_{each.number}_t", is_full)
        return (
            f"{{.all_keys_are_qstrs = {flags & _ALL_QSTRS}, .is_fixed = 1, "
            f".is_ordered = {int(bool(flags & _ORDERED))}, .used = {len(items)}, "
            f".alloc = {slots}, .table = (mp_map_elem_t *){table}}}"
        )

    # Constants.

    def _constant(self, each: Object) -> None:
        name = f"obj_{each.number}"
        kind, content = getattr(self, f"_{each.kind.lower()}")(each)
        self.declared.append(f"static const {kind} {name};\n")
        self.defined.append(f"static const {kind} {name} = {content}; // {each.where}\n")

    def _dict(self, each: Object) -> tuple[str, str]:
        items = self.graph.items(each)
        return "mp_obj_dict_t", f"{{{{&mp_type_dict}}, {self._map_of(items, each)}}}"

    def _ordereddict(self, each: Object) -> tuple[str, str]:
        kind, content = self._dict(each)
        return kind, content.replace("mp_type_dict", "mp_type_ordereddict", 1)

    def _instance(self, each: Object) -> tuple[str, str]:
        of, items, _ = each.parts
        return "mp_obj_instance_t", (
            f"{{{{(const mp_obj_type_t *){self.value(of, each.where)}}}, "
            f"{self._map_of(items, each)}}}"
        )

    def _function(self, each: Object, kind: str = "mp_type_fun_bc") -> tuple[str, str]:
        function = graph.code_of(self.graph, each)
        defaults = [self.value(value, each.where) for value in each.parts[3]]
        if each.parts[4] != ["n"]:
            defaults.append(self.value(each.parts[4], each.where))
        module = self.graph.target(self.graph.modules[each.parts[0]])
        assert module is not None
        children = f"(void *)children_{function.symbol}" if function.children else "NULL"
        head = (
            f"{{&{kind}}}, (const void *)&{self.module_symbol(module)}, {children}, "
            f"code_{function.symbol}"
        )
        if not defaults:
            return "at_rom_function_0_t", f"{{{head}}}"
        return f"at_rom_function_{len(defaults)}_t", f"{{{head}, {{{', '.join(defaults)}}}}}"

    def _generator(self, each: Object) -> tuple[str, str]:
        return self._function(each, "mp_type_gen_wrap")

    def _closure(self, each: Object) -> tuple[str, str]:
        cells = [self.value(value, each.where) for value in each.parts[1]]
        function = self.value(each.parts[0], each.where)
        return f"at_rom_closure_{len(cells)}_t", (
            f"{{{{&mp_type_closure}}, {function}, {len(cells)}, {{{', '.join(cells)}}}}}"
        )

    def _cell(self, each: Object) -> tuple[str, str]:
        value = self.value(each.parts[0], each.where)
        return "mp_obj_cell_t", f"{{{{&at_rom_type_cell}}, {value}}}"

    def _property(self, each: Object) -> tuple[str, str]:
        proxies = ", ".join(self.value(value, each.where) for value in each.parts)
        return "at_rom_property_t", f"{{{{&mp_type_property}}, {{{proxies}}}}}"

    def _staticmethod(self, each: Object) -> tuple[str, str]:
        value = self.value(each.parts[0], each.where)
        return "mp_obj_static_class_method_t", f"{{{{&mp_type_{each.kind}}}, {value}}}"

    _classmethod = _staticmethod

    def _bound_method(self, each: Object) -> tuple[str, str]:
        method, of = (self.value(value, each.where) for value in each.parts)
        return "at_rom_bound_t", f"{{{{&mp_type_bound_meth}}, {method}, {of}}}"

    def _range(self, each: Object) -> tuple[str, str]:
        numbers = ", ".join(str(number) for number in each.parts)
        return "at_rom_range_t", f"{{{{&mp_type_range}}, {numbers}}}"

    def _class(self, each: Object) -> tuple[str, str]:
        title, flags, bases, table, _ = each.parts
        attributes = len(graph.attributes_of(self.graph, each))
        known = f"{attributes + attributes // _SPARE} * AT_ROM_ROOM"
        if graph.is_plain(self.graph, each):
            known += " + AT_ROM_PLAIN"
        used = [slot for slot in SLOTS if each.in_ram or self._has(each, slot[2])]
        slots = [f"({known})"] + [expression for _, expression, _ in used]
        indices = [f".slot_index_{slot} = {i + 2}" for i, (slot, _, _) in enumerate(used)]
        slots.append(self.value(table, each.where))
        indices.append(f".slot_index_locals_dict = {len(slots)}")
        if bases:
            late = each.in_ram and graph.is_late(self.graph, bases[0])
            slots.append("NULL" if late else self._parent(bases, each.where))
            indices.append(f".slot_index_parent = {len(slots)}")
        if each.parts[4]:
            slots.append("NULL")
            indices.append(f".slot_index_protocol = {len(slots)}")
        pointers = ", ".join(f"(const void *){slot}" for slot in slots)
        return f"at_rom_class_{len(slots)}_t", (
            f"{{{{.base = {{&mp_type_type}}, .flags = {flags}, .name = {self.values.qstr(title)}, "
            f"{', '.join(indices)}}}, {{{pointers}}}}}"
        )

    def _has(self, each: Object, methods: tuple[str, ...]) -> bool:
        """Tell whether a slot is of use to a class: a method, or a base in C, may ask for it."""
        if not methods:
            return True
        table = self.graph.target(each.parts[3])
        assert table is not None
        names = {key[1] for key, _ in table.parts}
        if names.intersection(methods):
            return True
        others = {name for name in names if name.startswith("__")} - _NO_OPERATORS
        if "__" in methods and others - {"__module__", "__qualname__"}:
            return True
        bases = [self.graph.target(base) for base in each.parts[2]]
        return any(base is None or self._has(base, methods) for base in bases)

    def _parent(self, bases: list, where: str) -> str:
        if len(bases) == 1:
            return self.value(bases[0], where)
        return self.values.tuple_of([self.value(base, where) for base in bases])

    # What is copied to RAM.

    def at(self, each: Object) -> str:
        """Return the C expression of the place of an object in RAM."""
        return f"RAM({self._places[each.number]})"

    def slots(self, pairs: list, each: Object) -> list:
        """Return the slots of a hash table in RAM, which is full until something is added."""
        sums = [self._hash(key) for key, _, _ in pairs]
        if None in sums:
            raise RomError(f"{each.where}: keys other than text and numbers: {graph.ADVICE}")
        return _hashed(pairs, sums, len(pairs))

    def late_row(self, each: Object, what: str, slot: int, value: list | None) -> str:
        """Return the row of a part of C that is found when the module starts."""
        if value is None:
            return f"    {{{self.at(each)}, {slot}, AT_ROM_{what}, 0, NULL}},\n"
        module, attribute, _ = self.graph.attributes[value[1]]
        name, is_public = self.graph.symbols[module]
        assert is_public
        return (
            f"    {{{self.at(each)}, {slot}, AT_ROM_{what}, {self.values.qstr(attribute)}, "
            f"{self.values.reference(name)}}},\n"
        )


def _hashed(pairs: list, sums: list, size: int) -> list:
    """Return the slots of a hash table as py/map.c fills it."""
    slots: list = [None] * size
    for (_, key, item), total in zip(pairs, sums, strict=True):
        at = total % size
        while slots[at] is not None:
            at = (at + 1) % size
        slots[at] = (key, item)
    return slots


def definitions(found: Graph) -> str:
    """Return the code of all functions, and the tables of their files, as C."""
    parts = []
    for file in found.files.values():
        for function in file.used:
            parts.append(f"static const byte code_{function.symbol}[{len(function.data)}];\n")
            if function.children and function.is_made:
                parts.append(f"static const mp_raw_code_truncated_t raw_{function.symbol};\n")
            if function.children:
                parts.append(
                    f"static const void *const children_{function.symbol}"
                    f"[{len(function.children)}];\n"
                )
    for file in found.files.values():
        for function in file.used:
            parts += [code.write(function, file.names[0]), code.raw(function)]
    return "".join(parts)
