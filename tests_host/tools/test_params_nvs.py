"""The data of the factory tool: what is written is read again, and by a strict reader."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_host.simulator import nvsreader
from tests_host.tools.nvsflat import flat
from tools.params import ParamsError, nvs
from tools.params.nvs import Value

SIZE = 0x1C000


def page_of(number, sequence, state=0xFFFFFFFE):
    """Return a page that says key = number, as the one written at that point in time."""
    page = bytearray(nvs.write({"space": {"key": Value("i32", number)}}, 0x3000)[: nvs.PAGE])
    struct.pack_into("<II", page, 0, state, sequence)
    struct.pack_into("<I", page, 28, nvs.crc32(bytes(page[4:28])))
    return bytes(page)


def test_of_two_values_that_a_power_cut_left_the_newer_counts():
    older, newer, blank = page_of(1, 7, 0xFFFFFFFC), page_of(2, 8), b"\xff" * nvs.PAGE
    for image in (older + newer + blank, newer + blank + older):
        assert nvs.read(image)["space"]["key"] == Value("i32", 2)


def test_damaged_entry_does_not_count():
    page = bytearray(page_of(1, 0))
    page[64 + 32 + 24] ^= 1  # the value of the second entry; the first names the space
    assert nvs.read(bytes(page) + b"\xff" * nvs.PAGE) == {"space": {}}


names = st.text("abcdefghij_.0123456789", min_size=1, max_size=15)
numbers = st.one_of(
    st.integers(-128, 127).map(lambda n: Value("i8", n)),
    st.integers(0, 65535).map(lambda n: Value("u16", n)),
    st.integers(-(2**31), 2**31 - 1).map(lambda n: Value("i32", n)),
)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), max_size=300)
contents = st.dictionaries(
    names,
    st.dictionaries(
        names,
        st.one_of(
            numbers,
            texts.map(lambda text: Value("string", text)),
            st.binary(min_size=1, max_size=5000).map(lambda data: Value("blob", data)),
        ),
        max_size=5,
    ),
    max_size=4,
)


@settings(max_examples=15)
@given(contents)
def test_any_content_survives_writing_and_reading(content):
    image = nvs.write(content, SIZE)
    assert nvs.read(image) == content
    assert nvsreader.read(image) == flat(content)


def test_content_that_does_not_fit():
    with pytest.raises(ParamsError, match="does not fit"):
        nvs.write({"space": {f"key{n}": Value("blob", bytes(3900)) for n in range(30)}}, SIZE)


@pytest.mark.parametrize("length", [3967, 3968, 3999])
def test_strings_as_long_as_the_firmware_takes_them(length):
    """Espressif's generator stops at 3967 bytes, AT+SYSMFG at 3999."""
    text = ("0123456789" * 400)[:length]
    content = {
        "test": {"a": nvs.Value("u8", 7), "long": nvs.Value("string", text)},
        "other": {"long": nvs.Value("string", text), "z": nvs.Value("blob", b"z" * 300)},
    }
    image = nvs.write(content, 0x1C000)
    assert len(image) == 0x1C000
    assert nvs.read(image) == content
    assert nvs.read(nvs.write(nvs.read(image), 0x1C000)) == content
    judged = nvsreader.read(image)
    assert judged["test", "long"] == judged["other", "long"] == (nvsreader.STRING, text.encode())


def test_long_strings_need_a_page_each():
    content = {"test": {f"k{n}": nvs.Value("string", "x" * 3990) for n in range(3)}}
    with pytest.raises(ParamsError, match="does not fit"):
        nvs.write(content, 0x4000)
