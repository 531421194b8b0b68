"""The simulator's NVS (tools/simulator/simchip): format, values, and power cuts at any moment."""

import ctypes
import random
import struct
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pyenv
from pins import ROOT
from tests_host.simulator import nvsreader

SIMCHIP = ROOT / "tools/simulator/simchip"
HERE = ROOT / "tests_host/simulator/sim_c"
SOURCES = [SIMCHIP / name for name in ("flash.c", "nvs.c", "nvs_page.c", "nvs_mount.c")]
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{SIMCHIP}")
U8, I8, U16, I16, U32, I32, STRING, BLOB = 1, 0x11, 2, 0x12, 4, 0x14, 0x21, 0x48
NOT_FOUND, NO_SPACE, NO_FREE_PAGES, NEW_VERSION = 0x1102, 0x1105, 0x110D, 0x1110
PAGE = 4096


def compile_c(output, *arguments):
    subprocess.run(["gcc", *WARNINGS, *arguments, *SOURCES, "-o", output], check=True)
    return output


class Nvs:
    """One partition in memory, through the C code."""

    def __init__(self, library, image):
        self.c = library
        self.size = len(image)
        self.c.h_load(bytes(image), self.size)

    def mount(self, cut=0):
        self.c.h_arm(cut)
        return self.c.h_mount(0, self.size)

    def write(self, space, key, kind, value):
        data = encode(kind, value)
        return self.c.h_write(space.encode(), key.encode(), kind, data, len(data))

    def erase(self, space, key=""):
        return self.c.h_erase(space.encode(), key.encode())

    def read(self, space, key):
        kind, size = ctypes.c_int(), ctypes.c_uint32(1 << 20)
        buffer = ctypes.create_string_buffer(1 << 20)
        reference = (ctypes.byref(kind), buffer, ctypes.byref(size))
        error = self.c.h_read(space.encode(), key.encode(), *reference)
        return error or (kind.value, decode(kind.value, buffer.raw[: size.value]))

    def image(self):
        buffer = ctypes.create_string_buffer(self.size)
        self.c.h_store(buffer)
        return buffer.raw


def encode(kind, value):
    if kind in nvsreader.INTEGERS:
        return struct.pack(nvsreader.INTEGERS[kind], value)
    return value + b"\0" if kind == STRING else value


def decode(kind, raw):
    if kind in nvsreader.INTEGERS:
        return struct.unpack(nvsreader.INTEGERS[kind], raw)[0]
    return raw[:-1] if kind == STRING else raw


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("nvs") / "nvs.so"
    compile_c(path, "-O1", "-fPIC", "-shared", HERE / "harness.c")
    return ctypes.CDLL(str(path))


@pytest.fixture
def blank(library):
    nvs = Nvs(library, b"\xff" * 4 * PAGE)
    assert nvs.mount() == 0
    return nvs


def test_random_work_survives_a_power_cut_at_every_operation(tmp_path):
    program = compile_c(
        *(tmp_path / "test_nvs", "-g", "-O1", "-fsanitize=address,undefined"),
        *("-fno-sanitize-recover=all", HERE / "test_nvs.c"),
    )
    for seed in ("1", "2", "3"):
        done = subprocess.run([program, seed, "400"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.split()[0]) > 500, done.stdout


# Images of Espressif's generator.

CSV = """key,type,encoding,value
first,namespace,,
small,data,u8,255
minus,data,i8,-128
word,data,u16,65535
short,data,i16,-32768
long,data,u32,4294967295
number,data,i32,-2147483648
text,data,string,"with, comma and \xe4"
second,namespace,,
text,data,string,other
big,file,binary,{big}
hex,data,hex2bin,00ff10
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return an image of Espressif's generator and the blob in it that goes over pages."""
    folder = tmp_path_factory.mktemp("generated")
    big = bytes(range(256)) * 40
    (folder / "big.dat").write_bytes(big)
    (folder / "in.csv").write_text(CSV.format(big=folder / "big.dat"), encoding="utf-8")
    command = [pyenv.ensure("mfg"), "-m", "esp_idf_nvs_partition_gen", "generate"]
    command += [folder / "in.csv", folder / "out.bin", "0x8000"]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "out.bin").read_bytes(), big


def test_an_image_of_the_generator_is_read_as_it_is(library, generated):
    image, big = generated
    nvs = Nvs(library, image)
    assert nvs.mount() == 0
    assert nvs.image() == image
    assert nvs.read("first", "small") == (U8, 255)
    assert nvs.read("first", "minus") == (I8, -128)
    assert nvs.read("first", "word") == (U16, 65535)
    assert nvs.read("first", "short") == (I16, -32768)
    assert nvs.read("first", "long") == (U32, 4294967295)
    assert nvs.read("first", "number") == (I32, -2147483648)
    assert nvs.read("first", "text") == (STRING, "with, comma and \xe4".encode())
    assert nvs.read("second", "text") == (STRING, b"other")
    assert nvs.read("second", "big") == (BLOB, big)
    assert nvs.read("second", "hex") == (BLOB, b"\0\xff\x10")
    assert nvs.read("second", "small") == NOT_FOUND
    assert nvs.read("third", "text") == NOT_FOUND


