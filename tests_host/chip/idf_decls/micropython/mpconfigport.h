// MicroPython 1.25.0: ports/esp32/mpconfigport.h
// Compared on 2026-11-21 with that header: by reading; AT_BOARD_PINS stands for the board's header.
// Sum of what follows when it was compared: f07e53ea4e6e
#ifndef DECL_MICROPYTHON_MPCONFIGPORT_H
#define DECL_MICROPYTHON_MPCONFIGPORT_H

// The options of that port and board which change what MicroPython's headers declare.
#include <stdint.h>
#include <sys/types.h>

typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#define MICROPY_OBJ_REPR (MICROPY_OBJ_REPR_A)
#define MICROPY_ENABLE_GC (1)
#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_NORMAL)
#define MICROPY_ENABLE_SCHEDULER (1)
#define MICROPY_SCHEDULER_STATIC_NODES (1)
#define MICROPY_PY_THREAD (1)
#define MICROPY_PY_THREAD_GIL (1)
#define MICROPY_HW_BOARD_NAME "check"
#define MICROPY_HW_MCU_NAME "ESP32S2"
#define AT_BOARD_PINS 17, 21, 20, 19 // board/ESP32_S2_MINI_AT/mpconfigboard.h
#define MICROPY_PY_SYS_PLATFORM "esp32"
#define MP_STATE_PORT MP_STATE_VM

#endif
