"""`make release`: the zip is complete, its sums are right, its instructions can be followed."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from pins import ROOT
from tools.image import ImageError, layout, merge, release


@pytest.fixture
def packed(built):
    """Return the folder that people get who unpack a release."""
    merge.both(built)
    assert release.main([]) == 0
    target = built.parent / "release"
    with zipfile.ZipFile(next(target.glob("*.zip"))) as archive:
        archive.extractall(target)
    (folder,) = [path for path in target.iterdir() if path.is_dir()]
    return folder


def commands(text):
    """Return the esptool commands of the instructions."""
    return re.findall(r"^esptool (.*)$", text, re.MULTILINE)


def test_release_has_all_one_needs(packed):
    assert packed.name == f"at-esp32s2-mini-{release.version()}"
    assert {path.name for path in packed.iterdir()} == {
        *(piece.file for piece in layout.pieces()),
        *("factory.hex", "factory_erase.bin", "flasher_args.json"),
        *("SHA256SUMS", "FLASHING.md", "LICENSE", "CHANGELOG.md"),
    }


def test_sums_are_right_and_notice_a_change(packed):
    check = ["sha256sum", "-c", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=packed).returncode == 0
    path = packed / "application.bin"
    path.write_bytes(path.read_bytes() + b"x")
    assert subprocess.run(check, cwd=packed, capture_output=True).returncode != 0


def test_instructions_are_for_three_systems(packed):
    text = (packed / "FLASHING.md").read_text()
    for system in ("Linux", "macOS", "Windows"):
        assert re.search(rf"^## {system}", text, re.MULTILINE)
    assert len(commands(text)) == 4


def test_esptool_understands_every_command_of_the_instructions(packed):
    for command in commands((packed / "FLASHING.md").read_text()):
        words = re.sub(r"--port \S+", "--port /dev/no-such-port", command).split()
        done = subprocess.run(
            [sys.executable, "-m", "esptool", *words],
            cwd=packed,
            env=os.environ | {"TMPDIR": str(packed)},  # it leaves the parts of a .hex there
            capture_output=True,
            text=True,
        )
        said = done.stdout + done.stderr
        assert "no-such-port" in said, said
        assert "Usage" not in said


def test_commands_for_a_module_in_use_spare_its_manufacturing_data(packed):
    *first, update = commands((packed / "FLASHING.md").read_text())
    assert all(command.endswith("write-flash 0 factory.hex") for command in first)
    assert "0x1000 bootloader.bin" in update
    assert "mfg_nvs" not in update and "factory" not in update


def test_the_guide_says_the_same(packed):
    text = (packed / "FLASHING.md").read_text()
    for page, shared in [
        ("flashing.md", release.FACTORY),
        ("flashing.md", release.ESPTOOL),
        ("first-hour.md", release.ESPTOOL),
    ]:
        assert shared in text and shared in (ROOT / "docs" / page).read_text(), page


def test_the_changelog_begins_with_this_version(monkeypatch):
    release.check_changes()
    monkeypatch.setattr(release, "version", lambda: "9.9.9")
    with pytest.raises(ImageError, match=r"does not begin with what is in 9\.9\.9"):
        release.check_changes()


def test_same_image_gives_the_same_bytes(packed):
    target = next(packed.parent.glob("*.zip"))
    first = target.read_bytes()
    assert release.main([]) == 0
    assert target.read_bytes() == first


def test_nothing_is_packed_of_an_incomplete_image(built, capsys):
    assert release.main([]) == 1
    assert "factory.hex is missing: make firmware comes first" in capsys.readouterr().err
    assert not (built.parent / "release").exists()


def test_variant_has_a_name_of_its_own(built):
    merge.both(built)
    built.rename(built.with_name("firmware-psram"))
    assert release.main(["--variant", "PSRAM"]) == 0
    name = f"at-esp32s2-mini-psram-{release.version()}.zip"
    assert (built.parent / "release" / name).exists()


def test_make_has_the_target():
    done = subprocess.run(
        ["make", "-n", "release", "VARIANT=PSRAM"], cwd=ROOT, capture_output=True, text=True
    )
    assert "-m tools.image.release --variant PSRAM" in done.stdout