def test_an_image_of_the_generator_can_be_written_to(library, generated):
    image, big = generated
    nvs = Nvs(library, image)
    nvs.mount()
    assert nvs.write("second", "big", BLOB, big[::-1]) == 0
    assert nvs.write("first", "text", STRING, b"new") == 0
    assert nvs.erase("second", "hex") == 0
    found = nvsreader.read(nvs.image())
    assert found["second", "big"] == (BLOB, big[::-1])
    assert found["first", "text"] == (STRING, b"new")
    assert ("second", "hex") not in found
    assert found["first", "number"] == (I32, -2147483648)


# What the C code writes, read by Python.

KEYS = st.sampled_from(["a", "b", "c", "key_of_15_bytes"])
SPACES = st.sampled_from(["one", "two"])
VALUES = st.one_of(
    st.tuples(st.just(U8), st.integers(0, 255)),
    st.tuples(st.just(I16), st.integers(-32768, 32767)),
    st.tuples(st.just(I32), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(STRING), st.binary(max_size=200).map(lambda b: b.replace(b"\0", b"x"))),
    st.tuples(st.just(BLOB), st.binary(max_size=100)),
    st.tuples(st.just(BLOB), st.integers(0, 7000).map(lambda n: bytes(n % 251 for n in range(n)))),
)
# The machine may be busy, and the flash of an example is made in it.
UNHURRIED = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), SPACES, KEYS, VALUES),
        st.tuples(st.just("erase"), SPACES, KEYS),
        st.tuples(st.just("erase all"), SPACES),
        st.tuples(st.just("mount")),
    ),
    max_size=25,
)


def perform(nvs, model, operation):
    """Do one operation to both; return the result of the C code."""
    kind, *arguments = operation
    if kind == "mount":
        return nvs.mount()
    if kind == "write":
        space, key, (type_, value) = arguments
        error = nvs.write(space, key, type_, value)
        if error == 0:
            model[space, key] = (type_, value)
        assert error in (0, NO_SPACE)
        return error
    if kind == "erase":
        error = nvs.erase(*arguments)
        assert error == (0 if model.pop(tuple(arguments), None) else NOT_FOUND)
        return error
    error = nvs.erase(arguments[0])
    for key in [key for key in model if key[0] == arguments[0]]:
        del model[key]
    return error


@settings(max_examples=60, suppress_health_check=UNHURRIED)
@given(OPERATIONS)
def test_what_is_written_is_what_another_reader_finds(library, operations):
    nvs = Nvs(library, b"\xff" * 4 * PAGE)
    nvs.mount()
    model = {}
    for operation in operations:
        perform(nvs, model, operation)
        assert nvsreader.read(nvs.image()) == model


@settings(max_examples=25, suppress_health_check=UNHURRIED)
@given(OPERATIONS)
def test_a_power_cut_leaves_old_or_new_and_all_the_rest(library, operations):
    image = b"\xff" * 3 * PAGE
    model = {}
    for operation in operations:
        before = dict(model)
        nvs = Nvs(library, image)
        nvs.mount()
        started = library.h_writes()
        perform(nvs, model, operation)
        steps = library.h_writes() - started
        after = nvs.image()
        for cut in range(1, steps + 1):
            check_cut(library, image, operation, cut, (before, model))
        image = after


def check_cut(library, image, operation, cut, states):
    """Cut the power at one flash operation, mount again and compare with both states."""
    nvs = Nvs(library, image)
    nvs.mount()
    library.h_arm(cut)
    perform_until_cut(nvs, operation)
    assert library.h_dead()
    nvs = Nvs(library, nvs.image())
    assert nvs.mount() == 0
    found = nvsreader.read(nvs.image())
    for key in {*states[0], *states[1], *found}:
        assert found.get(key) in (states[0].get(key), states[1].get(key)), key


def perform_until_cut(nvs, operation):
    kind, *arguments = operation
    if kind == "write":
        nvs.write(arguments[0], arguments[1], *arguments[2])
    elif kind == "mount":
        nvs.c.h_mount(0, nvs.size)
    else:
        nvs.erase(*arguments)


# Single cases.


def test_a_value_of_another_type_takes_the_place_of_the_old_one(blank):
    blank.write("n", "key", STRING, b"text")
    blank.write("n", "key", BLOB, b"blob" * 50)
    assert blank.read("n", "key") == (BLOB, b"blob" * 50)
    blank.write("n", "key", I32, 7)
    assert blank.read("n", "key") == (I32, 7)
    assert nvsreader.read(blank.image()) == {("n", "key"): (I32, 7)}


