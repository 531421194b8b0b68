"""The chip's board files say what the firmware needs, and nothing the rest of the project denies.

What MicroPython's own build makes of them is test_board_cmake.py's.
"""

import csv
import json
import re
import subprocess

import pytest

import fetch
import partitions
import pins
from pins import ROOT
from tests_host.chip.boardpins import board_pins
from tools.image import boards, idf
from tools.simulator import options

BOARD = ROOT / "board/ESP32_S2_MINI_AT"
OPTIONS = ROOT / "tools/build/idf_options.txt"
USB_PINS = {19, 20}  # D- and D+ of the chip

# Options of ESP-IDF that the firmware relies on, and why.
NEEDED = {
    "COMPILER_OPTIMIZATION_SIZE": "y",  # the slot is 1.5 MB
    "COMPILER_OPTIMIZATION_PERF": "n",
    "COMPILER_OPTIMIZATION_CHECKS_SILENT": "y",
    "LOG_MAXIMUM_LEVEL_INFO": "n",
    "LOG_MAXIMUM_EQUALS_DEFAULT": "y",
    "ETH_USE_SPI_ETHERNET": "n",
    "LWIP_PPP_SUPPORT": "n",
    "FREERTOS_PLACE_FUNCTIONS_INTO_FLASH": "y",  # docs/memory.md
    "HEAP_PLACE_FUNCTION_INTO_FLASH": "y",
    "RINGBUF_PLACE_FUNCTIONS_INTO_FLASH": "y",
    "GPTIMER_ISR_HANDLER_IN_IRAM": "n",
    "ESP_WIFI_STATIC_RX_BUFFER_NUM": "6",
    "FREERTOS_HZ": "1000",  # steps of 1 ms
    "FREERTOS_USE_TICKLESS_IDLE": "y",  # AT+SLEEP=2
    "PM_SLP_DISABLE_GPIO": "y",
    "LWIP_MAX_SOCKETS": "16",
    "LWIP_MAX_ACTIVE_TCP": "16",
    "LWIP_SO_LINGER": "y",  # AT+CIPTCPOPT
    "LWIP_SO_RCVBUF": "y",  # AT+CIPRECVLEN
    "LWIP_IPV6_AUTOCONFIG": "y",
    "LWIP_IP4_REASSEMBLY": "y",
    "LWIP_IP6_REASSEMBLY": "y",
    "LWIP_TCP_MAXRTX": "6",
    "LWIP_TCP_SYNMAXRTX": "3",
    "MBEDTLS_SSL_ALPN": "y",  # AT+CIPSSLCALPN
    "MBEDTLS_PSK_MODES": "y",  # AT+CIPSSLCPSK
    "MBEDTLS_KEY_EXCHANGE_PSK": "y",
    "MBEDTLS_KEY_EXCHANGE_ECDHE_PSK": "y",
    "MBEDTLS_ECP_DP_CURVE25519_ENABLED": "y",
    "MBEDTLS_SSL_PROTO_DTLS": "n",  # else no dynamic buffers
    "MBEDTLS_DYNAMIC_BUFFER": "y",
    "PARTITION_TABLE_MD5": "n",  # ESP-AT's table has none
    "ESP_TASK_WDT_PANIC": "y",
    "ESP_TASK_WDT_TIMEOUT_S": "60",
    "ESP_CONSOLE_UART_DEFAULT": "y",  # the log is on UART0
    "ESPTOOLPY_FLASHSIZE_4MB": "y",
    "APP_PROJECT_VER_FROM_CONFIG": "y",  # AT+GMR
    "APP_EXCLUDE_PROJECT_VER_VAR": "n",
    "APP_EXCLUDE_PROJECT_NAME_VAR": "n",
}

