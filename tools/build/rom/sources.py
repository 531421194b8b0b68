"""Which Python modules become constant data, by the names they are imported with."""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEPS = ROOT / "build/deps"
# Modules that the port starts by name, as files: they run once and leave nothing.
STARTED = ("chipstart.py",)


@dataclass
class Source:
    """What one image is made of."""

    name: str
    files: dict[str, Path]  # path below the import root -> file
    guards: dict[str, str] = field(default_factory=dict)  # module that is not there -> its C name
    symbols: dict[str, str] = field(default_factory=dict)  # module -> C name others know it by
    aliases: dict[str, str] = field(default_factory=dict)  # other name -> module
    started: dict[str, Path] = field(default_factory=dict)  # files the port starts by name
    reset: dict[str, dict] = field(default_factory=dict)  # what an import leaves and boot makes
    calls: tuple[str, ...] = ()  # module.function that makes it at boot
    constants: tuple[str, ...] = ()  # Class.name of libraries, constant though not in capitals
    layered: tuple[str, ...] = ()  # modules whose names are imported from where they are defined
    handlers: tuple[str, ...] = ()  # modules whose functions are known to declarations alone


def _tree(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Return the Python files below a folder, by their path from there."""
    return {
        prefix + str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*.py"))
        if path.name not in STARTED
    }


# C modules of the chip that the application uses, and their objects in C.
CHIP = {
    "atchip": "atchip_module",
    "atcore": "atcore_module",
    "atlink": "atlink_module",
    "atnet": "atlink_atnet_module",
    "atrom": "atrom_module",
    "errno": "mp_module_errno",
    "esp32": "esp32_module",
    "machine": "mp_module_machine",
    "network": "mp_module_network",
}


_ENTRY = re.compile(r"MP_QSTR_(\w+)\), MP_ROM_PTR\(&(\w+)\)")
_MACRO = re.compile(r"#define FUNCTION\(name\) .*&(\w*)##name##(\w*)\)")
_FUNCTION = re.compile(r"\bFUNCTION\((\w+)\),")
_OWN = re.compile(r"static (?:const )?(?:MP_DEFINE_\w+\()?(\w+)")


def public_objects(module: str) -> dict[str, str]:
    """Return the attributes of a C module of ours that other C files can name, and those names."""
    for path in sorted((ROOT / "firmware").rglob("*.c")):
        text = path.read_text()
        if f"MP_REGISTER_MODULE(MP_QSTR_{module}," in text:
            own = set(_OWN.findall(text))
            entries = dict(_ENTRY.findall(text))
            for before, behind in _MACRO.findall(text):
                entries |= {each: before + each + behind for each in _FUNCTION.findall(text)}
            return {name: symbol for name, symbol in entries.items() if symbol not in own}
    return {}


def application(micropython: Path) -> Source:
    """Return the application and its libraries: the same on the chip and on a PC."""
    files = _tree(ROOT / "firmware/at", "at/")
    files |= _tree(ROOT / "firmware/lib")
    files |= _tree(ROOT / "build/generated")
    files |= {"umqtt/simple.py": DEPS / "umqtt/umqtt/simple.py"}
    files |= {"microdot.py": DEPS / "microdot/src/microdot/microdot.py"}
    asyncio = micropython / "extmod/asyncio"
    names = ("__init__", "core", "event", "funcs", "lock", "stream")
    files |= {f"asyncio/{name}.py": asyncio / f"{name}.py" for name in names}
    return Source(
        "application",
        files,
        guards=CHIP,
        aliases={"usocket": "socket"},
        started={name: ROOT / "firmware" / name for name in ("_boot.py", "main.py")},
        calls=("at.log.begin", "at.loop.begin"),
        reset={"asyncio.core": {"_task_queue": None, "_io_queue": None}},
        layered=("at.",),
        handlers=("at.commands.",),
        constants=(
            "Response.types_map",
            "URLPattern.segment_parsers",
            "URLPattern.segment_patterns",
            "asyncio._attrs",
        ),
    )


def imitated_chip(_: Path) -> Source:
    """Return the modules that stand for those of the chip on a PC."""
    return Source(
        "imitated_chip",
        _tree(ROOT / "tools/simulator/chip")
        | {name: ROOT / "tests_host/firmware" / name for name in ("romother.py", "romsamples.py")},
        guards={"_sim": "sim_module"},
        started={"chipstart.py": ROOT / "tools/simulator/chip/chipstart.py"},
        symbols={name: CHIP[name] for name in ("atchip", "esp32", "machine", "network")},
    )
