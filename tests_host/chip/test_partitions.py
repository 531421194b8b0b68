"""The flash layout: what partitions.csv says; what ESP-IDF would refuse is refused here."""

import struct
import subprocess
import sys

import pytest

import partitions

GOOD = "nvs, data, nvs, 0x12000, 56K\nota_0, app, ota_0, 0x100000, 0x180000\n"


def problem(text):
    """Return what is wrong with a layout."""
    with pytest.raises(partitions.PartitionError) as caught:
        partitions.check(partitions.parse(text))
    return str(caught.value)


def test_offsets_known_to_esp_at_tools_are_kept():
    found = {part.name: (part.offset, part.size) for part in partitions.load()}
    assert found["nvs"] == (0x12000, 0xE000)
    assert found["mfg_nvs"] == (0x21000, 0x1C000)
    assert found["fatfs"] == (0x70000, 0x90000)
    assert found["ota_0"] == (0x100000, 0x180000)
    assert found["ota_1"] == (0x280000, 0x180000)


def test_user_scripts_have_the_gap_between_mfg_nvs_and_fatfs():
    found = {part.name: part for part in partitions.load()}
    assert found["vfs"].offset == found["mfg_nvs"].end
    assert found["vfs"].end == found["fatfs"].offset


def test_flash_is_used_to_its_end():
    assert max(part.end for part in partitions.load()) == partitions.FLASH_SIZE


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x, app, ota_1, 0x281000, 0x10000", "no multiple of 0x10000"),
        ("x, data, nvs, 0x9100, 0x1000", "no multiple of 0x1000"),
        ("x, data, nvs, 0x9000, 0x800", "size 0x800"),
        ("x, data, nvs, 0x9000, 0", "size 0x0"),
        ("x, data, nvs, 0x1f000, 0x2000", "x begins inside nvs"),
        ("x, data, nvs, 0x11000, 0x2000", "nvs begins inside x"),
        ("x, data, nvs, 0x3ff000, 0x2000", "not in the flash"),
        ("x, data, nvs, 0x8000, 0x1000", "not in the flash"),
        ("nvs, data, fat, 0x30000, 0x1000", "two of this name"),
        ("sixteen_letters_, data, fat, 0x30000, 0x1000", "1 to 15 bytes"),
        (", data, fat, 0x30000, 0x1000", "1 to 15 bytes"),
        ("x, data, ota, 0x30000, 0x1000", "otadata has 0x2000 bytes"),
        ("a, data, ota, 0x30000, 8K\nb, data, ota, 0x32000, 8K", "more than one otadata"),
        ("x, data, nvs, 0x30000, 0x1000, encrypted", "flags are not supported: encrypted"),
        ("x, 0xff, 0, 0x30000, 0x1000", "up to 0xfe"),
        ("x, data, nvs, 0x30000", "too few columns"),
        ("x, data, nosuch, 0x30000, 0x1000", "nosuch"),
        ("x, what, 0, 0x30000, 0x1000", "what"),
    ],
)
def test_bad_row_is_refused(line, message):
    assert message in problem(GOOD + line)


def test_too_many_partitions_are_refused():
    rows = (f"p{row}, data, fat, {0x9000 + row * 0x1000:#x}, 0x1000\n" for row in range(96))
    assert "do not fit" in problem("".join(rows))


def test_binary_table_holds_the_rows_and_blank_flash_behind():
    table = partitions.binary(partitions.load())
    assert len(table) == 0xC00
    magic, kind, subtype, offset, size, name, flags = struct.unpack_from(
        "<HBBII16sI", table, 4 * 32
    )
    assert (magic, kind, subtype, offset, size) == (0x50AA, 1, 2, 0x21000, 0x1C000)
    assert (name.rstrip(b"\0"), flags) == (b"mfg_nvs", 0)
    assert table[9 * 32 :] == b"\xff" * (0xC00 - 9 * 32)


def test_command_writes_the_table(tmp_path):
    output = tmp_path / "table.bin"
    subprocess.run([sys.executable, partitions.__file__, output], check=True)
    assert output.read_bytes() == partitions.binary(partitions.load())


def test_command_says_when_it_cannot_write(tmp_path):
    done = subprocess.run(
        [sys.executable, partitions.__file__, tmp_path / "no/table"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
