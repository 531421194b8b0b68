"""The C files of the chip's module `atchip`, linked with an ESP-IDF that takes notes, and run.

What the stand-ins do is in tests_host/c/test_atchip.c, with the place in ESP-IDF's sources that
says so. In 32 bits, as on the chip.
"""

import subprocess
from pathlib import Path

import chipcheck
import fetch
import system

FILES = ("neighbours", "netif", "power", "provision", "pwm", "values", "wifi")


def test_atchip_over_an_esp_idf_that_takes_notes(tmp_path: Path) -> None:
    system.ensure("gcc", "m32")
    micropython = fetch.micropython()
    chipcheck.write_generated(tmp_path, micropython, chipcheck.ROOT)
    sources = [chipcheck.ROOT / f"firmware/atchip/{name}.c" for name in FILES]
    objects = []
    for path in (*sources, chipcheck.ROOT / "tests_host/c/test_atchip.c"):
        command = chipcheck.command("m32", path, tmp_path, micropython)
        done = subprocess.run(
            [*command, f"-I{chipcheck.ROOT}/tests_host/c"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        objects.append(command[command.index("-o") + 1])
    program = tmp_path / "atchip"
    link = ["gcc", "-m32", "-no-pie", "-Wl,--unresolved-symbols=ignore-all", "-o", program]
    done = subprocess.run([*link, *objects], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
