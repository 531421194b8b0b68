// The application's objects are constants in flash (tools/build/rom). This brings to RAM those that change, when the
// VM starts.
#include <string.h>

#include "py/frozenmod.h"
#include "py/runtime.h"

#include "atrom.h"

#ifndef AT_ROM_IMAGE
#define AT_ROM_IMAGE at_rom_application
#endif
extern const at_rom_image_t AT_ROM_IMAGE;

MP_DEFINE_CONST_OBJ_TYPE(at_rom_type_cell, MP_QSTR_, MP_TYPE_FLAG_NONE);

void at_rom_check(const mp_map_t *map, const mp_obj_type_t *error, qstr attr) {
    if (map->is_fixed) {
        mp_raise_msg_varg(error, MP_ERROR_TEXT("'%q' is an attribute of a constant"), attr);
    }
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

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_atrom) },
    { MP_ROM_QSTR(MP_QSTR_prepare), MP_ROM_PTR(&prepare_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t atrom_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_atrom, atrom_module);
