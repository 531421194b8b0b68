// The program that imports the firmware on this PC: Python as the module has it, without what is linked to it.
#include "../../../../board/SIM/mpconfigvariant.h"

#undef MICROPY_PY_HASHLIB_MD5
#undef MICROPY_PY_HASHLIB_SHA1
#undef MICROPY_PY_CRYPTOLIB
#undef MICROPY_QSTR_EXTRA_POOL
#undef MICROPY_PY_THREAD
#undef MICROPY_PY_THREAD_GIL
#undef MICROPY_PY_THREAD_RECURSIVE_MUTEX

// Compiled files keep the number of a function's children.
#define MICROPY_PERSISTENT_CODE_SAVE (1)
