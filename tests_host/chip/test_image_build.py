"""`make firmware` but for ESP-IDF itself: what it is told, what is checked, what is said."""

import json
import os
import subprocess

import pytest

import fetch
import partitions
import pins
from pins import ROOT
from tests_host.chip.fakeidf import APPLICATION, BOOTLOADER, SETTINGS, FakeIdf, mfg_data
from tools.image import build, idf, layout
from tools.peers import espimage

SLOT = 0x180000


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Let `make firmware` find a made-up ESP-IDF, and keep what it makes in a folder of ours."""
    fake = FakeIdf(tmp_path)
    monkeypatch.setenv("IDF_PATH", str(fake.path))
    monkeypatch.setenv("MICROPY_DIR", str(fake.micropython))
    monkeypatch.setenv("PATH", f"{fake.bin}:{os.environ['PATH']}")
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    # The made-up MicroPython cannot be built; what this writes is for firmware/test_rom.py.
    monkeypatch.setattr(build.firmware, "write_application", lambda source: None)
    monkeypatch.setattr(build.fetch, "micropython", lambda: fake.micropython)
    return fake


def refused(capfd, *arguments):
    """Run `make firmware`, which must fail, and return the one error it names."""
    assert build.main(list(arguments)) == 1
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    return line


def test_image_is_built_checked_and_shown(fake, tmp_path, capsys):
    assert build.main([]) == 0
    out = capsys.readouterr().out
    assert "a line of the build" in out
    assert f"{SLOT - len(APPLICATION):,} bytes of its slot free" in out
    folder = tmp_path / "build/firmware"
    assert {path.name for path in folder.iterdir()} == {
        *("bootloader.bin", "partition-table.bin", "otadata.bin", "mfg_nvs.bin"),
        *("application.bin", "application.elf", "flasher_args.json"),
        *("factory.hex", "factory_erase.bin"),
    }
    assert (folder / "application.bin").read_bytes() == APPLICATION
    assert (folder / "mfg_nvs.bin").read_bytes() == mfg_data()
    assert fake.called[-1] == "build"


def test_idf_is_told_of_our_board_and_modules(fake, tmp_path):
    assert build.main(["--variant", "PSRAM"]) == 0
    words = fake.called
    assert words[:4] == [
        *("-C", str(fake.micropython / "ports/esp32")),
        *("-B", str(tmp_path / "build/idf-firmware-psram")),
    ]
    told = dict(word.split("=", 1) for word in words if "=" in word)
    assert told["MICROPY_BOARD"] == "ESP32_S2_MINI_AT"
    assert told["MICROPY_BOARD_DIR"] == f"{ROOT}/board/ESP32_S2_MINI_AT"
    assert os.path.isfile(told["USER_C_MODULES"])
    assert told["MICROPY_BOARD_VARIANT"] == "PSRAM"
    assert (tmp_path / "build/firmware-psram/application.bin").exists()


def test_flasher_args_name_files_beside_it_and_spare_the_manufacturing_data(fake, tmp_path):
    del fake
    assert build.main([]) == 0
    folder = tmp_path / "build/firmware"
    found = json.loads((folder / "flasher_args.json").read_text())
    assert found["flash_settings"] == SETTINGS
    assert found["flash_files"] == {
        "0x1000": "bootloader.bin",
        "0x8000": "partition-table.bin",
        "0x10000": "otadata.bin",
        "0x100000": "application.bin",
    }
    assert found["mfg_nvs"] == {"offset": "0x21000", "file": "mfg_nvs.bin", "encrypted": "false"}
    assert found["extra_esptool_args"]["chip"] == "esp32s2"


def test_no_idf(fake, monkeypatch, capfd):
    del fake
    monkeypatch.delenv("IDF_PATH")
    error = refused(capfd)
    assert "needs ESP-IDF 5.4.2: set IDF_PATH" in error
    assert "DOCKER=1" in error


def test_idf_path_without_an_idf(fake, monkeypatch, tmp_path, capfd):
    del fake
    monkeypatch.setenv("IDF_PATH", str(tmp_path))
    assert "is no ESP-IDF" in refused(capfd)


@pytest.mark.parametrize("version", ["5.3.1", "5.5.0", "6.0.0"])
def test_another_idf(fake, tmp_path, monkeypatch, capfd, version):
    other = FakeIdf(tmp_path / "other", version)
    monkeypatch.setenv("IDF_PATH", str(other.path))
    assert f"is ESP-IDF {version}; the firmware is made for 5.4.2" in refused(capfd)
    assert fake.called is None


@pytest.mark.parametrize("release", ["1.24.1", "1.29.0", "2.0.0"])
def test_a_micropython_that_does_not_go_with_the_idf(fake, capfd, release):
    fake.release(release)
    error = refused(capfd)
    assert f"MicroPython {release} and ESP-IDF 5.4.2 do not go together" in error
    assert "1.25 to 1.28" in error
    assert fake.called is None


def test_a_micropython_that_does_not_say_which_it_is(fake, capfd):
    (fake.micropython / "py/mpconfig.h").write_text("")
    assert "does not say which release" in refused(capfd)


@pytest.mark.parametrize("release", ["1.25.0", "1.26.1", "1.28.0"])
def test_micropythons_that_go_with_the_idf(fake, release):
    fake.release(release)
    assert build.main([]) == 0


def test_idf_is_entered_by_its_export_script_if_its_tools_are_not_in_the_path(fake, monkeypatch):
    monkeypatch.setenv("PATH", os.environ["PATH"].removeprefix(f"{fake.bin}:"))
    (fake.path / "export.sh").write_text(f'export PATH="{fake.bin}:$PATH"\n')
    assert build.main([]) == 0
    assert fake.called[-1] == "build"


def test_micropython_dir_without_micropython(fake, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("MICROPY_DIR", str(tmp_path))
    assert "is no MicroPython source tree" in refused(capfd)
    assert fake.called is None


def test_micropython_without_its_submodules(fake, capfd):
    (fake.micropython / "lib/berkeley-db-1.xx/README").unlink()
    error = refused(capfd)
    assert f"git -C {fake.micropython} submodule update --init lib/berkeley-db-1.xx" in error


def test_micropython_is_cloned_at_the_pinned_tag_if_none_is_given(fake, monkeypatch, tmp_path):
    monkeypatch.delenv("MICROPY_DIR")
    monkeypatch.setattr(pins, "DEPS", tmp_path / "deps")
    monkeypatch.setattr(fetch, "git_clone", lambda pin, target: fake.micropython.rename(target))
    assert build.main([]) == 0
    version = pins.load()["micropython"]["version"]
    assert fake.called[1] == str(tmp_path / f"deps/micropython-{version}-esp32/ports/esp32")


def test_failed_build_leaves_the_last_image_and_a_log(fake, tmp_path, capfd):
    assert build.main([]) == 0
    (fake.bin / "fail").touch()
    assert "build failed (exit status 1)" in refused(capfd)
    assert "no compiler" in (tmp_path / "build/firmware.log").read_text()
    assert (tmp_path / "build/firmware/application.bin").exists()


def test_image_that_is_too_large_for_its_slot(fake, capfd):
    fake.build(espimage.compose([espimage.describe("1.0.0", filling=SLOT)]))
    error = refused(capfd)
    assert "application.bin has" in error
    assert "more than fit at 0x100000" in error


def test_image_that_gets_tight_is_built_with_a_warning(fake, capsys):
    for spare, is_tight in ((20_000, True), (200_000, False)):
        fake.build(espimage.compose([espimage.describe("1.0.0", filling=SLOT - spare)]))
        assert build.main([]) == 0
        assert ("warning: that is little" in capsys.readouterr().out) == is_tight


def test_image_for_another_chip(fake, capfd):
    fake.build(espimage.compose([espimage.describe("1.0.0")], chip=9))
    assert "app is no image for the ESP32-S2: made for chip 9" in refused(capfd)


def test_image_with_another_partition_table(fake, capfd):
    parts = [part for part in partitions.load() if part.name != "fatfs"]
    (fake.out / "partition_table/partition-table.bin").write_bytes(partitions.binary(parts))
    assert "is not the table of partitions.csv" in refused(capfd)


def test_image_built_for_another_place(fake, capfd):
    given = json.loads((fake.out / "flasher_args.json").read_text())
    given["app"]["offset"] = "0x10000"
    (fake.out / "flasher_args.json").write_text(json.dumps(given))
    assert "app was built for 0x10000, not for 0x100000" in refused(capfd)


@pytest.mark.parametrize("content", ["", "{}", '{"bootloader": {}}'])
def test_build_without_a_usable_list_of_files(fake, capfd, content):
    (fake.out / "flasher_args.json").write_text(content)
    assert "flasher_args.json is not what ESP-IDF writes" in refused(capfd)


def test_build_that_lacks_a_file(fake, capfd):
    (fake.out / "bootloader/bootloader.bin").unlink()
    assert "bootloader.bin is missing" in refused(capfd)


def test_otadata_that_is_not_blank(fake, capfd):
    (fake.out / "ota_data_initial.bin").write_bytes(b"\x01" * 32)
    assert "otadata.bin is not blank" in refused(capfd)


def test_unknown_variant(fake, capfd):
    del fake
    with pytest.raises(SystemExit):
        build.main(["--variant", "SQUARE"])
    assert "invalid choice: 'SQUARE'" in capfd.readouterr().err


def test_docker_runs_as_the_user_with_project_and_micropython_in_reach(fake):
    command = idf.Toolchain(None, "image:tag").command(["build"], fake.micropython)
    assert command[:3] == ["docker", "run", "--rm"]
    assert command[command.index("-u") + 1] == f"{os.getuid()}:{os.getgid()}"
    assert f"{ROOT}:{ROOT}" in command
    assert f"{fake.micropython}:{fake.micropython}" in command
    assert command[-3:] == ["image:tag", "idf.py", "build"]


def test_docker_builds_too(fake, monkeypatch, tmp_path):
    docker = fake.bin / "docker"
    docker.write_text(
        '#!/bin/sh\n[ "$1" = info ] && exit 0\n'
        'while [ "$1" != idf.py ]; do shift; done\nexec "$@"\n'
    )
    docker.chmod(0o755)
    monkeypatch.delenv("IDF_PATH")
    assert build.main(["--docker"]) == 0
    assert (tmp_path / "build/firmware/factory.hex").exists()


def test_docker_that_does_not_answer(fake, capfd):
    docker = fake.bin / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    assert "Docker does not run: Cannot connect" in refused(capfd, "--docker")


def test_no_docker(fake, monkeypatch, tmp_path, capfd):
    del fake
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no docker command" in refused(capfd, "--docker")


def test_make_passes_what_it_is_given_on():
    command = ["make", "-n", "firmware", "VARIANT=PSRAM", "DOCKER=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "tools.image.build --variant PSRAM --docker" in done.stdout


def test_bootloader_has_room_before_the_table():
    piece = next(piece for piece in layout.pieces() if piece.part == "bootloader")
    assert piece.offset + piece.room == partitions.TABLE_OFFSET
    assert len(BOOTLOADER) < piece.room
