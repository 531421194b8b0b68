# The same firmware for an ESP32-C3-MINI. What differs from ../ESP32_S2_MINI_AT is here, all else is shared.
set(IDF_TARGET esp32c3)

get_filename_component(AT_ROOT ${MICROPY_BOARD_DIR}/../.. ABSOLUTE)
set(AT_SHARED ${AT_ROOT}/board/ESP32_S2_MINI_AT)
file(STRINGS ${AT_ROOT}/firmware/at/version.py AT_VERSION REGEX "^BIN = ")
string(REGEX REPLACE "^BIN = \"([^\"]*)\".*$" "\\1" AT_VERSION "${AT_VERSION}")

# MicroPython joins the fragments of this list as they stand; later lines win. The C3 has no 240 MHz.
set(AT_SDKCONFIG ${CMAKE_BINARY_DIR}/sdkconfig.generated)
file(WRITE ${AT_SDKCONFIG}
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/partitions.csv\"\n"
    "CONFIG_APP_PROJECT_VER=\"${AT_VERSION}\"\n"
)
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${AT_SHARED}/sdkconfig.board
    ${AT_SDKCONFIG}
)

set(MICROPY_FROZEN_MANIFEST ${AT_SHARED}/manifest.py)
set(MICROPY_SOURCE_BOARD ${AT_SHARED}/board.c)

# Over MicroPython's own settings: no threads.
list(APPEND MICROPY_DEF_BOARD MP_CONFIGFILE="mpconfigat.h")
