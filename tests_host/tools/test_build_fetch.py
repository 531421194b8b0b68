"""Fetching the pinned sources: what is not the pinned file never becomes a source tree."""

import hashlib
import io
import subprocess
import tarfile

import pytest

import aptsource
import fetch
import pins

GIT = [
    "git",
    "-c",
    "user.name=n",
    "-c",
    "user.email=n@example.test",
    "-c",
    "init.defaultBranch=main",
]


def make_archive(path, files):
    """Write a tar archive with these {name: content}; return its SHA-256."""
    with tarfile.open(path, "w:xz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def deps(tmp_path, monkeypatch):
    """Give fetch a build folder of its own, and no MicroPython from outside."""
    monkeypatch.setattr(pins, "BUILD", tmp_path)
    monkeypatch.setattr(pins, "DEPS", tmp_path / "deps")
    monkeypatch.delenv("MICROPY_DIR", raising=False)
    return tmp_path / "deps"


def pin(name, sha256, git="nowhere"):
    """Return a pin of a source package with one archive."""
    return {
        "version": "1.0",
        "debian_source": "thing",
        "debian_version": "1.0-1",
        "git": str(git),
        "git_tag": "v1.0",
        "sha256": {name: sha256},
    }


def use_pins(monkeypatch, micropython, mbedtls):
    """Make fetch see these pins."""
    found = {"micropython": micropython, "mbedtls": mbedtls, "debian": {"suite": "trixie"}}
    monkeypatch.setattr(pins, "load", lambda: found)


def no_apt(_pin, _suite, _folder, _state):
    raise aptsource.AptError("no apt here")


def test_wrong_sum_is_told_and_the_file_put_aside(tmp_path):
    path = tmp_path / "thing.tar"
    path.write_bytes(b"not what was pinned")
    with pytest.raises(fetch.FetchError) as caught:
        fetch.check_sum(path, "0" * 64)
    assert "thing.tar is not the pinned file" in str(caught.value)
    assert hashlib.sha256(b"not what was pinned").hexdigest() in str(caught.value)
    assert "tools/build/pins.toml" in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thing.tar.bad"]


def test_wrong_sum_leaves_no_tree(deps, monkeypatch):
    archives = deps / "archives"
    archives.mkdir(parents=True)
    make_archive(archives / "thing.orig.tar.xz", {"thing-1.0/py/mpconfig.h": b"x"})
    wrong = pin("thing.orig.tar.xz", "0" * 64)
    use_pins(monkeypatch, wrong, wrong)
    with pytest.raises(fetch.FetchError):
        fetch.micropython()
    assert not (deps / "micropython-1.0").exists()


def test_archives_become_one_tree(deps, monkeypatch):
    archives = deps / "archives"
    archives.mkdir(parents=True)
    one = make_archive(archives / "a.orig.tar.xz", {"a-1.0/py/mpconfig.h": b"x"})
    two = make_archive(archives / "b.orig.tar.xz", {"b-1.0/library/ssl_tls.c": b"y"})
    use_pins(monkeypatch, pin("a.orig.tar.xz", one), pin("b.orig.tar.xz", two))
    source = fetch.micropython()
    assert (source / "py/mpconfig.h").read_bytes() == b"x"
    assert (source / "lib/mbedtls/library/ssl_tls.c").read_bytes() == b"y"
    monkeypatch.setattr(aptsource, "download", no_apt)
    monkeypatch.setattr(fetch, "unpack", None)
    assert fetch.micropython() == source


@pytest.mark.parametrize("damage", ["cut", "text", "two tops"])
def test_broken_archive_keeps_the_old_tree(tmp_path, damage):
    archive, target = tmp_path / "thing.tar.xz", tmp_path / "thing"
    target.mkdir()
    (target / "old").touch()
    make_archive(
        archive,
        {"top/a": b"a" * 9000, "other/b": b"b"}
        if damage == "two tops"
        else {"top/a": b"a" * 9000},
    )
    if damage == "cut":
        archive.write_bytes(archive.read_bytes()[:-60])
    if damage == "text":
        archive.write_text("<html>proxy says no</html>")
    with pytest.raises(fetch.FetchError, match="cannot unpack"):
        fetch.unpack(archive, target)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["thing", "thing.tar.xz"]
    assert (target / "old").exists()


def test_without_debian_the_pinned_tag_is_cloned(deps, tmp_path, monkeypatch):
    origin = tmp_path / "origin"
    (origin / "py").mkdir(parents=True)
    (origin / "py/mpconfig.h").write_text("x")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["tag", "v1.0"]):
        subprocess.run([*GIT, *command], cwd=origin, check=True)
    monkeypatch.setattr(aptsource, "download", no_apt)
    both = pin("a.orig.tar.xz", "0" * 64, f"file://{origin}")
    use_pins(monkeypatch, both, both)
    assert (fetch.micropython() / "py/mpconfig.h").read_text() == "x"
    assert (deps / "micropython-1.0/lib/mbedtls/py").is_dir()


def test_no_source_at_all_names_both_reasons(deps, tmp_path, monkeypatch):
    monkeypatch.setattr(aptsource, "download", no_apt)
    nowhere = pin("a.orig.tar.xz", "0" * 64, tmp_path / "nowhere")
    use_pins(monkeypatch, nowhere, nowhere)
    with pytest.raises(fetch.FetchError) as caught:
        fetch.micropython()
    assert "no apt here" in str(caught.value)
    assert f"cannot clone {tmp_path / 'nowhere'}" in str(caught.value)
    assert list(deps.glob("micropython*")) == []


def test_given_tree_is_used_as_it_is(tmp_path, monkeypatch):
    for name in ("py/mpconfig.h", "lib/mbedtls/library/ssl_tls.c"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("MICROPY_DIR", str(tmp_path))
    assert fetch.micropython() == tmp_path


def test_given_tree_without_mbedtls_names_the_command(tmp_path, monkeypatch):
    (tmp_path / "py").mkdir()
    (tmp_path / "py/mpconfig.h").touch()
    monkeypatch.setenv("MICROPY_DIR", str(tmp_path))
    with pytest.raises(fetch.FetchError, match="submodule update --init lib/mbedtls"):
        fetch.micropython()


def test_given_folder_that_is_no_tree_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MICROPY_DIR", str(tmp_path))
    with pytest.raises(fetch.FetchError, match="no MicroPython source tree"):
        fetch.micropython()
