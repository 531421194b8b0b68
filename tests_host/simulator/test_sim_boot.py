"""The boot loader's work: application images, otadata, rollback; the flash image as delivered."""

import hashlib
import struct

import pytest

from tests_host.simulator import nvsreader
from tools.build import partitions
from tools.peers import espimage
from tools.simulator import appimage, flashimage, otadata
from tools.simulator.errors import SimulatorError
from tools.simulator.otadata import ABORTED, NEW, PENDING, VALID, Entry

PARTS = partitions.load()
SLOTS = [part for part in PARTS if part.name.startswith("ota_")]
OTADATA = next(part for part in PARTS if part.name == "otadata")
DESCRIPTION = appimage.Description("1.2.3", "name", "10:11:12", "Nov 21 2026", "v5.4", b"s" * 32)


@pytest.fixture
def flash():
    """Return blank flash with a valid image in both slots."""
    memory = memoryview(bytearray(b"\xff" * partitions.FLASH_SIZE))
    for slot in SLOTS:
        put(memory, slot, appimage.build(DESCRIPTION))
    return memory


def put(memory, slot, image):
    memory[slot.offset : slot.offset + len(image)] = image


def entries(flash):
    return otadata.OtaData(flash, OTADATA).entries()


def choose(flash):
    return otadata.choose_slot(flash, PARTS)


def test_our_image_is_valid_and_says_what_it_is():
    image = appimage.build(DESCRIPTION)
    assert appimage.verify(image) == len(image)
    assert appimage.verify(image + b"\xff" * 1000) == len(image)
    assert appimage.describe(image) == DESCRIPTION
    assert image[-32:] == hashlib.sha256(image[:-32]).digest()


@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize("sizes", [(256,), (256, 4, 1000), (4096,) * 16])
def test_images_of_another_maker_are_valid(sizes, hashed):
    segments = [bytes(n % 255 for n in range(size)) for size in sizes]
    image = espimage.compose(segments, hashed=hashed)
    assert appimage.verify(image + b"\xff" * 64) == len(image)


def test_every_damaged_byte_of_an_image_is_found():
    image = bytearray(appimage.build(DESCRIPTION))
    for at in range(len(image)):
        image[at] ^= 0x10
        with pytest.raises(appimage.ImageError):
            appimage.verify(image)
        image[at] ^= 0x10


@pytest.mark.parametrize("length", [0, 1, 23, 24, 40, 300, 320])
def test_a_part_of_an_image_is_not_valid(length):
    with pytest.raises(appimage.ImageError):
        appimage.verify(appimage.build(DESCRIPTION)[:length])


def test_an_image_for_another_chip_is_refused():
    with pytest.raises(appimage.ImageError, match="chip 9"):
        appimage.verify(espimage.compose([espimage.describe("1")], chip=9))


def test_blank_otadata_starts_the_first_slot_for_good(flash):
    assert choose(flash) == 0
    assert entries(flash)[0] == Entry(1, VALID)


def test_a_new_choice_is_on_probation_once(flash):
    data = otadata.OtaData(flash, OTADATA)
    data.write(0, Entry(1, VALID))
    data.write(1, Entry(2, NEW))
    assert choose(flash) == 1
    assert entries(flash)[1] == Entry(2, PENDING)
    assert choose(flash) == 0, "it was never marked valid"
    assert entries(flash)[1] == Entry(2, ABORTED)
    assert choose(flash) == 0


def test_a_choice_marked_valid_stays(flash):
    data = otadata.OtaData(flash, OTADATA)
    data.write(0, Entry(3, VALID))
    data.write(1, Entry(4, VALID))
    assert choose(flash) == 1
    assert choose(flash) == 1


def test_an_entry_with_a_wrong_checksum_counts_for_nothing(flash):
    data = otadata.OtaData(flash, OTADATA)
    data.write(0, Entry(1, VALID))
    data.write(1, Entry(2, VALID))
    flash[OTADATA.offset + 4096] ^= 4  # sequence number 6, if it were believed
    assert choose(flash) == 0


def test_a_slot_without_image_is_passed_over(flash):
    otadata.OtaData(flash, OTADATA).write(0, Entry(2, VALID))
    put(flash, SLOTS[1], b"\0\0\0\0")
    assert choose(flash) == 0
    put(flash, SLOTS[0], b"\0\0\0\0")
    with pytest.raises(SimulatorError, match="no slot holds a valid firmware image"):
        choose(flash)


@pytest.fixture
def firmware(tmp_path):
    path = tmp_path / "micropython"
    path.write_bytes(b"a firmware")
    return path


def test_the_flash_as_delivered(tmp_path, firmware):
    image = flashimage.FlashImage(tmp_path / "flash.img", firmware)
    content = (tmp_path / "flash.img").read_bytes()
    assert content[0x8000:0x8C00] == partitions.binary(PARTS)
    mfg, vfs = image.part("mfg_nvs"), image.part("vfs")
    found = nvsreader.read(content[mfg.offset : mfg.end])
    assert found["factory_param", "uart_baudrate"] == (0x14, 115200)
    assert content[vfs.offset : vfs.end] == b"\xff" * vfs.size
    assert image.slot() == 0
    assert image.verify(SLOTS[0].offset, SLOTS[0].size)
    assert not image.verify(SLOTS[1].offset, SLOTS[1].size)


def test_a_new_build_renews_the_first_slot_only(tmp_path, firmware):
    path = tmp_path / "flash.img"
    flashimage.FlashImage(path, firmware).memory[0x12000:0x12004] = b"kept"
    before = path.read_bytes()
    firmware.write_bytes(b"another firmware")
    flashimage.FlashImage(path, firmware)
    after = path.read_bytes()
    assert after[: SLOTS[0].offset] == before[: SLOTS[0].offset]
    digest = appimage.describe(after[SLOTS[0].offset :]).elf_sha256
    assert digest == hashlib.sha256(b"another firmware").digest()


def test_after_an_update_a_new_build_changes_nothing(tmp_path, firmware):
    path = tmp_path / "flash.img"
    image = flashimage.FlashImage(path, firmware)
    otadata.OtaData(image.memory, OTADATA).write(1, Entry(2, VALID))
    before = path.read_bytes()
    firmware.write_bytes(b"another firmware")
    flashimage.FlashImage(path, firmware)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"short", None])
def test_a_flash_file_of_the_wrong_size_is_made_anew(tmp_path, firmware, content):
    path = tmp_path / "flash.img"
    if content is not None:
        path.write_bytes(content)
    flashimage.FlashImage(path, firmware)
    assert path.stat().st_size == partitions.FLASH_SIZE
    assert struct.unpack_from("<H", path.read_bytes(), 0x8000)[0] == 0x50AA
