"""The program that imports modules on this PC and writes down the objects that this made."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from rom.sources import ROOT, Source, public_objects

HERE = Path(__file__).resolve().parent / "maker"
BUILD = ROOT / "build/rom"


class RomError(Exception):
    """The application cannot be made constant data; the text says where and what to do."""


def program(micropython: Path, run_make, say) -> Path:
    """Return the program, built when MicroPython or its own source changed."""
    target = BUILD / "maker"
    stamp = target / "made-of"
    own = [path for path in sorted(HERE.rglob("*")) if path.suffix in (".c", ".h", ".mk")]
    own += [ROOT / "firmware/atrom/atrom.h", ROOT / "board/SIM/mpconfigvariant.h"]
    total = hashlib.sha256(os.path.relpath(micropython, ROOT).encode())
    for path in own:
        total.update(path.read_bytes())
    if not (target / "micropython").exists() or stamp.read_text() != total.hexdigest():
        say("compiling the program that imports the application")
        shutil.rmtree(target, ignore_errors=True)  # make does not see what options take away
        variables = {
            "BUILD": target,
            "VARIANT_DIR": HERE,
            "USER_C_MODULES": HERE / "module",
            "AT_ROM_DIR": ROOT / "firmware/atrom",
            "STRIP": "",
        }
        run_make(micropython / "ports/unix", variables)
        stamp.write_text(total.hexdigest())
    return target / "micropython"


def compile_files(source: Source, mpy_cross: Path) -> Path:
    """Return the folder of the compiled files of one source; only what changed is compiled."""
    folder = BUILD / source.name
    for name, path in source.files.items():
        target = (folder / name).with_suffix(".mpy")
        newest = max(path.stat().st_mtime_ns, mpy_cross.stat().st_mtime_ns)
        if target.exists() and target.stat().st_mtime_ns > newest:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        command = [mpy_cross, "-O0", "-s", name, "-o", target, path]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            target.unlink(missing_ok=True)
            raise RomError(f"{path} does not compile:\n{done.stderr}{done.stdout}")
    wanted = {(folder / name).with_suffix(".mpy") for name in source.files}
    for stale in set(folder.rglob("*.mpy")) - wanted:
        stale.unlink()
    return folder


def module_name(file: str) -> str:
    """Return the name a file is imported by."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def dump(source: Source, maker: Path, compiled: Path) -> list:
    """Import all of a source; return what dump.py wrote, a list for each line."""
    specification = BUILD / f"{source.name}.json"
    output = BUILD / f"{source.name}.dump"
    modules = [module_name(name) for name in source.files]
    spec = {
        "path": str(compiled),
        "guards": {name: public_objects(name) for name in source.guards},
        "modules": modules,
        "reset": source.reset,
    }
    specification.write_text(json.dumps(spec))
    command = [maker, "-X", "heapsize=64m", HERE / "dump.py", specification, output]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RomError(f"importing the {source.name} for its objects:\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in output.read_text().splitlines()]


def symbols(maker: Path) -> dict[int, tuple[str, bool]]:
    """Return what stands at each address of the program: a name, and whether others can use it."""
    done = subprocess.run(["nm", maker], capture_output=True, text=True, check=True)
    found: dict[int, tuple[str, bool]] = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in "DdRrBbVv":
            address, is_public = int(words[0], 16), words[1].isupper()
            if is_public or address not in found:
                found[address] = (words[2], is_public)
    return found
