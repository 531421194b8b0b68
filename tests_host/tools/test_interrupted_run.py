"""Ctrl-C where CPython knows no line: the conformance run is summed up all the same."""

import subprocess
import sys

import pytest

from pins import ROOT

PLUGIN = """
from tests_device.interrupts import Interrupts


def pytest_configure(config):
    config.pluginmanager.register(Interrupts(config))
"""
# The code of the function says of no instruction where it stands.
TEST = """
def press():
    raise KeyboardInterrupt


press.__code__ = press.__code__.replace(co_linetable=b"")


def test_that_ran():
    pass


def test_interrupted():
    press()
"""


@pytest.mark.parametrize(("conftest", "is_quiet"), [(PLUGIN, True), ("", False)])
def test_a_run_is_summed_up_wherever_ctrl_c_came(tmp_path, conftest, is_quiet):
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_it.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert ("Traceback" not in said) == is_quiet, said
    assert ("KeyboardInterrupt !!!" in said) == is_quiet, said
