"""Import the firmware and write down every object that this made, one JSON list a line.

Runs in the program that maker.py builds, on compiled files: `dump.py SPEC OUTPUT`, where SPEC is
JSON: `path` (folder of the compiled files), `guards` (modules that are not there, or differ from
chip to PC -> {attribute: C name}: nothing else in them may be used by an import), `modules` (to
import, in that order), `reset` (module -> {name: null}, what an import leaves and is no constant).

A value is written as ["i", text], ["f", text], ["s", text], ["b", hex], ["n"|"t"|"F"|"e"] (None,
True, False, ...), ["x", address, name] for a part of the program, ["m", name] for a guarded
module, ["y", C name] for what is in one, or ["o", number] for an object, whose line is
[number, kind, where, parts...].
"""

import gc
import json
import sys

gc.disable()  # addresses are identities here

import romdump  # noqa: E402


class Guard:
    """Stands for a module whose content must not be used while modules are imported."""

    def __init__(self, name, public):
        self.guarded = name
        self._public = public

    def __getattr__(self, name):
        if name in self._public:
            return Symbol(self._public[name])
        raise AttributeError(
            "%s.%s is used while a module is imported: take it inside a function"
            % (self.guarded, name)
        )


class Symbol:
    """Stands for an object of C."""

    def __init__(self, name):
        self.name = name


_PLAIN = {None: "n", True: "t", False: "F"}


class Dump:
    """Numbers objects in the order they are met, and writes each once."""

    def __init__(self, file):
        self._file = file
        self._numbers = {}  # id -> number
        self._queue = []
        self._keep = []

    def value(self, value, where):
        """Return a value as it is written."""
        if value is None or value is True or value is False:
            return [_PLAIN[value]]
        if value is Ellipsis:
            return ["e"]
        kind = type(value)
        if kind is int:
            return ["i", str(value)]
        if kind is float:
            return ["f", repr(value)]
        if kind is str:
            return ["s", value]
        if kind is bytes:
            return ["b", "".join(["%02x" % byte for byte in value])]
        if kind is Guard:
            return ["m", value.guarded]
        if kind is Symbol:
            return ["y", value.name]
        at = romdump.address(value)
        if at is not None:
            return ["x", at, kind.__name__]
        return ["o", self._number(value, where)]

    def _number(self, value, where):
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._numbers)
            self._keep.append(value)
            self._queue.append((number, value, where))
        return number

    def values(self, values, where):
        """Return several values as they are written."""
        return [self.value(value, where) for value in values]

    def items(self, table, where):
        """Return the keys and values of a dict, with the way to each."""
        return [
            [self.value(key, where), self.value(item, "%s.%s" % (where, key))]
            for key, item in table.items()
        ]

    def run(self):
        """Write all that is waiting, and what that leads to."""
        while self._queue:
            number, value, where = self._queue.pop(0)
            line = list(self._parts(value, where))
            line = [number, line[0], where] + line[1:]
            self._file.write(json.dumps(line))
            self._file.write("\n")

    def _parts(self, value, where):
        parts = romdump.parts(value)
        if parts is None:
            return self._plain(value, where)
        kind = parts[0]
        if kind in ("function", "generator"):
            home, (file, path), defaults, keywords = parts[1:]
            defaults, keywords = self.values(defaults, where), self.value(keywords, where)
            return [kind, home["__name__"], file, list(path), defaults, keywords]
        if kind == "class":
            name, flags, bases, table, protocol = parts[1:]
            bases = self.values(bases, where)
            return [kind, name, flags, bases, self.value(table, where), protocol]
        if kind == "instance":
            of, table, native = parts[1:]
            return [
                kind,
                self.value(of, where),
                self.items(table, where),
                self.value(native, where),
            ]
        if kind == "module":
            table, file, constants = parts[1:]
            return [
                kind,
                self.value(table, table["__name__"]),
                file,
                constants and self.values(constants, where),
            ]
        if kind == "closure":
            return [kind, self.value(parts[1], where), self.values(parts[2], where)]
        return [kind] + self.values(parts[1:], where)

    def _plain(self, value, where):
        kind = type(value)
        name = kind.__name__
        if kind in (dict, OrderedDict):
            return [name] + self.items(value, where)
        if kind in (tuple, list, set, frozenset):
            return [name] + self.values(value, where)
        if kind is bytearray:
            return [name, self.value(bytes(value), where)]
        if kind is range:
            return [name, value.start, value.stop, value.step]
        return ["unknown", name]


from collections import OrderedDict  # noqa: E402


def main(spec, output):
    """Import what the specification says and write it down."""
    with open(spec) as file:
        spec = json.load(file)
    sys.path[:] = [spec["path"]]
    for name in spec["guards"]:
        sys.modules[name] = Guard(name, spec["guards"][name])
    for name in spec["modules"]:
        __import__(name)
    asyncio = sys.modules.get("asyncio")
    for name in asyncio._attrs if asyncio else ():
        try:
            getattr(asyncio, name)  # it would be imported, and kept, on first use
        except (AttributeError, ImportError):
            pass
    for name, values in spec["reset"].items():
        for key in values:
            setattr(sys.modules[name], key, None)
    with open(output, "w") as file:
        dump = Dump(file)
        names = {}
        for name in sorted(sys.modules):
            module = sys.modules[name]
            if name != "__main__" and type(module) is not Guard:
                names[name] = dump.value(module, name)
        dump.run()
        own = {}
        for name in ("io", "_asyncio", "time", "select", "struct", "binascii", "json", "os"):
            module = __import__(name)
            for attribute in dir(module):
                at = romdump.address(getattr(module, attribute))
                if at is not None:
                    own[str(at)] = [romdump.address(module), attribute, name]
        file.write(json.dumps({"modules": names, "attributes": own}))
        file.write("\n")


main(sys.argv[1], sys.argv[2])
