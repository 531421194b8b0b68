// What differs from ../ESP32_S2_MINI_AT for MicroPython's ESP32 port; all else is shared.
#define MICROPY_HW_BOARD_NAME "ESP32_C3_MINI_AT"
#define MICROPY_HW_MCU_NAME "ESP32C3"
#define AT_BOARD_PINS 7, 6, 5, 4

// The log and the prompt are on UART0 alone, as on the other board.
#define MICROPY_HW_ESP_USB_SERIAL_JTAG (0)

#include "../ESP32_S2_MINI_AT/mpconfigboard.h"
