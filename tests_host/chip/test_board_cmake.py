"""MicroPython's own CMake files, run over our boards with an ESP-IDF that only takes notes.

Proves that every source exists, which sdkconfig comes out, and what is told to the linker. What
ESP-IDF makes of it needs ESP-IDF.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

import fetch
import firmware
from pins import ROOT
from tools.image import boards

SHARED = boards.S2.folder  # what all boards have from the first
FAMILIES = {boards.S2: "XTENSA", boards.C3: "RISCV"}

# The part of ESP-IDF's CMake interface that MicroPython calls. The executable is never built: it
# is there for what CMake writes into its link command.
IDF = """
set(IDF_PATH $ENV{IDF_PATH})
set(CONFIG_IDF_TARGET_ARCH_{family} 1)
set(CONFIG_IDF_TARGET_{chip} 1)
function(idf_component_register)
    cmake_parse_arguments(ARG "" "" "SRCS;INCLUDE_DIRS;REQUIRES;LDFRAGMENTS" ${ARGN})
    add_library(__idf_main STATIC ${ARG_SRCS})
    target_include_directories(__idf_main PUBLIC ${ARG_INCLUDE_DIRS})
    set(COMPONENT_TARGET __idf_main PARENT_SCOPE)
    file(WRITE ${CMAKE_BINARY_DIR}/sources "${ARG_SRCS}")
    file(WRITE ${CMAKE_BINARY_DIR}/manifest "${MICROPY_FROZEN_MANIFEST}")
endfunction()
function(idf_component_get_property variable component)
    set(${variable} ${IDF_PATH}/components/${component} PARENT_SCOPE)
endfunction()
macro(project name)
    _project(${name} C)
    add_subdirectory(main)
    file(WRITE ${CMAKE_BINARY_DIR}/main.c "")
    add_executable(micropython.elf ${CMAKE_BINARY_DIR}/main.c)
    target_link_libraries(micropython.elf PRIVATE __idf_main)
endmacro()
"""

pytestmark = pytest.mark.skipif(
    shutil.which("cmake") is None or shutil.which("make") is None,
    reason="cmake and make are needed",
)


def micropython_tree(folder):
    """Return a MicroPython tree with links to the pinned one; an empty Berkeley DB in it.

    The pinned source comes without its submodules, and the ESP32 port insists on this one.
    """
    with fetch.locked():
        source = fetch.micropython()
        fetch.micropython_lib()
        firmware.write_application(source)
    for path in [*source.iterdir(), *(source / "lib").iterdir()]:
        if path.name not in ("lib", "berkeley-db-1.xx"):
            link = folder / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    berkeley = folder / "lib/berkeley-db-1.xx"
    named = re.findall(r"BERKELEY_DIR}/(\w+/\w+\.c)", (source / "extmod/extmod.cmake").read_text())
    for name in ("README", *named):
        (berkeley / name).parent.mkdir(parents=True, exist_ok=True)
        (berkeley / name).touch()
    return folder


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return the MicroPython tree of these tests."""
    return micropython_tree(tmp_path_factory.mktemp("micropython"))


KINDS = {"plain": (boards.S2, ""), "psram": (boards.S2, "PSRAM"), "c3": (boards.C3, "")}


