// The unix port with the Python features of MicroPython's ESP32 port (its mpconfigport.h is the model).
// Left out: `machine`, `network`, `esp32`, which the simulated chip brings as frozen modules, and all that
// a PC has and the chip has not.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// How the module names itself.
#define MICROPY_HW_BOARD_NAME "ESP32_S2_MINI_AT"
#define MICROPY_HW_MCU_NAME "ESP32S2"
#define MICROPY_PY_SYS_PLATFORM "esp32"
#define MICROPY_PY_SYS_PATH_DEFAULT ".frozen:/lib"

// Memory: one heap of the size given at start, which never grows.
#define MICROPY_GC_SPLIT_HEAP (0)
#define MICROPY_STACK_CHECK_MARGIN (1024)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)

// Language and core, as on the chip.
#define MICROPY_PERSISTENT_CODE_LOAD (1)
#define MICROPY_OPT_COMPUTED_GOTO (1)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_NORMAL)
#define MICROPY_WARNINGS (1)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_FLOAT_USE_NATIVE_FLT16 (0)
#define MICROPY_STREAMS_POSIX_API (1)
#define MICROPY_SCHEDULER_DEPTH (8)
#define MICROPY_SCHEDULER_STATIC_NODES (1)
#define MICROPY_PY_STR_BYTES_CMP_WARN (1)
#define MICROPY_PY_ALL_INPLACE_SPECIAL_METHODS (1)
#define MICROPY_PY_IO_BUFFEREDWRITER (1)

// No threads: the firmware is one task that waits for everything at once.
#define MICROPY_PY_THREAD (0)

// Look-up of attributes: more places than names that are in use at a time.
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (512)

#define MICROPY_ASYNC_KBD_INTR (0) // a signal must not raise in the middle of anything

// The port's main() refers to the verbose flag that comes with these.
#define MICROPY_DEBUG_PRINTERS (1)

// Modules.
#define MICROPY_PY_HASHLIB_MD5 (1)
#define MICROPY_PY_HASHLIB_SHA1 (1)
#define MICROPY_PY_HASHLIB_SHA256 (1)
#define MICROPY_PY_CRYPTOLIB (1)
#define MICROPY_PY_WEBSOCKET (0)
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_UCTYPES (0)
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (mp_random_seed_init())
#define MICROPY_PY_OS_INCLUDEFILE "ports/unix/modos.c"
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_TIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_CUSTOM_SLEEP (1)
#define MICROPY_PY_TIME_INCLUDEFILE "ports/unix/modtime.c"
#define MICROPY_PY_MACHINE (0)
#define MICROPY_PY_NETWORK (0)

// Sockets are descriptors here, so poll() has to wait for descriptors; select() cannot be had with that.
#define MICROPY_PY_SELECT_POSIX_OPTIMISATIONS (1)
#define MICROPY_PY_SELECT_SELECT (0)

// The application is in flash with its objects and names (firmware/atrom); so are the imitated modules of the chip.
#define MICROPY_MODULE_BUILTIN_SUBPACKAGES (1)
#undef MICROPY_QSTR_EXTRA_POOL
#define MICROPY_QSTR_EXTRA_POOL at_rom_names_imitated_chip
#define MICROPY_QSTR_BYTES_IN_HASH (1)
