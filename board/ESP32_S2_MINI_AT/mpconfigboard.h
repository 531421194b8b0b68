// What MicroPython's ESP32 port is told about the board: which of its parts are built, and how much memory Python
// gets. Options of ESP-IDF are in sdkconfig.board, paths in mpconfigboard.cmake.
#ifndef BOARD_ESP32_S2_MINI_AT_MPCONFIGBOARD_H
#define BOARD_ESP32_S2_MINI_AT_MPCONFIGBOARD_H

// A variant may bring a name of its own.
#ifndef MICROPY_HW_BOARD_NAME
#define MICROPY_HW_BOARD_NAME "ESP32_S2_MINI_AT"
#endif
#ifndef MICROPY_HW_MCU_NAME
#define MICROPY_HW_MCU_NAME "ESP32S2"
#endif

// GPIO of the AT port's TX, RX, CTS and RTS, where manufacturing data names no others.
#ifndef AT_BOARD_PINS
#define AT_BOARD_PINS 17, 21, 20, 19
#endif

// Python's heap: as much as the simulated module has. board.c keeps it from growing into what Wi-Fi, TLS and
// sockets need.
#define MICROPY_GC_INITIAL_HEAP_SIZE (40 * 1024)
#define MICROPY_TASK_STACK_SIZE (10 * 1024) // at most 7 KB were used

// Look-up of attributes: more places than names that are in use at a time.
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (512)

// GPIO 19 and 20, the chip's USB, are RTS and CTS of the AT port; the prompt and the log are on UART0.
#define MICROPY_HW_ENABLE_USBDEV (0)
#define MICROPY_HW_ENABLE_UART_REPL (1)

// Events of foreign tasks reach Python through nodes that need no memory.
#define MICROPY_SCHEDULER_STATIC_NODES (1)

// mDNS is started by AT+MDNS, not with the first address.
#define MICROPY_HW_ENABLE_MDNS_QUERIES (0)
#define MICROPY_HW_ENABLE_MDNS_RESPONDER (0)

// Not on the chip, or of no use to an AT module.
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_PY_ESPNOW (0)
#define MICROPY_PY_NETWORK_LAN (0)
#define MICROPY_PY_MACHINE_I2S (0)
#define MICROPY_PY_MACHINE_I2C_TARGET (0) // MicroPython 1.26 and later
#define MICROPY_HW_ENABLE_SDCARD (0)

// MicroPython's CMake files define this one on the command line, whatever a board says.
#undef MICROPY_PY_BTREE
#define MICROPY_PY_BTREE (0)

#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "espressif"

// The application is in flash with its objects and names (firmware/atrom).
#define MICROPY_MODULE_BUILTIN_SUBPACKAGES (1)
#undef MICROPY_QSTR_EXTRA_POOL
#define MICROPY_QSTR_EXTRA_POOL at_rom_names_application
#define MICROPY_QSTR_BYTES_IN_HASH (1) // two cost flash for each name

// Opens the settings partition before Python starts; see board.c.
#define MICROPY_BOARD_STARTUP at_board_startup
void at_board_startup(void);

#endif // BOARD_ESP32_S2_MINI_AT_MPCONFIGBOARD_H
