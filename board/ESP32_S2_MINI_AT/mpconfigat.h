// Takes the place of MicroPython's ports/esp32/mpconfigport.h (MP_CONFIGFILE in mpconfigboard.cmake), which turns
// threads on whatever a board says. The firmware is one task that waits for everything at once: an interpreter lock
// costs time at each wait, and a function call at each look at the state of a thread.
#ifndef BOARD_ESP32_S2_MINI_AT_MPCONFIGAT_H
#define BOARD_ESP32_S2_MINI_AT_MPCONFIGAT_H

#include <mpconfigport.h>

#undef MICROPY_PY_THREAD
#undef MICROPY_PY_THREAD_GIL
#undef MICROPY_PY_THREAD_GIL_VM_DIVISOR
#define MICROPY_PY_THREAD (0)
#define MICROPY_PY_THREAD_GIL (0)

#endif // BOARD_ESP32_S2_MINI_AT_MPCONFIGAT_H
