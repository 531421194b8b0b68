# Variant for modules with PSRAM (ESP32-S2-MINI-1-N4R2 and -2-N4R2). One without it still starts, with less heap
# than the plain build has, so take this variant only where there is PSRAM.
list(APPEND SDKCONFIG_DEFAULTS
    boards/sdkconfig.spiram_sx
    ${MICROPY_BOARD_DIR}/sdkconfig.psram
)
list(APPEND MICROPY_DEF_BOARD
    MICROPY_HW_BOARD_NAME="ESP32_S2_MINI_AT with PSRAM"
)
