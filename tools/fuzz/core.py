"""`python -m tools.fuzz.core`: coverage-guided fuzzing of the C parts that read input (libFuzzer).

core.c says which parts and what must hold. The corpus is corpus.hex, one input a line in
hexadecimal; inputs that reach more of the code are added by --keep. What makes a part fail is left
under build/fuzz/. FUZZ_SECONDS sets how long (default 60).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.build import commandtable, interrupt
from tools.catalogue.declarations import ROOT

CORPUS = Path(__file__).with_name("corpus.hex")
PROGRAM = Path(__file__).with_name("core.c")
_ATLINK = ROOT / "firmware" / "atlink"
_CORE = ("rx", "framer", "unescape", "filter", "ipd", "websocket", "mqtt", "line", "settings")
SOURCES = (*(f"core/{name}.c" for name in _CORE), "net/addr.c", "net/error.c")
_FOLDER = ROOT / "build" / "fuzz"
_LONGEST = 600  # bytes of an input
_SANITIZE = "-fsanitize=fuzzer,address,undefined"


def inputs() -> list[bytes]:
    """Return the corpus."""
    return [bytes.fromhex(line) for line in CORPUS.read_text().split()]


def unpack(folder: Path, corpus: list[bytes]) -> None:
    """Write each input to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in corpus:
        (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def compile_fuzzer(target: Path) -> Path:
    """Compile core.c with clang; CalledProcessError if that fails."""
    commandtable.write()
    target.parent.mkdir(parents=True, exist_ok=True)
    files = [PROGRAM, *(_ATLINK / source for source in SOURCES)]
    flags = ["-g", "-O1", _SANITIZE, "-fno-sanitize-recover=all"]
    include = [f"-I{_ATLINK}", f"-I{ROOT / 'build/generated'}"]
    subprocess.run(["clang", *flags, *include, *map(str, files), "-o", str(target)], check=True)
    return target


def keep(program: Path, found: Path) -> int:
    """Make what was found part of the corpus, as few inputs as have its coverage."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(program), "-merge=1", "-reduce_inputs=1", folder, str(found)]
        subprocess.run(command, check=True, capture_output=True)
        best = sorted(path.read_bytes() for path in Path(folder).iterdir())
    CORPUS.write_text("".join(data.hex() + "\n" for data in best))
    return len(best)


def main(arguments: list[str] | None = None) -> int:
    """Fuzz for a while; the exit status is 0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.core", description=__doc__)
    default = int(float(os.environ.get("FUZZ_SECONDS") or 60))
    parser.add_argument("--seconds", type=int, default=default)
    parser.add_argument("--keep", action="store_true", help="add what was found to the corpus")
    options = parser.parse_args(arguments)
    program = compile_fuzzer(_FOLDER / "core")
    found = _FOLDER / "corpus"
    unpack(found, inputs())
    limits = [f"-max_total_time={options.seconds}", f"-max_len={_LONGEST}", "-timeout=5"]
    limits += ["-print_final_stats=1", f"-artifact_prefix={_FOLDER}/"]
    status = subprocess.run([str(program), *limits, str(found)]).returncode
    if options.keep and status == 0:
        print(f"the corpus has {keep(program, found)} inputs now")
    return int(status != 0)


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
