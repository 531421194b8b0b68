"""docs/simulator.md: its examples for the tests of other projects run as printed."""

import os
import re
import subprocess
import sys

from pins import ROOT

TEXT = (ROOT / "docs/simulator.md").read_text()


def example(kind):
    return re.search(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[1]


def test_the_example_for_pytest(tmp_path):
    (tmp_path / "test_driver.py").write_text(example("python"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_example_for_a_shell(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nprintf 'AT\\r\\n' > $1; timeout 20 grep -m1 OK $1\n")
    program.chmod(0o755)
    script = example("bash").replace("/tmp/", f"{tmp_path}/")
    script = script.replace("./my_host_program", f"stty -F {tmp_path}/tty raw -echo; {program}")
    script = script.replace("--erase", f"--erase --control {tmp_path}/control")
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert "OK" in done.stdout, done
