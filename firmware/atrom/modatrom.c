// The application's objects are constants in flash (tools/build/rom). This brings to RAM those that change, when the
// VM starts, and gives the constant ones what MicroPython (1.25) keeps to its own files.
#include <string.h>

#include "py/builtin.h"
#include "py/frozenmod.h"
#include "py/gc.h"
#include "py/runtime.h"

#include "atrom.h"

#ifndef AT_ROM_IMAGE
#define AT_ROM_IMAGE at_rom_application
#endif
extern const at_rom_image_t AT_ROM_IMAGE;

// Slots of a class, taken from one that the VM made.
static struct {
    mp_make_new_fun_t make_new;
    mp_print_fun_t print;
    mp_unary_op_fun_t unary_op;
    mp_binary_op_fun_t binary_op;
    mp_attr_fun_t attr;
    mp_subscr_fun_t subscr;
    mp_buffer_fun_t buffer;
} slots;

MP_DEFINE_CONST_OBJ_TYPE(at_rom_type_cell, MP_QSTR_, MP_TYPE_FLAG_NONE);

mp_obj_t at_rom_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return slots.make_new(type, n_args, n_kw, args);
}

void at_rom_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    slots.print(print, self, kind);
}

mp_obj_t at_rom_unary_op(mp_unary_op_t op, mp_obj_t self) {
    return slots.unary_op(op, self);
}

mp_obj_t at_rom_binary_op(mp_binary_op_t op, mp_obj_t left, mp_obj_t right) {
    return slots.binary_op(op, left, right);
}

mp_obj_t at_rom_subscr(mp_obj_t self, mp_obj_t index, mp_obj_t value) {
    return slots.subscr(self, index, value);
}

mp_int_t at_rom_get_buffer(mp_obj_t self, mp_buffer_info_t *info, mp_uint_t flags) {
    return slots.buffer(self, info, flags);
}

// The VM checks whether dicts and classes can be written to, but not instances.
void at_rom_attr(mp_obj_t self, qstr attr, mp_obj_t *dest) {
    if (dest[0] != MP_OBJ_NULL && ((mp_obj_instance_t *)MP_OBJ_TO_PTR(self))->members.is_fixed) {
        mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("'%q' is an attribute of a constant"), attr);
    }
    slots.attr(self, attr, dest);
}

static void learn_slots(void) {
    mp_obj_t made = mp_obj_new_type(MP_QSTR_object, mp_const_empty_tuple, mp_obj_new_dict(0));
    const mp_obj_type_t *type = MP_OBJ_TO_PTR(made);
    slots.make_new = MP_OBJ_TYPE_GET_SLOT(type, make_new);
    slots.print = MP_OBJ_TYPE_GET_SLOT(type, print);
    slots.unary_op = MP_OBJ_TYPE_GET_SLOT(type, unary_op);
    slots.binary_op = MP_OBJ_TYPE_GET_SLOT(type, binary_op);
    slots.attr = MP_OBJ_TYPE_GET_SLOT(type, attr);
    slots.subscr = MP_OBJ_TYPE_GET_SLOT(type, subscr);
    slots.buffer = MP_OBJ_TYPE_GET_SLOT(type, buffer);
}

static void copy_to_ram(const at_rom_ram_t *row) {
    memcpy(row->place, row->pattern, row->size);
    if (row->room) {
        byte *content = m_malloc0(row->room);
        memcpy(content, row->content, row->filled);
        *(void **)((byte *)row->place + row->pointer) = content;
    }
}

static void find_late(const at_rom_late_t *row) {
    if (row->what == AT_ROM_ITEM) {
        mp_obj_dict_t *dict = row->place;
        dict->map.table[row->slot].value = mp_load_attr(MP_OBJ_FROM_PTR(row->module), row->attribute);
        return;
    }
    const void **slot = (const void **)(void *)&((mp_obj_type_t *)row->place)->slots[row->slot];
    if (row->what == AT_ROM_PARENT) {
        *slot = MP_OBJ_TO_PTR(mp_load_attr(MP_OBJ_FROM_PTR(row->module), row->attribute));
    } else {
        const mp_obj_type_t *parent = MP_OBJ_TYPE_GET_SLOT((const mp_obj_type_t *)row->place, parent);
        *slot = MP_OBJ_TYPE_GET_SLOT(parent, protocol);
    }
}

static void start_image(const at_rom_image_t *image) {
    for (const at_rom_ram_t *row = image->ram; row->place; row++) {
        copy_to_ram(row);
    }
    for (const at_rom_late_t *row = image->late; row->place; row++) {
        find_late(row);
    }
    for (const at_rom_loaded_t *row = image->loaded; row->module; row++) {
        mp_obj_dict_store(MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_loaded_modules_dict)), MP_OBJ_NEW_QSTR(row->name),
            MP_OBJ_FROM_PTR(row->module));
    }
    for (const void *const *call = image->calls; *call; call++) {
        mp_call_function_0(MP_OBJ_FROM_PTR(*call));
    }
}