def test_writing_the_same_value_again_touches_nothing(blank, library):
    for kind, value in ((I32, 5), (STRING, b"same"), (BLOB, bytes(5000))):
        blank.write("n", "key", kind, value)
        writes = library.h_writes()
        assert blank.write("n", "key", kind, value) == 0
        assert library.h_writes() == writes


def test_a_full_store_refuses_and_keeps_what_it_has(blank):
    assert blank.write("n", "kept", BLOB, b"k" * 5000) == 0
    assert blank.write("n", "new", BLOB, b"n" * 9000) == NO_SPACE
    assert blank.write("n", "kept", BLOB, b"K" * 7000) == NO_SPACE
    assert nvsreader.read(blank.image()) == {("n", "kept"): (BLOB, b"k" * 5000)}
    assert blank.write("n", "small", U8, 1) == 0


def test_a_value_too_long_for_the_format_is_refused(blank):
    assert blank.write("n", "text", STRING, b"x" * 3999) == 0
    assert blank.write("n", "text", STRING, b"x" * 4000) == 0x110E
    assert blank.write("n", "blob", BLOB, bytes(3 * 4000 + 1)) == 0x110E


@pytest.mark.parametrize(("name", "error"), [("", 0x1106), ("x" * 15, 0), ("x" * 16, 0x1109)])
def test_names_have_1_to_15_bytes(blank, name, error):
    assert blank.write("n", name, U8, 1) == error
    assert blank.write(name, "key", U8, 1) == error


def test_the_number_of_namespaces_is_limited(library):
    nvs = Nvs(library, b"\xff" * 8 * PAGE)
    nvs.mount()
    for number in range(254):
        assert nvs.write(f"space{number}", "key", U8, number) == 0
    assert nvs.write("one_more", "key", U8, 1) == NO_SPACE
    assert len(nvsreader.read(nvs.image())) == 254


def test_a_corrupt_page_is_skipped(blank, library):
    for number in range(200):
        blank.write("n", f"key{number}", U32, number)
    image = bytearray(blank.image())
    image[4] ^= 1  # the age of the first page no longer fits its checksum
    nvs = Nvs(library, image)
    assert nvs.mount() == 0
    assert nvs.read("n", "key0") == NOT_FOUND  # with its page, the namespace's name is gone
    assert nvs.write("n", "key0", U32, 1) == 0
    assert nvs.read("n", "key0") == (U32, 1)


def test_a_corrupt_entry_is_erased_and_the_rest_stays(blank, library):
    blank.write("n", "first", U32, 1)
    blank.write("n", "text", STRING, b"text")
    blank.write("n", "last", U32, 3)
    image = bytearray(blank.image())
    image[64 + 32 + 24] ^= 0xFF  # the value of the second entry: "first"
    nvs = Nvs(library, image)
    assert nvs.mount() == 0
    assert nvsreader.read(nvs.image()) == {
        ("n", "text"): (STRING, b"text"),
        ("n", "last"): (U32, 3),
    }


def test_damaged_data_is_not_returned(blank, library):
    blank.write("n", "text", STRING, b"some text")
    image = bytearray(blank.image())
    image[64 + 2 * 32] ^= 0x20
    nvs = Nvs(library, image)
    assert nvs.mount() == 0
    assert nvs.read("n", "text") == NOT_FOUND


def test_a_store_without_a_spare_page_is_refused(blank, library):
    blank.write("n", "key", U8, 1)
    page = bytearray(blank.image()[:PAGE])
    pages = []
    for seq in range(4):
        page[4:8] = struct.pack("<I", seq)
        page[28:32] = struct.pack("<I", nvsreader.crc32(page[4:28]))
        pages.append(bytes(page))
    assert Nvs(library, b"".join(pages)).mount() == NO_FREE_PAGES


def test_a_newer_format_is_refused_and_left_alone(blank, library):
    blank.write("n", "key", U8, 1)
    image = bytearray(blank.image())
    image[8] = 0xFD
    image[28:32] = struct.pack("<I", nvsreader.crc32(image[4:28]))
    nvs = Nvs(library, image)
    assert nvs.mount() == NEW_VERSION
    assert nvs.image() == image


def test_damaged_bytes_never_hang_or_crash_it(blank, library):
    for number in range(60):
        blank.write("n", f"key{number}", STRING, b"value " * number)
    blank.write("n", "blob", BLOB, bytes(3000))
    sound = blank.image()
    dice = random.Random(1)
    for _ in range(300):
        image = bytearray(sound)
        for _ in range(dice.randrange(1, 40)):
            image[dice.randrange(len(image))] ^= 1 << dice.randrange(8)
        nvs = Nvs(library, image)
        assert nvs.mount() in (0, NO_FREE_PAGES, NEW_VERSION)
        assert nvs.write("n", "key", U8, 1) in (0, NO_SPACE)
