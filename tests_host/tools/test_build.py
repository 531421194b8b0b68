"""Building the firmware for this PC: what counts as a change, what is said when it fails."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fetch
import firmware
import pins
import pyenv
import sdist
import system
from rom import sources


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Give firmware.py a source tree of its own."""
    monkeypatch.setattr(firmware, "ROOT", tmp_path)
    monkeypatch.setattr(firmware, "BUILD", tmp_path / "build")
    monkeypatch.delenv("MICROPY_DIR", raising=False)
    for name in ("firmware/at/app.py", "board/SIM/mpconfigvariant.h", "tools/simulator/chip/a.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1")
    return tmp_path


def change(path):
    """Write another content of the same size, a second later."""
    path.write_text("2")
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


@pytest.mark.parametrize(
    "name", ["firmware/at/app.py", "board/SIM/mpconfigvariant.h", "tools/simulator/chip/a.py"]
)
def test_changed_file_is_noticed(tree, name):
    before = firmware.fingerprint()
    change(tree / name)
    assert firmware.fingerprint() != before


def test_everything_that_becomes_constant_data_is_looked_at():
    known = {Path(path) for path in firmware.inputs()}
    for source in (sources.application, sources.imitated_chip):
        made = source(Path("micropython"))
        for path in {*made.files.values(), *made.started.values()}:
            is_ours = path.is_relative_to(pins.ROOT) and not path.is_relative_to(pins.BUILD)
            assert path in known or not is_ours, f"{path} is changed without a new build"


