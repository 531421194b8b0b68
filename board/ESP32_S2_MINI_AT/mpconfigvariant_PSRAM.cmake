# Variant for modules with PSRAM (ESP32-S2-MINI-1-N4R2 and -2-N4R2): Python's heap may grow into it (board.c). A
# module without PSRAM starts as well, but has more use of the plain image.
list(APPEND SDKCONFIG_DEFAULTS
    boards/sdkconfig.spiram_sx
    ${MICROPY_BOARD_DIR}/sdkconfig.psram
)
list(APPEND MICROPY_DEF_BOARD
    MICROPY_HW_BOARD_NAME="ESP32_S2_MINI_AT with PSRAM"
)