// The linker puts this in the place of the VM's own start.
void __real_mp_init(void);
void __wrap_mp_init(void);
void __wrap_mp_init(void) {
    __real_mp_init();
    learn_slots();
    for (const at_rom_image_t *image = &AT_ROM_IMAGE; image; image = image->next) {
        start_image(image);
    }
}

// The linker puts this in the place of the search for frozen files.
mp_import_stat_t __real_mp_find_frozen_module(const char *name, int *kind, void **content);
mp_import_stat_t __wrap_mp_find_frozen_module(const char *name, int *kind, void **content);
mp_import_stat_t __wrap_mp_find_frozen_module(const char *name, int *kind, void **content) {
    for (const at_rom_image_t *image = &AT_ROM_IMAGE; image; image = image->next) {
        for (const at_rom_file_t *file = image->files; file->name; file++) {
            if (strcmp(file->name, name) == 0) {
                if (kind) {
                    *kind = MP_FROZEN_MPY;
                    *content = (void *)file->content;
                }
                return MP_IMPORT_STAT_FILE;
            }
        }
    }
    return __real_mp_find_frozen_module(name, kind, content);
}

// prepare(): let the modules of C prepare themselves as an import would have them.
static mp_obj_t prepare(void) {
    for (const at_rom_image_t *image = &AT_ROM_IMAGE; image; image = image->next) {
        for (const void *const *module = image->imported; *module; module++) {
            mp_obj_t init[2];
            mp_load_method_protected(MP_OBJ_FROM_PTR(*module), MP_QSTR___init__, init, false);
            if (init[0] != MP_OBJ_NULL) {
                mp_call_method_n_kw(0, 0, init);
            }
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(prepare_obj, prepare);

// Classes that inherit from constant ones. The VM's mp_obj_new_type() would write into the base.

static bool is_constant_class(mp_obj_t object) {
    if (!mp_obj_is_type(object, &mp_type_type)) {
        return false;
    }
    const mp_obj_type_t *type = MP_OBJ_TO_PTR(object);
    return mp_obj_is_instance_type(type) && gc_nbytes(type) == 0;
}

static mp_obj_t inherit(mp_obj_t made, size_t count, const mp_obj_t *bases) {
    const mp_obj_type_t *plain = MP_OBJ_TO_PTR(made);
    const size_t used = plain->slot_index_locals_dict; // the last slot of a class without bases
    mp_obj_type_t *type = m_new_obj_var0(mp_obj_type_t, slots, void *, used + 2);
    memcpy(type, plain, offsetof(mp_obj_type_t, slots) + used * sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        mp_obj_type_t *base = MP_OBJ_TO_PTR(bases[i]);
        type->flags |= base->flags & MP_TYPE_FLAG_HAS_SPECIAL_ACCESSORS;
        if (mp_obj_is_instance_type(base) && !is_constant_class(bases[i])) {
            base->flags |= MP_TYPE_FLAG_IS_SUBCLASSED;
        }
    }
    mp_obj_t parent = count == 1 ? bases[0] : mp_obj_new_tuple(count, bases);
    MP_OBJ_TYPE_SET_SLOT(type, parent, MP_OBJ_TO_PTR(parent), used);
    const mp_obj_type_t *first = MP_OBJ_TO_PTR(bases[0]);
    if (MP_OBJ_TYPE_HAS_SLOT(first, protocol)) {
        MP_OBJ_TYPE_SET_SLOT(type, protocol, MP_OBJ_TYPE_GET_SLOT(first, protocol), used + 1);
    }
    return MP_OBJ_FROM_PTR(type);
}

static mp_obj_t build_class(size_t n_args, const mp_obj_t *args) {
    bool is_ours = false;
    for (size_t i = 2; i < n_args; i++) {
        is_ours |= is_constant_class(args[i]);
    }
    if (!is_ours) {
        return mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_builtin___build_class___obj), n_args, 0, args);
    }
    mp_obj_t content = mp_obj_new_dict(0);
    mp_obj_dict_t *around = mp_locals_get();
    mp_locals_set(MP_OBJ_TO_PTR(content));
    mp_obj_t cell = mp_call_function_0(args[0]);
    mp_locals_set(around);
    // The checks of bases are those of a class without any.
    for (size_t i = 2; i < n_args; i++) {
        if (!mp_obj_is_type(args[i], &mp_type_type)) {
            mp_raise_TypeError(NULL);
        }
    }
    mp_obj_t made = mp_obj_new_type(mp_obj_str_get_qstr(args[1]), mp_const_empty_tuple, content);
    made = inherit(made, n_args - 2, args + 2);
    if (cell != mp_const_none) {
        mp_obj_cell_set(cell, made);
    }
    return made;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(build_class_obj, 2, build_class);

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atrom) },
    { MP_ROM_QSTR(MP_QSTR_prepare), MP_ROM_PTR(&prepare_obj) },
    { MP_ROM_QSTR(MP_QSTR_build_class), MP_ROM_PTR(&build_class_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t atrom_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_atrom, atrom_module);
