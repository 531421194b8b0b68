# The unix port as an ESP32-S2: which parts of MicroPython are built. Python features: mpconfigvariant.h.
# USER_C_MODULES, word size and sanitizers come from tools/build/firmware.py.

# What the chip has.
MICROPY_PY_SSL = 1
MICROPY_SSL_MBEDTLS = 1
MICROPY_PY_SOCKET = 1
MICROPY_VFS_LFS2 = 1
MICROPY_VFS_FAT = 1
MICROPY_USE_READLINE = 1

# What it does not have.
MICROPY_SSL_AXTLS = 0
MICROPY_VFS_LFS1 = 0
MICROPY_PY_BTREE = 0
MICROPY_PY_FFI = 0
MICROPY_PY_JNI = 0
MICROPY_PY_TERMIOS = 0

MICROPY_PY_THREAD = 0

# The chip's code stands at fixed addresses: position independence alone costs a tenth of the instructions here.
CFLAGS += -fno-pie
LDFLAGS += -no-pie
comma := ,

# tools/simulator/simchip/board.c measures how long the loop does not come back to its wait, heapfault.c
# lets allocations fail.
LDFLAGS += $(addprefix -Wl$(comma)--wrap=, atlink_port_block gc_alloc gc_realloc malloc calloc realloc free)

# A big integer of value 0 has no digits, and mpz.c steps back from that NULL: known and harmless.
$(BUILD)/py/mpz.o: CFLAGS += -fno-sanitize=pointer-overflow

MBEDTLS_CONFIG_FILE = \"mbedtls_chip.h\"
FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py
