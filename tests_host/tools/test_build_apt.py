"""The private apt: it finds the machine's Debian mirror and says what is wrong with a pin."""

import subprocess

import pytest

import aptsource

DEB822 = """\
Types: deb
# a comment
URIs: https://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: https://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: https://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs:
 https://one.example/debian
 https://two.example/debian
Suites: trixie
Components: main

Types: deb
URIs: https://elsewhere.example/node
Suites: nodistro
Components: main
"""

ONE_LINE = """\
# deb https://comment.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian bookworm main contrib # here
deb https://security.example/debian-security bookworm-security main
deb-src https://mirror.example/debian bookworm main
deb https://ubuntu.example/ubuntu noble main
deb https://short.example/debian
deb https://other.example/debian stable non-free
"""


def test_mirrors_of_sources_files():
    assert aptsource.deb822_mirrors(DEB822) == [
        "https://mirror.example/debian/",
        "https://one.example/debian",
        "https://two.example/debian",
    ]


def test_mirrors_of_list_files():
    assert aptsource.list_mirrors(ONE_LINE) == ["https://mirror.example/debian"] * 2


def test_all_of_etc_apt_is_read_each_mirror_once(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(ONE_LINE)
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d/notes.txt").write_text("deb https://no.example/debian sid main")
    assert aptsource.mirrors(tmp_path) == [
        "https://mirror.example/debian",
        "https://one.example/debian",
        "https://two.example/debian",
    ]


def test_machine_without_apt_has_no_mirror(tmp_path):
    assert aptsource.mirrors(tmp_path / "nothing") == []


@pytest.mark.parametrize("name", ["debian-archive-keyring.gpg", "debian-archive-keyring.pgp"])
def test_source_entry_is_signed_by_the_machines_keyring(tmp_path, name):
    (tmp_path / name).touch()
    entry = aptsource.source_entry("https://mirror.example/debian", "trixie", tmp_path)
    assert "Types: deb-src\nURIs: https://mirror.example/debian\nSuites: trixie\n" in entry
    assert f"Signed-By: {tmp_path / name}\n" in entry


def test_source_entry_without_keyring_leaves_it_to_apt(tmp_path):
    assert "Signed-By" not in aptsource.source_entry(
        "https://m.example/debian", "trixie", tmp_path
    )


class FakeApt:
    """Answers apt's commands with given (status, stdout, stderr)."""

    def __init__(self, **answers):
        self.answers = answers

    def __call__(self, command, _folder):
        word = next(word for word in command if word in ("update", "source", "showsrc"))
        return subprocess.CompletedProcess(command, *self.answers.get(word, (0, "", "")))


def download(monkeypatch, tmp_path, **answers):
    """Try to download a pinned package with that apt."""
    monkeypatch.setattr(aptsource, "mirrors", lambda: ["https://mirror.example/debian"])
    monkeypatch.setattr(aptsource, "run", FakeApt(**answers))
    package = {"debian_source": "thing", "debian_version": "1.0-1"}
    aptsource.download(package, "trixie", tmp_path, tmp_path / "apt")


def test_download_that_works_says_nothing(monkeypatch, tmp_path):
    download(monkeypatch, tmp_path)


def test_pin_behind_the_archive_names_the_pin_to_change(monkeypatch, tmp_path):
    shown = "Package: thing\nVersion: 1.0-2\n"
    with pytest.raises(aptsource.AptError) as caught:
        download(monkeypatch, tmp_path, source=(100, "", "E: no"), showsrc=(0, shown, ""))
    assert "no longer has thing 1.0-1 but 1.0-2" in str(caught.value)
    assert "[thing] in tools/build/pins.toml" in str(caught.value)


def test_network_error_is_passed_on(monkeypatch, tmp_path):
    with pytest.raises(aptsource.AptError, match="update for trixie failed: E: no route"):
        download(monkeypatch, tmp_path, update=(100, "", "W: hm\nE: no route\n\n"))


def test_failed_download_is_passed_on(monkeypatch, tmp_path):
    shown = "Package: thing\nVersion: 1.0-1\n"
    with pytest.raises(aptsource.AptError, match=r"source thing=1\.0-1 failed: E: disk full"):
        download(monkeypatch, tmp_path, source=(100, "", "E: disk full"), showsrc=(0, shown, ""))


def test_no_mirror_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(aptsource, "mirrors", list)
    with pytest.raises(aptsource.AptError, match="knows no Debian mirror"):
        aptsource.download({}, "trixie", tmp_path, tmp_path / "apt")
