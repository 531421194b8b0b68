"""The board ESP32_C3_MINI_AT: it shares what it can with the first, and the tools take either."""

import csv
import json
import re
import subprocess
import sys

import pytest

import fetch
import partitions
from pins import ROOT
from tests_host.chip import fakeidf
from tools.image import ImageError, boards, build, emulate, flash, idf, layout, merge, release
from tools.peers import espimage

BOARD = boards.C3
SETTINGS = {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "80m"}
ROOM = 0x1C0000


@pytest.fixture
def c3(tmp_path, monkeypatch):
    """Return the folder of an image for the board, as make firmware leaves it."""
    monkeypatch.setenv(boards.CHOICE, BOARD.name)
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    folder = fakeidf.built(tmp_path / "build/firmware-c3")
    for name, size in (("bootloader", 1024), ("application", 1_600_000)):
        text = espimage.describe("1.0.0", filling=size) if size > 1024 else b"boot" * 256
        (folder / f"{name}.bin").write_bytes(espimage.compose([text], chip=BOARD.chip_id))
    (folder / "flasher_args.json").write_text(layout.flasher_args(SETTINGS))
    merge.both(folder)
    return folder


def test_an_unknown_board_is_refused_with_the_names_of_all(monkeypatch):
    monkeypatch.setenv(boards.CHOICE, "ESP32")
    with pytest.raises(ImageError, match="ESP32_S2_MINI_AT, ESP32_C3_MINI_AT"):
        boards.current()


def test_slots_are_larger_and_what_comes_before_them_stays():
    first = {part.name: part for part in partitions.load()}
    second = {part.name: part for part in partitions.load(BOARD.partitions)}
    assert {name: part.size for name, part in second.items() if part.type == 0} == {
        "ota_0": ROOM,
        "ota_1": ROOM,
    }
    same = [name for name in first if name not in ("fatfs", "ota_0", "ota_1")]
    assert [first[name] for name in same] == [second[name] for name in same]


def test_pins_are_those_of_the_boards_file_and_of_its_manufacturing_data(monkeypatch, tmp_path):
    monkeypatch.setenv(boards.CHOICE, BOARD.name)
    monkeypatch.setattr(build, "BUILD", tmp_path)
    with (BOARD.folder / "pins.csv").open() as file:
        named = {name: int(pin.removeprefix("GPIO")) for name, pin in csv.reader(file)}
    names = [f"AT_{name}" for name in ("TX", "RX", "CTS", "RTS")]
    assert tuple(named[name] for name in names) == BOARD.pins == (7, 6, 5, 4)
    assert (named["LOG_TX"], named["LOG_RX"]) == BOARD.log
    table, image = build.mfg_table()
    rows = dict(re.findall(r"^(uart_\w+_pin),data,i32,(\d+)$", table.read_text(), re.M))
    assert rows == {
        f"uart_{name}_pin": str(pin)
        for name, pin in zip(("tx", "rx", "cts", "rts"), BOARD.pins, strict=True)
    }
    assert image.parent == tmp_path


def test_facts_are_those_of_its_chip():
    facts = json.loads((BOARD.folder / "board.json").read_text())
    assert facts["mcu"] == BOARD.chip
    assert facts["deploy_options"]["flash_offset"] == hex(BOARD.bootloader)


def test_idf_is_told_of_it(monkeypatch, tmp_path):
    monkeypatch.setenv(boards.CHOICE, BOARD.name)
    words = idf.words(tmp_path / "micropython", tmp_path / "out", "")
    assert f"MICROPY_BOARD_DIR={BOARD.folder}" in words
    assert idf.variants() == []


def test_micropython_takes_its_word(tmp_path):
    for name in (
        *("esp_random.h", "esp_system.h", "freertos/FreeRTOS.h", "driver/i2s_std.h"),
        "esp_wifi_types.h",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with fetch.locked():
        port = fetch.micropython() / "ports/esp32"
    command = ["gcc", "-E", "-dM", "-Werror", f"-I{BOARD.folder}", f"-I{tmp_path}", f"-I{port}"]
    command += ["-DCONFIG_IDF_TARGET_ESP32C3=1", "-DSOC_USB_SERIAL_JTAG_SUPPORTED=1"]
    done = subprocess.run(
        [*command, str(BOARD.folder / "mpconfigat.h")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    macros = dict(re.findall(r"^#define (\w+) (.*)$", done.stdout, re.M))
    assert macros["MICROPY_HW_BOARD_NAME"] == f'"{BOARD.name}"'
    assert macros["MICROPY_HW_MCU_NAME"] == '"ESP32C3"'
    assert macros["MICROPY_HW_ESP_USB_SERIAL_JTAG"] == "(0)"
    assert macros["MICROPY_PY_THREAD"] == "(0)"
    assert tuple(map(int, macros["AT_BOARD_PINS"].split(","))) == BOARD.pins


def test_every_file_it_names_is_there():
    text = (BOARD.folder / "mpconfigboard.cmake").read_text()
    shared = ROOT / "board/ESP32_S2_MINI_AT"
    names = re.findall(r"\$\{AT_SHARED\}/([\w.]+)", text)
    assert names
    assert all((shared / name).is_file() for name in names)


def test_its_image_is_checked_flashed_and_released(c3, capsys):
    assert layout.check(c3)["app"] > 0x180000 - 0x10000
    words = flash.command(c3, False)
    assert words[words.index("0x0") + 1].endswith("bootloader.bin")
    assert words[words.index("0x80000") + 1].endswith("application.bin")
    assert release.main([]) == 0
    assert "at-esp32c3-mini-" in capsys.readouterr().out
    guide = release.guide("x")
    assert "--chip esp32c3" in guide
    assert "TX GPIO 7, RX GPIO 6" in guide


def test_an_image_of_the_other_chip_is_refused(c3):
    (c3 / "application.bin").write_bytes(fakeidf.APPLICATION)
    with pytest.raises(ImageError, match="no image for the ESP32-C3"):
        layout.check(c3)


def test_emulate_without_the_emulator_says_so(c3, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(c3))
    assert emulate.main([]) == 1
    assert "there is no esp-emu command" in capsys.readouterr().err


def test_emulate_knows_which_board_can_be(monkeypatch, capsys):
    monkeypatch.setenv(boards.CHOICE, boards.S2.name)
    assert emulate.main([]) == 1
    assert "make emulate BOARD=ESP32_C3_MINI_AT" in capsys.readouterr().err


def test_emulate_runs_the_image(c3, tmp_path, monkeypatch):
    """Let a stand-in note what the emulator would be told."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/esp-emu"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:])\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    words = emulate.command("127.0.0.1:4000", "here", "--verbose")
    done = subprocess.run(words, capture_output=True, text=True)
    told = ["--chip", "esp32c3", "--uart1-tcp", "127.0.0.1:4000", "--wifi-ssid", "here"]
    assert done.stdout.strip() == repr([*told, "--verbose", str(c3 / merge.RAW)])


def test_emulate_needs_an_image(c3, tmp_path, monkeypatch, capsys):
    test_emulate_runs_the_image(c3, tmp_path, monkeypatch)
    (c3 / merge.RAW).unlink()
    assert emulate.main([]) == 1
    assert "make firmware BOARD=ESP32_C3_MINI_AT comes first" in capsys.readouterr().err