def test_everything_that_makes_c_is_looked_at():
    program = (
        "import sys, commandtable, webpage; from rom import image\n"
        "commandtable.write()\n"
        "files = {getattr(module, '__file__', None) for module in sys.modules.values()}\n"
        "print(*files, sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(pins.ROOT / "tools/build")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    ours = {path for path in done.stdout.splitlines() if path.startswith(f"{pins.ROOT}/tools/")}
    signs = {path for path in ours if path.endswith("/__init__.py")}
    assert f"{pins.ROOT}/tools/catalogue/declarations.py" in ours
    assert ours - signs <= set(firmware.inputs())


def test_new_and_removed_files_are_noticed(tree):
    before = firmware.fingerprint()
    (tree / "firmware/at/new.py").touch()
    with_new = firmware.fingerprint()
    (tree / "firmware/at/new.py").unlink()
    assert with_new != before == firmware.fingerprint()


def test_files_that_do_not_go_in_are_not_looked_at(tree):
    before = firmware.fingerprint()
    (tree / "firmware/at/notes.txt").touch()
    (tree / "firmware/at/app.cpython-311.pyc").touch()
    assert firmware.fingerprint() == before


def test_another_micropython_is_noticed(tree, monkeypatch):
    del tree
    before = firmware.fingerprint()
    monkeypatch.setenv("MICROPY_DIR", "/somewhere")
    assert firmware.fingerprint() != before


def test_changed_settings_ask_for_a_clean_build(tree):
    before = firmware.settings_sum({"COPT": "-Os"}, ["1.25"])
    change(tree / "firmware/at/app.py")
    assert firmware.settings_sum({"COPT": "-Os"}, ["1.25"]) == before
    assert firmware.settings_sum({"COPT": "-O2"}, ["1.25"]) != before
    assert firmware.settings_sum({"COPT": "-Os"}, ["1.26"]) != before
    change(tree / "board/SIM/mpconfigvariant.h")
    assert firmware.settings_sum({"COPT": "-Os"}, ["1.25"]) != before


def test_c_modules_are_linked_as_they_appear(tree):
    module = tree / "firmware/atlink"
    module.mkdir()
    assert list(firmware.link_user_modules().iterdir()) == []
    (module / "micropython.mk").touch()
    (link,) = firmware.link_user_modules().iterdir()
    assert link.resolve() == module
    (module / "micropython.mk").unlink()
    assert list(firmware.link_user_modules().iterdir()) == []


def test_compiler_error_is_shown_without_the_noise(tmp_path):
    folder = tmp_path / "a/b/c"
    folder.mkdir(parents=True)
    (folder / "Makefile").write_text("all:\n\t@echo CC x.c; echo 'x.c:1: error: no'; false\n")
    with pytest.raises(firmware.BuildError) as caught:
        firmware.run_make(folder, {})
    assert "x.c:1: error: no" in str(caught.value)
    assert "CC x.c" not in str(caught.value)


def test_unchanged_build_starts_no_compiler(tree, monkeypatch):
    target = tree / "build/sim/64"
    target.mkdir(parents=True)
    (target / "micropython").touch()
    (target / "fingerprint").write_text(firmware.fingerprint())
    monkeypatch.setattr(firmware, "compile_flavour", None)
    assert firmware.build(64) == target / "micropython"


def test_wrong_word_size_is_refused():
    done = subprocess.run(
        [sys.executable, firmware.__file__, "--bits", "16"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "invalid choice" in done.stderr


def test_a_long_build_says_now_and_then_how_far_it_is(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(firmware.time, "monotonic", lambda: now[0])
    progress = firmware.Progress()
    for number in range(40):
        now[0] += 1.0
        progress.see(f"CC file{number}.c")
    progress.see("LINK micropython")
    progress.end()
    assert capsys.readouterr().err == "[build] 15 files compiled\n[build] 30 files compiled\n"


@pytest.mark.parametrize(
    ("sudo", "told"),
    [
        ("/bin/false", "sudo asks for a password)\n  sudo apt-get install gcc-multilib valgrind"),
        (None, 'no sudo)\n  su - -c "apt-get install gcc-multilib valgrind"'),
    ],
)
def test_a_user_is_told_all_that_is_missing_with_its_command(monkeypatch, sudo, told):
    monkeypatch.setattr(system, "has", lambda _need: False)
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system.shutil, "which", lambda name, **_: sudo if name == "sudo" else None)
    with pytest.raises(system.MissingError) as caught:
        system.ensure("m32", "valgrind")
    assert str(caught.value) == f"missing: m32, valgrind (not root, and {told}"


def test_package_that_does_not_help_is_told(monkeypatch):
    monkeypatch.setattr(system, "has", lambda _need: False)
    monkeypatch.setattr(system, "install", lambda _packages: "")
    with pytest.raises(system.MissingError, match="installed, but still not usable"):
        system.ensure("socat")


def test_system_that_has_all_is_left_alone(monkeypatch):
    monkeypatch.setattr(system, "install", None)
    system.ensure("gcc", "make")


def test_every_python_package_is_pinned_exactly():
    groups = pins.load()["python"].values()
    assert all("==" in package for group in groups for package in group)


def test_every_archive_has_a_sha256():
    with pins.PINS.open("rb") as file:
        found = tomllib.load(file)
    for name in ("micropython", "mbedtls", "umqtt", "microdot"):
        assert found[name]["sha256"]
        assert all(len(bytes.fromhex(value)) == 32 for value in found[name]["sha256"].values())


def test_a_need_with_a_question_mark_is_left_out_where_there_is_no_apt(monkeypatch, capsys):
    monkeypatch.setattr(system, "has", lambda _need: False)
    monkeypatch.setattr(system, "root_prefix", list)
    monkeypatch.setattr(system.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(sys, "argv", ["system.py", "chromium?"])
    system.main()
    assert "chromium is left out" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["system.py", "chromium?", "socat"])
    with pytest.raises(SystemExit, match=r"missing: socat \(this machine has no apt-get\)"):
        system.main()


def test_failing_installer_is_quoted():
    with pytest.raises(fetch.FetchError, match=r"cannot do it:\nbad news"):
        pyenv.run([sys.executable, "-c", "print('bad news'); exit(1)"], "cannot do it")


def test_unknown_group_of_packages_is_refused():
    done = subprocess.run(
        [sys.executable, pyenv.__file__, "nosuch"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "groups: build, mfg, run" in done.stderr


def test_index_of_pip_is_used(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert sdist.index_options() == ["--index-url", "https://index.example/simple"]


@pytest.mark.parametrize("name", ["umqtt", "microdot"])
def test_index_that_has_no_such_archive_is_told(tmp_path, monkeypatch, name):
    monkeypatch.setattr(pins, "DEPS", tmp_path)
    monkeypatch.setattr(sdist, "download", lambda *_: None)
    with pytest.raises(fetch.FetchError, match=rf"see \[{name}\] in tools/build/pins.toml"):
        getattr(sdist, name)()
