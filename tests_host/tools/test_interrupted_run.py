"""Ctrl-C where CPython knows no line: the conformance run is summed up all the same."""

import subprocess
import sys

from pins import ROOT

PLUGIN = """
from tests_device.interrupts import Interrupts


def pytest_configure(config):
    config.pluginmanager.register(Interrupts(config))
"""
# Of no instruction of the function it is known where it stands: entries of the kind 15, for up to
# eight code units each.
TEST = """
def press():
    raise KeyboardInterrupt


code = press.__code__
whole, rest = divmod(len(code.co_code) // 2, 8)
table = bytes([0xF8 | 7] * whole + [0xF8 | rest - 1] * (rest > 0))
press.__code__ = code.replace(co_linetable=table)


def test_that_ran():
    pass


def test_interrupted():
    press()
"""


def test_a_run_is_summed_up_wherever_ctrl_c_came(tmp_path):
    (tmp_path / "conftest.py").write_text(PLUGIN)
    (tmp_path / "test_it.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert "KeyboardInterrupt !!!" in said