@pytest.fixture(scope="module", params=KINDS)
def configured(request, tree, tmp_path_factory):
    """Return (board, variant, build folder) after CMake's configuration."""
    board, variant = KINDS[request.param]
    folder = tmp_path_factory.mktemp("build")
    (folder / "idf/tools/cmake").mkdir(parents=True)
    idf = IDF.replace("{family}", FAMILIES[board]).replace("{chip}", board.chip.upper())
    (folder / "idf/tools/cmake/project.cmake").write_text(idf)
    given = {
        "MICROPY_DIR": tree,
        "MICROPY_PORT_DIR": tree / "ports/esp32",
        "MICROPY_BOARD": board.name,
        "MICROPY_BOARD_DIR": board.folder,
        "USER_C_MODULES": board.folder / "usermods.cmake",
        "MICROPY_LIB_DIR": ROOT / "build/deps/micropython-lib",
    }
    if variant:
        given["MICROPY_BOARD_VARIANT"] = variant
    command = ["cmake", "-G", "Unix Makefiles", "-S", tree / "ports/esp32", "-B", folder / "out"]
    command += [f"-D{name}={value}" for name, value in given.items()]
    environment = {**os.environ, "IDF_PATH": str(folder / "idf")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    # Sources that do not exist end it.
    assert done.returncode == 0, done.stdout + done.stderr
    return board, variant, folder / "out"


def options(folder):
    """Return the options that ESP-IDF would get, the later of two."""
    text = (folder / "sdkconfig.combined").read_text()
    return dict(re.findall(r"^CONFIG_(\w+)=(.*)$", text, re.MULTILINE))


def test_partition_table_is_ours_by_its_absolute_path(configured):
    board, _, folder = configured
    name = options(folder)["PARTITION_TABLE_CUSTOM_FILENAME"]
    assert name == f'"{board.partitions}"'


def test_image_carries_the_version_of_gmr(configured):
    found = re.search(r'^BIN = "(.*)"', (ROOT / "firmware/at/version.py").read_text(), re.M)
    assert options(configured[2])["APP_PROJECT_VER"] == f'"{found[1]}"'


def test_board_has_the_last_word(configured):
    found = options(configured[2])
    wanted = re.findall(
        r"^CONFIG_(\w+)=(.*)$", (SHARED / "sdkconfig.board").read_text(), re.MULTILINE
    )
    assert [(name, found[name]) for name, _ in wanted] == wanted
    assert found["BOOTLOADER_APP_ROLLBACK_ENABLE"] == "y"  # from the base: updates rely on it
    assert found["PM_ENABLE"] == "y"


def test_only_the_variant_turns_psram_on(configured):
    _, variant, folder = configured
    assert options(folder).get("SPIRAM", "n") == ("y" if variant else "n")
    assert options(folder).get("SPIRAM_IGNORE_NOTFOUND", "n") == ("y" if variant else "n")


def test_our_c_is_compiled_and_tinyusb_is_not(configured):
    sources = (configured[2] / "sources").read_text().split(";")
    assert str(SHARED / "board.c") in sources
    assert not any("tinyusb" in name for name in sources)
    flags = (configured[2] / "main/CMakeFiles/__idf_main.dir/build.make").read_text()
    for name in ("modatlink.c", "port_esp32.c", "net/socket.c"):
        assert f"firmware/atlink/{name}" in flags
    assert "port_unix" not in flags


def test_every_c_file_of_the_firmware_is_in_the_build(configured):
    built = (configured[2] / "main/CMakeFiles/__idf_main.dir/build.make").read_text()
    missing = [
        path.name
        for path in (ROOT / "firmware").rglob("*.c")
        if not path.name.startswith("port_unix") and path.name not in built
    ]
    assert missing == []


@pytest.mark.parametrize("name", ["gc_get_max_new_split", "tcp_netif_ip_addr_changed"])
def test_what_the_board_takes_the_place_of_reaches_the_linker(configured, name):
    link = (configured[2] / "CMakeFiles/micropython.elf.dir/link.txt").read_text()
    assert f"-Wl,--wrap={name}" in link
    assert f"__wrap_{name}" in (SHARED / "board.c").read_text()


def test_variant_has_a_name_of_its_own(configured):
    _, variant, folder = configured
    flags = (folder / "main/CMakeFiles/__idf_main.dir/flags.make").read_text()
    assert ("with PSRAM" in flags) == bool(variant)


def test_the_application_is_in_the_build_with_its_objects(configured):
    assert (configured[2] / "manifest").read_text() == str(SHARED / "manifest.py")
    built = (configured[2] / "main/CMakeFiles/__idf_main.dir/build.make").read_text()
    assert "usermods/objects/application.c" in built
    assert "usermods/objects/names.c" in built
    assert "imitated_chip" not in built
    link = (configured[2] / "CMakeFiles/micropython.elf.dir/link.txt").read_text()
    assert "-Wl,--wrap=mp_init" in link
    assert "-Wl,--wrap=mp_find_frozen_module" in link
    flags = (configured[2] / "main/CMakeFiles/__idf_main.dir/flags.make").read_text()
    for source, header in (("objtype", "classes"), ("objmodule", "modules")):
        own = re.search(rf"py/{source}\.c\.o(bj)?_OPTIONS = -include;(.*)", flags)
        assert own is not None and own[2] == str(ROOT / f"firmware/atrom/{header}.h")


def test_nothing_is_frozen_twice(tree, tmp_path):
    genhdr = firmware.build(32).parent / "genhdr"
    shutil.copytree(genhdr, tmp_path / "genhdr")
    command = [sys.executable, tree / "tools/makemanifest.py", "-o", tmp_path / "frozen.c"]
    command += ["-v", f"MPY_DIR={tree}", "-v", f"MPY_LIB_DIR={ROOT}/build/deps/micropython-lib"]
    command += ["-v", f"PORT_DIR={tree}/ports/esp32", "-v", f"BOARD_DIR={SHARED}"]
    command += ["-b", tmp_path, "-f-march=xtensawin", SHARED / "manifest.py"]
    environment = {**os.environ, "MICROPY_MPYCROSS": str(ROOT / "build/mpy-cross/mpy-cross")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "frozen bytecode" not in (tmp_path / "frozen.c").read_text()
