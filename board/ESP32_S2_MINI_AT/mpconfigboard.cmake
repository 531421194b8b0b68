# The chip's board: an ESP32-S2-MINI whose AT port is UART1. Out of tree: `make firmware` hands this folder to
# MicroPython's ports/esp32. What the sources are told is in mpconfigboard.h, what ESP-IDF is told in sdkconfig.board;
# here is what holds absolute paths and versions, which those two cannot.
set(IDF_TARGET esp32s2)

get_filename_component(AT_ROOT ${MICROPY_BOARD_DIR}/../.. ABSOLUTE)
file(STRINGS ${AT_ROOT}/firmware/at/version.py AT_VERSION REGEX "^BIN = ")
string(REGEX REPLACE "^BIN = \"([^\"]*)\".*$" "\\1" AT_VERSION "${AT_VERSION}")

# MicroPython joins the fragments of this list as they stand; later lines win.
set(AT_SDKCONFIG ${CMAKE_BINARY_DIR}/sdkconfig.generated)
file(WRITE ${AT_SDKCONFIG}
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${AT_ROOT}/partitions.csv\"\n"
    "CONFIG_APP_PROJECT_VER=\"${AT_VERSION}\"\n"
)
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    boards/sdkconfig.240mhz
    ${MICROPY_BOARD_DIR}/sdkconfig.board
    ${AT_SDKCONFIG}
)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
set(MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/board.c)

# The USB pins are CTS and RTS of the AT port.
set(MICROPY_PY_TINYUSB OFF)

# Over MicroPython's own settings: no threads.
list(APPEND MICROPY_DEF_BOARD MP_CONFIGFILE="mpconfigat.h")