# Macros of MicroPython's ESP32 port, as they must come out in the end.
MACROS = {
    "MICROPY_HW_MCU_NAME": '"ESP32S2"',
    "MICROPY_HW_ENABLE_USBDEV": "(0)",
    "MICROPY_HW_USB_CDC": "(MICROPY_HW_ENABLE_USBDEV)",
    "MICROPY_HW_ENABLE_UART_REPL": "(1)",
    "MICROPY_PY_BLUETOOTH": "(0)",
    "MICROPY_PY_ESPNOW": "(0)",
    "MICROPY_HW_ENABLE_MDNS_QUERIES": "(0)",
    "MICROPY_HW_ENABLE_MDNS_RESPONDER": "(0)",
    "MICROPY_HW_ENABLE_SDCARD": "(0)",
    "MICROPY_PY_MACHINE_I2S": "(0)",
    "MICROPY_PY_MACHINE_I2C_TARGET": "(0)",
    "MICROPY_PY_NETWORK_LAN": "(0)",
    "MICROPY_SCHEDULER_STATIC_NODES": "(1)",
    "MICROPY_GC_INITIAL_HEAP_SIZE": "(40 * 1024)",
    "MICROPY_TASK_STACK_SIZE": "(10 * 1024)",
    "MICROPY_PY_BTREE": "(0)",
    "MICROPY_PY_THREAD": "(0)",
    "MICROPY_VFS_FAT": "1",
    "MICROPY_FATFS_ENABLE_LFN": "(2)",
    "MICROPY_PY_FRAMEBUF": "(0)",
    "MICROPY_PY_WEBSOCKET": "(0)",
    "MICROPY_PY_WEBREPL": "(0)",
    "MICROPY_PY_UCTYPES": "(0)",
    "MICROPY_PY_SOCKET_EVENTS_HANDLER": "",
    "MICROPY_PY_THREAD_GIL": "(0)",
    "MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE": "(512)",
    "MICROPY_BOARD_STARTUP": "at_board_startup",
}

# What mpconfigport.h includes of ESP-IDF, empty; what MicroPython's CMake files define and what is
# asked of the chip.
IDF_HEADERS = (
    *("esp_random.h", "esp_system.h", "freertos/FreeRTOS.h", "driver/i2s_std.h"),
    "esp_wifi_types.h",
)
CHIP = (
    "MICROPY_PY_BTREE=1",
    "MICROPY_VFS_FAT=1",
    "CONFIG_IDF_TARGET_ESP32S2=1",
    "SOC_USB_OTG_SUPPORTED=1",
    "SOC_I2S_SUPPORTED=1",
)


