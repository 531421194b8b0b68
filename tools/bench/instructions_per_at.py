"""instructions_per_at: machine instructions executed for one `AT` CR LF, 32-bit build.

Counted by callgrind over two runs of the firmware's process with different numbers of commands;
their difference holds no boot. The count hardly depends on how busy the PC is. The simulator
puts what the environment variable ATSIM_WRAP says in front of the firmware's command line.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from tools.atclient import Module
from tools.bench.result import Bench, Result

KEY = "instructions_per_at"
_FEW, _MANY = 100, 600
_TOTAL = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)
_LIMIT_S = 120.0


def run(bench: Bench) -> Result:
    """Count both runs and divide the difference."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise RuntimeError("valgrind is not installed")
    folder = bench.folder("callgrind")
    wrap = f"{valgrind} -q --tool=callgrind --callgrind-out-file={folder}/out.%p"
    simulator = bench.simulator(bits=32, environment={"ATSIM_WRAP": wrap})
    counts = []
    with simulator.start(erase=True), simulator.module(timeout_s=_LIMIT_S) as module:
        restart(module, folder)  # the first start also formats the flash
        for commands in (_FEW, _MANY):
            for _ in range(commands):
                module.send("AT")
                module.expect(b"AT\r\n\r\nOK\r\n")
            counts.append(restart(module, folder))
    few, many = counts
    return Result(round((many - few) / (_MANY - _FEW)), "instructions", note=f"boot about {few}")


def restart(module: Module, folder: Path) -> int:
    """Restart the module; return what the process that ended has counted."""
    before = _counts(folder)
    module.ok("AT+RST")
    module.wait_ready(_LIMIT_S)
    until = time.monotonic() + _LIMIT_S
    while time.monotonic() < until:
        new = _counts(folder).items() - before.items()
        if new:
            return new.pop()[1]
        time.sleep(0.1)
    raise RuntimeError("callgrind wrote no result")


def _counts(folder: Path) -> dict[Path, int]:
    """Return the totals of the processes that have ended; a file is empty until then."""
    counts = {}
    for path in folder.iterdir():
        found = _TOTAL.findall(path.read_text(errors="replace"))
        if found:
            counts[path] = int(found[-1])
    return counts
