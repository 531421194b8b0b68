"""One value as a C expression of type mp_obj_t, and the small constants that takes."""

import struct

from rom.maker import RomError

# Text up to this is a qstr: that takes less than an object.
_INTERNED = 255
BYTES_IN_HASH = 1  # tables of names are small: two cost flash for each name of the image
_SMALL = 1 << 30  # small integers of 32-bit builds are below, on both sides
_SMALL_64 = 1 << 62


def _big(name: str, number: int, size: int) -> str:
    """Return a big integer as C, for builds whose digits have that size in bits."""
    rest, digits = abs(number), []
    while rest:
        digits.append(str(rest & (1 << size) - 1))
        rest >>= size
    return (
        f"#if MPZ_DIG_SIZE == {size}\n"
        f"static const mp_obj_int_t {name} = {{{{&mp_type_int}}, {{.neg = {int(number < 0)}, "
        f".fixed_dig = 1, .alloc = {len(digits)}, .len = {len(digits)}, "
        f".dig = (mpz_dig_t *)(const mpz_dig_t[]){{{', '.join(digits)}}}}}}};\n"
        f"#define VALUE_{name} MP_ROM_PTR(&{name})\n#endif\n"
    )


class Values:
    """What the constants of one C file are made of; each is written once."""

    def __init__(self, mpy):
        self._mpy = mpy
        self.names: set[str] = set()  # qstrs
        self.extern: dict[str, str] = {}  # C name -> what stands for it here
        self.lines: list[str] = []
        self._made: dict[tuple, str] = {}

    def qstr(self, text: str) -> str:
        """Return the C name of an interned text."""
        self.names.add(text)
        return "MP_QSTR_" + self._mpy.qstrutil.qstr_escape(text)

    def reference(self, symbol: str) -> str:
        """Return the C expression of the address of an object of another file."""
        if symbol not in self.extern:
            self.extern[symbol] = f"extern_{symbol}"
        return self.extern[symbol]

    def plain(self, value: list) -> str:
        """Return a value that is no object of the graph; see dump.py for its forms."""
        kind = value[0]
        if kind in ("n", "t", "F", "e"):
            return {
                "n": "MP_ROM_NONE",
                "t": "MP_ROM_TRUE",
                "F": "MP_ROM_FALSE",
                "e": "MP_ROM_PTR(&mp_const_ellipsis_obj)",
            }[kind]
        if kind == "i":
            return self.integer(int(value[1]))
        if kind == "f":
            return self.floating(float(value[1]))
        if kind == "s":
            return self.text(value[1])
        return self.bytes_of(bytes.fromhex(value[1]))

    def constant(self, value) -> str:
        """Return a constant of a compiled file."""
        if value is None or value is True or value is False or value is Ellipsis:
            return self.plain([{None: "n", True: "t", False: "F"}.get(value, "e")])
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.bytes_of(value)
        if isinstance(value, int):
            return self.integer(value)
        if isinstance(value, float):
            return self.floating(value)
        if isinstance(value, tuple):
            return self.tuple_of([self.constant(each) for each in value])
        raise RomError(f"a constant {value!r} cannot be put into flash")

    def _once(self, key: tuple, form: str, prefix: str) -> str:
        """Return a reference to an object written as `form`, % its name, unless it is there."""
        if key not in self._made:
            name = self._made[key] = f"{prefix}_{len(self._made)}"
            self.lines.append(form % name)
        return f"MP_ROM_PTR(&{self._made[key]})"

    def integer(self, number: int) -> str:
        """Return an integer; big ones are objects, in 32 bit earlier than in 64 bit."""
        if -_SMALL <= number < _SMALL:
            return f"MP_ROM_INT({number})"
        key = ("i", number)
        if key not in self._made:
            name = self._made[key] = f"int_{len(self._made)}"
            made = "".join(_big(name, number, size) for size in (16, 32))
            if -_SMALL_64 <= number < _SMALL_64:
                made = (
                    f"#if UINTPTR_MAX > 0xffffffff\n#define VALUE_{name} MP_ROM_INT({number}LL)\n"
                    f"#else\n{made}#endif\n"
                )
            self.lines.append(made)
        return f"VALUE_{self._made[key]}"

    def floating(self, number: float) -> str:
        """Return a floating point number."""
        exact = struct.unpack("<f", struct.pack("<f", number))[0]
        form = f"static const at_rom_float_t %s = {{{{&mp_type_float}}, (mp_float_t){exact!r}}};\n"
        return self._once(("f", exact), form, "float")

    def text(self, text: str) -> str:
        """Return a str."""
        if len(text.encode()) <= _INTERNED or text in self.names:
            return f"MP_ROM_QSTR({self.qstr(text)})"
        return self._characters("str", text.encode())

    def bytes_of(self, data: bytes) -> str:
        """Return a bytes."""
        if not data:
            return "MP_ROM_PTR(&mp_const_empty_bytes_obj)"
        return self._characters("bytes", data)

    def _characters(self, kind: str, data: bytes) -> str:
        total = self.hash(data)
        quoted = "".join(f"\\{byte:03o}" for byte in data)
        form = (
            f"static const mp_obj_str_t %s = {{{{&mp_type_{kind}}}, {total}, {len(data)}, "
            f'(const byte *)"{quoted}"}};\n'
        )
        return self._once((kind, data), form, kind)

    def hash(self, data: bytes) -> int:
        """Return MicroPython's sum of a text."""
        return self._mpy.qstrutil.compute_hash(data, BYTES_IN_HASH)

    def tuple_of(self, items: list[str]) -> str:
        """Return a tuple of expressions."""
        if not items:
            return "MP_ROM_PTR(&mp_const_empty_tuple_obj)"
        form = (
            f"static const mp_rom_obj_tuple_t %s = {{{{&mp_type_tuple}}, {len(items)}, "
            f"{{{', '.join(items)}}}}};\n"
        )
        return self._once(("t", *items), form, "tuple")