def read_options(name):
    """Return the options of an sdkconfig fragment; every line must be one, or a comment."""
    found = {}
    for line in (BOARD / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        key, value = re.fullmatch(r"CONFIG_(\w+)=(\S+)", line).groups()
        assert key not in found, f"{key} is there twice"
        found[key] = value
    return found


def defines(text):
    """Return the macros a header defines itself."""
    return dict(re.findall(r"^#define (\w+) (.+?)(?: //.*)?$", text, re.MULTILINE))


def firmware_pins():
    """Return the pins the application uses when mfg_nvs is silent, from the board's header."""
    numbers = defines((BOARD / "mpconfigboard.h").read_text())["AT_BOARD_PINS"].split(",")
    names = [f"uart_{name}_pin" for name in ("tx", "rx", "cts", "rts")]
    return dict(zip(names, map(int, numbers), strict=True))


def factory_pins():
    """Return the pins that mfg_nvs.csv gives."""
    with (ROOT / "tools/mfg/mfg_nvs.csv").open() as file:
        return {
            row["key"]: int(row["value"])
            for row in csv.DictReader(file)
            if row["key"].endswith("_pin")
        }


def test_every_option_the_firmware_relies_on_is_set_and_no_other():
    assert read_options("sdkconfig.board") == NEEDED


def test_every_option_is_known_to_esp_idf():
    """An option that ESP-IDF does not know is left out without a word."""
    lines = OPTIONS.read_text().splitlines()
    known = {line for line in lines if not line.startswith("#")}
    assert f"# ESP-IDF {pins.load()['idf']['version']}" in lines, "raised: read them anew"
    for path in sorted(BOARD.glob("sdkconfig.*")):
        assert not set(read_options(path.name)) - known, path.name


def test_only_the_variant_has_psram():
    assert not any(name.startswith("SPIRAM") for name in read_options("sdkconfig.board"))
    assert all(name.startswith("SPIRAM") for name in read_options("sdkconfig.psram"))
    assert "sdkconfig.spiram_sx" in (BOARD / "mpconfigvariant_PSRAM.cmake").read_text()
    assert "spiram" not in (BOARD / "mpconfigboard.cmake").read_text()


def test_pins_are_the_same_everywhere():
    assert firmware_pins() == factory_pins()
    named = {f"uart_{key}_pin": board_pins()[f"AT_{key.upper()}"] for key in ("tx", "rx")}
    named |= {f"uart_{key}_pin": board_pins()[f"AT_{key.upper()}"] for key in ("cts", "rts")}
    assert named == firmware_pins()
    assert (named["uart_tx_pin"], named["uart_rx_pin"]) == (17, 21)


def test_usb_is_off_because_flow_control_has_its_pins():
    pins = firmware_pins()
    assert {pins["uart_cts_pin"], pins["uart_rts_pin"]} == USB_PINS
    assert defines((BOARD / "mpconfigboard.h").read_text())["MICROPY_HW_ENABLE_USBDEV"] == "(0)"
    cmake = (BOARD / "mpconfigboard.cmake").read_text()
    assert "set(MICROPY_PY_TINYUSB OFF)" in cmake
    assert "sdkconfig.usb" not in cmake


def test_no_pin_serves_two_purposes():
    assert len(set(board_pins().values())) == len(board_pins())
    flash = set(range(26, 33))  # flash and PSRAM of the module
    assert not flash & set(board_pins().values())


def test_python_has_the_heap_of_the_simulated_module():
    size = defines((BOARD / "mpconfigboard.h").read_text())["MICROPY_GC_INITIAL_HEAP_SIZE"]
    factor, unit = re.fullmatch(r"\((\d+) \* (\d+)\)", size).groups()
    assert (f"{factor}k", unit) == (options._CHIP_HEAP[32], "1024")


def test_the_simulated_module_is_built_as_the_chip_is(macros):
    pc = defines((ROOT / "board/SIM/mpconfigvariant.h").read_text())
    for name in ("MICROPY_PY_THREAD", "MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE"):
        assert macros[name] == pc[name]
    assert "MP_CONFIGFILE" in (BOARD / "mpconfigboard.cmake").read_text()


def test_names_are_those_of_the_simulated_module():
    chip = defines((BOARD / "mpconfigboard.h").read_text())
    pc = defines((ROOT / "board/SIM/mpconfigvariant.h").read_text())
    for name in ("MICROPY_HW_BOARD_NAME", "MICROPY_HW_MCU_NAME", "MICROPY_SCHEDULER_STATIC_NODES"):
        assert chip[name] == pc[name]
    assert chip["MICROPY_HW_BOARD_NAME"] == f'"{BOARD.name}"'


def test_tls_features_are_those_of_the_simulated_module():
    pc = (ROOT / "board/SIM/mbedtls_chip.h").read_text()
    for option in ("SSL_ALPN", "KEY_EXCHANGE_PSK", "KEY_EXCHANGE_ECDHE_PSK", "SSL_PROTO_DTLS"):
        is_on = read_options("sdkconfig.board")[f"MBEDTLS_{option}"] == "y"
        assert is_on == bool(re.search(rf"^#define MBEDTLS_{option}(_ENABLED)?$", pc, re.M))


def test_facts_about_the_board_are_those_of_its_files():
    facts = json.loads((BOARD / "board.json").read_text())
    assert facts["mcu"] == "esp32s2"
    assert facts["deploy_options"]["flash_offset"] == hex(boards.S2.bootloader)
    assert all((BOARD / name).exists() for name in facts["deploy"])
    assert list(facts["variants"]) == idf.variants()


def test_apps_fit_slots_that_differ_in_nothing():
    slots = [part for part in partitions.load() if part.type == partitions.TYPES["app"]]
    assert [part.size for part in slots] == [0x180000, 0x180000]


@pytest.fixture(scope="module")
def macros(tmp_path_factory):
    """Return all macros of the ESP32 port with our board in front, as the compiler sees them."""
    folder = tmp_path_factory.mktemp("idf")
    for name in IDF_HEADERS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    with fetch.locked():
        port = fetch.micropython() / "ports/esp32"
    command = ["gcc", "-E", "-dM", "-Werror", f"-I{BOARD}", f"-I{folder}"]
    command += [f"-D{name}" for name in CHIP] + [f"-I{port}", str(BOARD / "mpconfigat.h")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # a macro that the port defines as well
    return dict(re.findall(r"^#define (\w+) (.*)$", done.stdout, re.MULTILINE))


@pytest.mark.parametrize("name", MACROS)
def test_micropython_takes_the_boards_word(macros, name):
    assert macros[name] == MACROS[name]
