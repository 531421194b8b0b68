"""What is copied to RAM when the module starts: a pattern of each object, and of what it holds."""

from rom import graph
from rom.graph import Object
from rom.maker import RomError

_LEAST_ITEMS = 4  # of a list in the heap (py/objlist.c)


def write(objects, each: Object) -> None:
    """Write the pattern of an object, and the row that says where it belongs."""
    kind, content, held, late = _FORMS[each.kind](objects, each)
    name = f"pattern_{each.number}"
    objects.declared.append(f"static const {kind} {name};\n")
    objects.defined.append(f"static const {kind} {name} = {content}; // {each.where}\n")
    table, pointer, item, filled, room = held or ("NULL", "", "", 0, 0)
    offset = f"offsetof({kind}, {pointer})" if pointer else "0"
    size = f"sizeof({item})" if item else "0"
    objects.rows.append(
        f"    {{{objects.at(each)}, &{name}, {table}, sizeof({name}), {offset}, "
        f"{filled} * {size}, {room} * {size}}}, // {each.where}\n"
    )
    objects.late += late


def _table(objects, each: Object, items: list) -> tuple[str, tuple | None, list[str]]:
    """Return the initializer of a map, what it holds, and what of that is found at the start."""
    late, plain = [], []
    for key, value in items:
        is_late = graph.is_late(objects.graph, value)
        plain.append([key, ["i", "0"] if is_late else value])
        if is_late:
            late.append((key, value))
    name = f"pattern_{each.number}_t"
    pairs = [
        (key, objects.value(key, each.where), objects.value(value, f"{each.where}.{key[-1]}"))
        for key, value in plain
    ]
    slots = objects.slots(pairs, each)
    rows = ", ".join("{{{}, {}}}".format(*slot) if slot else "{NULL, NULL}" for slot in slots)
    flags = int(all(pair[1].startswith("MP_ROM_QSTR") for pair in pairs))
    start = f"{{.all_keys_are_qstrs = {flags}, .used = {len(pairs)}, .alloc = {len(slots)}}}"
    if not slots:
        return start, None, []
    objects.declared.append(f"static const mp_rom_map_elem_t {name}[{len(slots)}];\n")
    objects.defined.append(f"static const mp_rom_map_elem_t {name}[{len(slots)}] = {{{rows}}};\n")
    keys = [slot and slot[0] for slot in slots]
    found = [
        objects.late_row(each, "ITEM", keys.index(objects.value(key, each.where)), value)
        for key, value in late
    ]
    return start, (name, "map.table", "mp_map_elem_t", len(slots), len(slots)), found


def _dict(objects, each: Object):
    items = objects.graph.items(each)
    start, held, late = _table(objects, each, items)
    name = "ordereddict" if each.kind == "OrderedDict" else "dict"
    if each.kind == "OrderedDict" and items:
        raise RomError(f"{each.where}: an OrderedDict with content changes: {graph.ADVICE}")
    return "mp_obj_dict_t", f"{{{{&mp_type_{name}}}, {start}}}", held, late


def _instance(objects, each: Object):
    of, items, native = each.parts
    start, held, late = _table(objects, each, items)
    if held:
        held = (held[0], "members.table", *held[2:])
    part = "NULL" if native == ["n"] else objects.value(native, each.where)
    kind = f"(const mp_obj_type_t *){objects.value(of, each.where)}"
    return "at_rom_instance_t", f"{{{{{kind}}}, {start}, {part}}}", held, late


def _items(objects, each: Object, values: list[str], room: int):
    """Write what a list or set holds; return it as a pattern does."""
    if not room:
        return None
    name = f"pattern_{each.number}_i"
    row = ", ".join(values)
    objects.declared.append(f"static const mp_rom_obj_t {name}[{max(len(values), 1)}];\n")
    objects.defined.append(
        f"static const mp_rom_obj_t {name}[{max(len(values), 1)}] = {{{row or 'NULL'}}};\n"
    )
    return name, len(values), room


def _list(objects, each: Object):
    values = [objects.value(value, each.where) for value in each.parts]
    room = max(len(values), _LEAST_ITEMS)
    name, filled, room = _items(objects, each, values, room)
    content = f"{{{{&mp_type_list}}, {room}, {len(values)}, NULL}}"
    return "mp_obj_list_t", content, (name, "items", "mp_obj_t", filled, room), []


def _set(objects, each: Object):
    pairs = [(value, objects.value(value, each.where), "") for value in each.parts]
    slots = [slot[0] if slot else "NULL" for slot in objects.slots(pairs, each)]
    content = f"{{{{&mp_type_set}}, {{{len(slots)}, {len(pairs)}, NULL}}}}"
    if not slots:
        return "at_rom_set_t", content, None, []
    name, filled, room = _items(objects, each, slots, len(slots))
    return "at_rom_set_t", content, (name, "set.table", "mp_obj_t", filled, room), []


def _bytearray(objects, each: Object):
    data = bytes.fromhex(each.parts[0][1])
    name = f"pattern_{each.number}_b"
    numbers = ",".join(map(str, data or b"\0"))
    objects.declared.append(f"static const byte {name}[{max(len(data), 1)}];\n")
    objects.defined.append(f"static const byte {name}[{max(len(data), 1)}] = {{{numbers}}};\n")
    content = f"{{{{&mp_type_bytearray}}, BYTEARRAY_TYPECODE, 0, {len(data)}, NULL}}"
    held = (name, "items", "byte", len(data), len(data)) if data else None
    return "mp_obj_array_t", content, held, []


def _exception(objects, each: Object):
    of, arguments = (objects.value(value, each.where) for value in each.parts)
    content = f"{{{{(const mp_obj_type_t *){of}}}, 0, 0, NULL, (mp_obj_tuple_t *){arguments}}}"
    return "mp_obj_exception_t", content, None, []


def _cell(objects, each: Object):
    return *objects._cell(each), None, []


def _class(objects, each: Object):
    kind, content = objects._class(each)
    bases, late = each.parts[2], []
    slot = len(objects.SLOTS) + 2
    if graph.is_late(objects.graph, bases[0]):
        late.append(objects.late_row(each, "PARENT", slot, bases[0]))
    if each.parts[4]:
        late.append(objects.late_row(each, "PROTOCOL", slot + 1, None))
    return kind, content, None, late


_FORMS = {
    "dict": _dict,
    "OrderedDict": _dict,
    "instance": _instance,
    "list": _list,
    "set": _set,
    "bytearray": _bytearray,
    "exception": _exception,
    "cell": _cell,
    "class": _class,
}
