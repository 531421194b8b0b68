// A Python integer as a number of 64 bits, for `atchip` and for what imitates it.
#ifndef ATCHIP_INT64_H
#define ATCHIP_INT64_H

#include <stdint.h>

#include "py/objint.h"
#include "py/runtime.h"

// OverflowError if it is larger; TypeError if it is none.
static inline int64_t int64_of(mp_obj_t value) {
    if (!mp_obj_is_int(value)) {
        mp_raise_TypeError(MP_ERROR_TEXT("can't convert to int"));
    }
    if (mp_obj_is_small_int(value)) {
        return MP_OBJ_SMALL_INT_VALUE(value);
    }
    byte raw[8];
    if (!mp_obj_int_to_bytes_impl(value, false, sizeof(raw), raw)) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("more than 64 bits"));
    }
    uint64_t number = 0;
    for (size_t i = sizeof(raw); i > 0; i--) {
        number = number << 8 | raw[i - 1];
    }
    return (int64_t)number;
}

#endif // ATCHIP_INT64_H
