"""Names (qstrs) of an image: a pool of its own, behind that of MicroPython.

Names that some C file of MicroPython or of ours may use are left to MicroPython's build, which
collects them; all others are numbered here. So a new name in Python recompiles one file. A name
in both is a redeclared enumerator for the C compiler.
"""

import re
from functools import cache
from pathlib import Path

from rom.sources import ROOT
from rom.values import Values

_USED = re.compile(r"\bMP_QSTR_(\w+)")
_PASTED = re.compile(r"\b[A-Z]\w*\(\s*(\w+)\s*\)")  # of files with macros that make a name
_LISTED = re.compile(r"^Q\((.*)\)$", re.MULTILINE)
_FOLDERS = ("py", "extmod", "shared", "drivers", "ports/unix", "ports/esp32")
_OURS = ("firmware", "tools/simulator/simchip", "board")


@cache
def of_c(micropython: Path, mpy) -> frozenset[str]:
    """Return every name that a C file may use, of any port we build for."""
    found = set(mpy.qstrutil.static_qstr_list) | {""}
    folders = [micropython / name for name in _FOLDERS] + [ROOT / name for name in _OURS]
    for folder in folders:
        for path in folder.rglob("*.[ch]"):
            text = path.read_text(errors="replace")
            found.update(_USED.findall(text))
            if "MP_QSTR_##" in text:
                found.update(_PASTED.findall(text))
            if path.name.startswith("qstrdefs"):
                found.update(each.replace("\\n", "\n") for each in _LISTED.findall(text))
    return frozenset(found)


def enumerators(values: Values, own: list[str], first: str) -> str:
    """Return the numbers of names as C; `first` is that of the first one."""
    rows = ",\n    ".join(
        values.qstr(name) + (f" = {first}" if i == 0 else "") for i, name in enumerate(own)
    )
    return f"enum {{\n    {rows}\n}};\n" if own else ""


def pool(values: Values, own: list[str], symbol: str, before: str, first: str) -> str:
    """Return a pool as C: the names `own`, in the order of their bytes.

    `before` is the pool that is searched next, `first` the number of the first name.
    """
    data = [name.encode() for name in own]
    sums = ",".join(str(values.hash(each)) for each in data)
    lengths = ",".join(str(len(each)) for each in data)
    octal = ("".join(f"\\{byte:03o}" for byte in each) for each in data)
    texts = ",\n    ".join(f'"{text}"' for text in octal)
    return f"""
static const qstr_hash_t name_sums[] = {{{sums}}};
static const qstr_len_t name_lengths[] = {{{lengths}}};
extern const qstr_pool_t {before};
const qstr_pool_t {symbol} = {{
    &{before}, {first}, true, 10, {len(own)},
    (qstr_hash_t *)name_sums, (qstr_len_t *)name_lengths,
    {{
    {texts}
    }},
}};
"""
