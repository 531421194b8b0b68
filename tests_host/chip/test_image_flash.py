"""Merging and writing an image: what a module keeps, what it loses, what esptool is told."""

import subprocess
import sys
from pathlib import Path

import pytest
from intelhex import IntelHex

import partitions
from pins import ROOT
from tests_host.chip.fakeidf import APPLICATION
from tools.image import ImageError, flash, layout, merge

PARTS = {part.name: part for part in partitions.load()}


def apply_hex(path, memory):
    """Do what a programmer does with an Intel HEX file."""
    for start, end in IntelHex(str(path)).segments():
        memory[start:end] = IntelHex(str(path)).tobinarray(start=start, size=end - start).tobytes()


def test_hex_holds_the_pieces_and_nothing_between(built):
    merge.both(built)
    wanted = {piece.offset: (built / piece.file).read_bytes() for piece in layout.pieces()}
    memory = IntelHex(str(built / "factory.hex"))
    found = set(memory.addresses())
    assert found == {at + n for at, data in wanted.items() for n in range(len(data))}
    for at, data in wanted.items():
        assert memory.tobinarray(start=at, size=len(data)).tobytes() == data


def test_raw_image_is_blank_between_the_pieces(built):
    merge.both(built)
    raw = (built / "factory_erase.bin").read_bytes()
    for piece in layout.pieces():
        data = (built / piece.file).read_bytes()
        assert raw[piece.offset :][: len(data)] == data
    assert not raw[:0x1000].strip(b"\xff")
    for name in ("nvs", "vfs", "fatfs"):
        assert not raw[PARTS[name].offset : PARTS[name].end].strip(b"\xff")


def test_merge_that_fails_is_reported(built):
    (built / "application.bin").unlink()
    with pytest.raises(ImageError, match="esptool cannot merge"):
        merge.both(built)


def test_settings_of_a_module_survive_the_hex_and_not_the_raw_image(built, simulate, tmp_path):
    merge.both(built)
    flash_file = tmp_path / "module/flash/flash.img"
    for name, rate in (("factory.hex", 57600), ("factory_erase.bin", 115200)):
        simulator = simulate()
        with simulator.module() as module:
            module.ok("AT+UART_DEF=57600,8,1,0,0")
        simulator.stop()
        memory = bytearray(flash_file.read_bytes())
        if name.endswith(".hex"):
            apply_hex(built / name, memory)
        else:
            raw = (built / name).read_bytes()
            memory[: len(raw)] = raw
        flash_file.write_bytes(memory)
        simulator = simulate(erase=False)
        with simulator.module() as module:
            assert f"+UART_DEF:{rate},8,1,0,0" in module.ok("AT+UART_DEF?")
        simulator.stop()


class Esptool:
    """Stands for esptool: notes its arguments; a page read from flash is what `page` says."""

    def __init__(self, monkeypatch):
        self.calls = []
        self.page = flash.BLANK
        self.status = 0
        monkeypatch.setattr(flash.subprocess, "run", self.run)

    def run(self, command):
        """Take the place of subprocess.run."""
        self.calls.append(command[command.index("--port") :])
        if "read-flash" in command and self.status == 0:
            Path(command[-1]).write_bytes(self.page)
        return subprocess.CompletedProcess(command, self.status)


@pytest.fixture
def esptool(monkeypatch):
    """Put a note-taker in the place of esptool."""
    return Esptool(monkeypatch)


def written(call):
    """Return {address: file name} of a write-flash call."""
    start = next(index for index, word in enumerate(call) if word.startswith("0x"))
    names = call[start:]
    return {
        int(at, 0): name.rpartition("/")[2]
        for at, name in zip(names[::2], names[1::2], strict=True)
    }


FIRMWARE = {
    0x1000: "bootloader.bin",
    0x8000: "partition-table.bin",
    0x10000: "otadata.bin",
    0x100000: "application.bin",
}


