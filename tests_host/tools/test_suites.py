"""`make test` goes on after a failure and sums up at the end."""

import pytest

from tools.build import suites


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
