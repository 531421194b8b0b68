"""`python -m tools.fuzz.core`: coverage-guided fuzzing of the C parts that read input (libFuzzer).

core.c says which parts and what must hold, tls.c does so for TLS between links and a real peer.
The corpora are core.hex and tls.hex, one input a line in hexadecimal; inputs that reach more of
the code are added by --keep. What makes a part fail is left under build/fuzz/. FUZZ_SECONDS sets
how long (default 60), for each of the two half of it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.build import commandtable, interrupt
from tools.catalogue.declarations import ROOT

sys.path.insert(0, str(ROOT / "tools/build"))  # its files import each other by bare names
import fetch

HERE = Path(__file__).parent
CERTIFICATES = ROOT / "build" / "certs"
_ATLINK = ROOT / "firmware" / "atlink"
_FOLDER = ROOT / "build" / "fuzz"
_LONGEST = 600  # bytes of an input
_SLOWEST_S = 20  # that an input may take
_SANITIZE = "-fsanitize=fuzzer,address,undefined"
_WATCHED = _SANITIZE.replace("fuzzer", "fuzzer-no-link")
_ARITHMETIC = ("bignum", "ecp", "sha", "aes")  # of Mbed TLS: slow, and not what is looked at
_CORE = ("rx", "framer", "unescape", "filter", "ipd", "websocket", "mqtt", "line", "settings")
_NET = (
    *("addr", "closing", "datagram", "error", "link", "option", "socket"),
    *("tls", "tls_profile", "tls_reason"),
)


@dataclass(frozen=True)
class Target:
    """A program: its files here, those of firmware/atlink, and whether it needs Mbed TLS."""

    name: str
    files: tuple[str, ...]
    sources: tuple[str, ...]
    is_tls: bool = False

    @property
    def corpus(self) -> Path:
        """Return the file of its inputs."""
        return HERE / f"{self.name}.hex"

    def inputs(self) -> list[bytes]:
        """Return them."""
        return [bytes.fromhex(line) for line in self.corpus.read_text().split()]


CORE = Target(
    "core",
    ("core.c", "driver.c"),
    (*(f"core/{name}.c" for name in _CORE), "net/addr.c", "net/error.c"),
)
TLS = Target(
    "tls", ("tls.c", "tlspeer.c", "driver.c"), tuple(f"net/{name}.c" for name in _NET), True
)
TARGETS = (CORE, TLS)


def unpack(folder: Path, corpus: list[bytes]) -> None:
    """Write each input to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in corpus:
        (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def flags(target: Target) -> list[str]:
    """Return what a compiler needs to know for a target, but for sanitizers."""
    found = [f"-I{_ATLINK}", f"-I{_ATLINK / 'net'}", f"-I{ROOT / 'build/generated'}", f"-I{HERE}"]
    return found + (tls_flags() if target.is_tls else [])


def tls_flags() -> list[str]:
    """Return what it needs to know for Mbed TLS, as the simulator builds it, and what wraps it."""
    source = fetch.micropython()
    names = ("calloc", "mbedtls_ctr_drbg_random", "mbedtls_md_setup")
    wrapped = ",".join(f"--wrap={name}" for name in names)
    return [
        '-DMBEDTLS_CONFIG_FILE="mbedtls_chip.h"',
        f'-DCERTS="{CERTIFICATES}"',
        *(
            f"-I{folder}"
            for folder in (ROOT / "board/SIM", source / "lib/mbedtls/include", source)
        ),
        f"-Wl,{wrapped}",
    ]


def _mbedtls() -> list[Path]:
    """Compile Mbed TLS with clang, for coverage; return its objects."""
    source = fetch.micropython()
    listed = (source / "extmod/extmod.mk").read_text()
    block = re.search(r"addprefix \$\(MBEDTLS_DIR\)/library/,(.*?)\)", listed, re.DOTALL)
    assert block
    folder = _FOLDER / "mbedtls"
    folder.mkdir(parents=True, exist_ok=True)
    config = (ROOT / "board/SIM/mbedtls_chip.h").stat().st_mtime
    include = [flag for flag in tls_flags() if not flag.startswith("-Wl")]

    def compile_one(name: str) -> Path:
        done = folder / name.replace(".c", ".o")
        if not done.exists() or done.stat().st_mtime < config:
            file = source / "lib/mbedtls/library" / name
            how = [] if name.startswith(_ARITHMETIC) else [_WATCHED]
            command = ["clang", "-g", "-O2", *how, *include, "-c", str(file), "-o", str(done)]
            subprocess.run(command, check=True)
        return done

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, re.findall(r"\w+\.c", block[1])))


def compile_fuzzer(target: Target, program: Path) -> Path:
    """Compile a target with clang; CalledProcessError if that fails."""
    commandtable.write()
    program.parent.mkdir(parents=True, exist_ok=True)
    files = [HERE / name for name in target.files]
    files += [_ATLINK / source for source in target.sources]
    files += _mbedtls() if target.is_tls else []
    command = ["clang", "-g", "-O1", _SANITIZE, "-fno-sanitize-recover=all", *flags(target)]
    subprocess.run([*command, *map(str, files), "-o", str(program)], check=True)
    return program


def keep(target: Target, program: Path, found: Path) -> int:
    """Make what was found part of the corpus, as few inputs as have its coverage."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(program), "-merge=1", "-reduce_inputs=1", folder, str(found)]
        subprocess.run(command, check=True, capture_output=True)
        best = sorted(path.read_bytes() for path in Path(folder).iterdir())
    target.corpus.write_text("".join(data.hex() + "\n" for data in best))
    return len(best)


def fuzz(target: Target, seconds: int, is_kept: bool) -> int:
    """Fuzz a target for a while; return libFuzzer's exit status."""
    program = compile_fuzzer(target, _FOLDER / target.name)
    found = _FOLDER / f"corpus-{target.name}"
    unpack(found, target.inputs())
    limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST}", f"-timeout={_SLOWEST_S}"]
    limits += ["-print_final_stats=1", f"-artifact_prefix={_FOLDER}/{target.name}-"]
    status = subprocess.run([str(program), *limits, str(found)]).returncode
    if is_kept and status == 0:
        print(f"the corpus of {target.name} has {keep(target, program, found)} inputs now")
    return status


def main(arguments: list[str] | None = None) -> int:
    """Fuzz for a while; the exit status is 0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.core", description=__doc__)
    default = int(float(os.environ.get("FUZZ_SECONDS") or 60))
    known = {target.name: target for target in TARGETS}
    parser.add_argument("--seconds", type=int, default=default)
    parser.add_argument("--only", choices=known, help="one of the two, all the time")
    parser.add_argument("--keep", action="store_true", help="add what was found to the corpus")
    options = parser.parse_args(arguments)
    chosen = [known[options.only]] if options.only else list(TARGETS)
    seconds = max(options.seconds // len(chosen), 1)
    statuses = [fuzz(target, seconds, options.keep) for target in chosen]
    return int(any(statuses))


if __name__ == "__main__":
    interrupt.quietly()
    sys.exit(main())
