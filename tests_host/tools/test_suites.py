"""`make test` goes on after a failure and sums up at the end."""

import subprocess
import sys

import pytest

from tests_device import test_boundaries, test_scenarios
from tools.build import suites
from tools.transcript import seen


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Have two suites of one file each run, one after the other."""
    (tmp_path / "test_bad.py").write_text(
        "import pytest\ndef test_a(): assert 0\ndef test_b(): pass\n"
        "def test_c(): pytest.skip('why')\n"
    )
    (tmp_path / "test_good.py").write_text("def test_d(): pass\n")
    (tmp_path / "test_broken.py").write_text("import no_such_module\n")
    monkeypatch.setattr(suites, "RESULTS", tmp_path / "results")
    return tmp_path


def run(monkeypatch, folder, *names):
    monkeypatch.setattr(suites, "SUITES", tuple((n, (str(folder / n),)) for n in names))
    return suites.main(["--workers", "1"])


def test_a_failure_does_not_end_it_and_is_named_at_the_end(folder, monkeypatch, capfd):
    assert run(monkeypatch, folder, "test_bad.py", "test_good.py") == 1
    told = capfd.readouterr().out
    end = told[told.rindex("suite") :]
    assert "::test_a" in end and "there are failures" in end
    assert "::test_b" not in end
    assert told.index("[test] test_bad.py") < told.index("[test] test_good.py")


def test_all_that_passes_is_said_so(folder, monkeypatch, capfd):
    assert run(monkeypatch, folder, "test_good.py") == 0
    assert "all that ran passed" in capfd.readouterr().out


def test_a_suite_that_cannot_run_is_a_failure(folder, monkeypatch, capfd):
    assert run(monkeypatch, folder, "test_broken.py", "test_good.py") == 1
    assert "test_broken" in capfd.readouterr().out


def test_the_look_back_reads_what_the_workers_noted(tmp_path):
    """Notes of a session of which one test did not come to its end prove nothing."""
    notes = tmp_path / "seen.jsonl"
    names = [f"tests_device/test_scenarios.py::test_scenario[{n}]" for n in test_scenarios.NAMES]
    names += [f"tests_device/test_boundaries.py::{n}" for n in range(test_boundaries.TESTS)]
    seen.note_collected(notes, names)
    recorder = seen.Recorder(notes)
    for name in names[1:]:
        recorder.flush(name)
    command = [sys.executable, "-m", "pytest", *suites.look_back(64), "--notes", str(notes), "-rs"]
    done = subprocess.run(command, cwd=suites.ROOT, capture_output=True, text=True)
    assert "partial run: 1 tests did not run" in done.stdout
    recorder.flush(names[0])
    done = subprocess.run(command, cwd=suites.ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "AT+CIPSTART= (set)" in done.stdout
