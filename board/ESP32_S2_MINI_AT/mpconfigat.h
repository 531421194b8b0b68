// Takes the place of MicroPython's ports/esp32/mpconfigport.h (MP_CONFIGFILE in mpconfigboard.cmake), which, with
// MicroPython's CMake files, turns the following on whatever a board says.
#ifndef BOARD_ESP32_S2_MINI_AT_MPCONFIGAT_H
#define BOARD_ESP32_S2_MINI_AT_MPCONFIGAT_H

#include <mpconfigport.h>

// The firmware is one task that waits for everything at once: an interpreter lock costs time at each wait, and a
// function call at each look at the state of a thread.
#undef MICROPY_PY_THREAD
#undef MICROPY_PY_THREAD_GIL
#undef MICROPY_PY_THREAD_GIL_VM_DIVISOR
#define MICROPY_PY_THREAD (0)
#define MICROPY_PY_THREAD_GIL (0)

// Flash that nobody uses here: pictures, the prompt in a browser, C structures.
#undef MICROPY_PY_FRAMEBUF
#undef MICROPY_PY_WEBSOCKET
#undef MICROPY_PY_WEBREPL
#undef MICROPY_PY_SOCKET_EVENTS_HANDLER // of the prompt in a browser
#undef MICROPY_PY_UCTYPES
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_WEBSOCKET (0)
#define MICROPY_PY_WEBREPL (0)
#define MICROPY_PY_SOCKET_EVENTS_HANDLER
#define MICROPY_PY_UCTYPES (0)

// FAT, for volumes that a host flashes: long names on the stack (512 bytes), not in RAM that is set aside.
#undef MICROPY_FATFS_ENABLE_LFN
#define MICROPY_FATFS_ENABLE_LFN (2)

#endif // BOARD_ESP32_S2_MINI_AT_MPCONFIGAT_H