def test_module_with_manufacturing_data_keeps_it(built, esptool, capsys):
    del built
    esptool.page = b"\xfe" + flash.BLANK[1:]
    assert flash.main(["/dev/ttyX"]) == 0
    assert written(esptool.calls[-1]) == FIRMWARE
    assert esptool.calls[-1][:4] == ["--port", "/dev/ttyX", "--baud", "460800"]
    kept = "phy_init, nvs, at_customize, mfg_nvs, vfs, fatfs, ota_1"
    assert f"stays as it is: {kept}\n" in capsys.readouterr().out


def test_blank_module_gets_manufacturing_data(built, esptool):
    del built
    assert flash.main(["/dev/ttyX"]) == 0
    assert written(esptool.calls[-1]) == FIRMWARE | {0x21000: "mfg_nvs.bin"}
    assert esptool.calls[0][-3:-1] == ["0x21000", "4096"]


def test_manufacturing_data_is_replaced_on_demand_without_asking(built, esptool):
    del built
    assert flash.main(["/dev/ttyX", "--mfg", "--baud", "115200"]) == 0
    (call,) = esptool.calls
    assert written(call)[0x21000] == "mfg_nvs.bin"
    assert call[3] == "115200"


def test_flash_is_told_its_mode_size_and_speed(built, esptool):
    del built
    assert flash.main(["/dev/ttyX", "--mfg"]) == 0
    words = esptool.calls[0]
    for name, value in (("mode", "dio"), ("size", "4MB"), ("freq", "80m")):
        assert words[words.index(f"--flash-{name}") + 1] == value


def test_module_that_does_not_answer(built, esptool, capsys):
    del built
    esptool.status = 2
    assert flash.main(["/dev/ttyX"]) == 1
    error = capsys.readouterr().err
    assert "cannot reach the module on /dev/ttyX" in error
    assert "GPIO 0" in error
    assert len(esptool.calls) == 1


def test_nothing_was_built(built, esptool, capsys):
    (built / "application.bin").unlink()
    assert flash.main(["/dev/ttyX"]) == 1
    assert "application.bin is missing: make firmware comes first" in capsys.readouterr().err
    assert esptool.calls == []


def test_damaged_image_is_not_written(built, esptool, capsys):
    data = bytearray(APPLICATION)
    data[5000] ^= 1
    (built / "application.bin").write_bytes(data)
    assert flash.main(["/dev/ttyX"]) == 1
    assert "app is no image" in capsys.readouterr().err
    assert esptool.calls == []


def test_image_without_its_settings_is_not_written(built, esptool, capsys):
    (built / "flasher_args.json").write_text("{}")
    assert flash.main(["/dev/ttyX", "--mfg"]) == 1
    assert "flasher_args.json cannot be used" in capsys.readouterr().err
    assert esptool.calls == []


def test_esptool_understands_what_it_is_told(built):
    done = subprocess.run(
        merge.esptool(
            "--port", "/dev/no-such-port", "--baud", "460800", *flash.command(built, True)
        ),
        capture_output=True,
        text=True,
    )
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "no-such-port" in text
    assert "Usage" not in text


def test_dry_run_shows_the_command_and_touches_nothing(built, esptool, capsys):
    del built
    assert flash.main(["/dev/ttyX", "--dry-run"]) == 0
    assert "write-flash --flash-freq 80m" in capsys.readouterr().out
    assert esptool.calls == []


@pytest.mark.parametrize("target", ["flash", "monitor"])
def test_make_needs_a_port(target):
    done = subprocess.run(["make", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"make {target} needs PORT=" in done.stderr


def test_make_passes_what_it_is_given_on():
    command = ["make", "-n", "flash", "PORT=/dev/ttyX", "BAUD=9600", "VARIANT=PSRAM", "MFG=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    words = " ".join(done.stdout.replace("\\\n", " ").split())
    assert 'ports.py --quiet flash "/dev/ttyX" --variant PSRAM)" --baud 9600' in words
    assert words.endswith("--variant PSRAM --mfg")


def test_commands_say_what_they_do():
    for name in ("build", "flash"):
        command = [sys.executable, "-m", f"tools.image.{name}", "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0
        assert "make " in done.stdout
