// Compiled at the head of MicroPython's py/objmodule.c (1.25; micropython.mk, micropython.cmake): who changes a module
// that is in flash is told so.
#ifndef FIRMWARE_ATROM_MODULES_H
#define FIRMWARE_ATROM_MODULES_H

#include "atrom.h"

// The function of this name is the VM's own under another name, and the slot of modules is the one below.
#define module_attr(...) vm_module_attr(__VA_ARGS__)

static void module_attr(mp_obj_t self, qstr attr, mp_obj_t *dest);
static void (module_attr)(mp_obj_t self, qstr attr, mp_obj_t *dest) {
    const bool is_change = dest[0] != MP_OBJ_NULL;
    vm_module_attr(self, attr, dest);
    if (is_change && dest[0] != MP_OBJ_NULL) { // refused
        at_rom_check(&((mp_obj_module_t *)MP_OBJ_TO_PTR(self))->globals->map, &mp_type_AttributeError, attr);
    }
}

#endif
