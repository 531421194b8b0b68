// Module `romdump` of the program that imports the firmware on this PC: shows what an object is made of, where Python
// itself does not tell. Addresses stay valid because dump.py switches garbage collection off.
#include <stdlib.h>
#include <string.h>

#include "py/builtin.h"
#include "py/objexcept.h"
#include "py/objfun.h"
#include "py/objtuple.h"
#include "py/objtype.h"
#include "py/persistentcode.h"
#include "py/emitglue.h"
#include "py/runtime.h"

#include "atrom.h"

#define MOST_FILES (512)

typedef struct {
    qstr file;
    mp_compiled_module_t module;
} loaded_t;

static loaded_t loaded[MOST_FILES];
static size_t loaded_count;

void __real_mp_raw_code_load_file(qstr filename, mp_compiled_module_t *module);
void __wrap_mp_raw_code_load_file(qstr filename, mp_compiled_module_t *module);

// Every compiled file passes here: remember its code, by which functions are told apart.
void __wrap_mp_raw_code_load_file(qstr filename, mp_compiled_module_t *module) {
    __real_mp_raw_code_load_file(filename, module);
    if (loaded_count == MOST_FILES) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("MOST_FILES is too small"));
    }
    loaded[loaded_count++] = (loaded_t) { .file = filename, .module = *module };
}

// Append the child numbers that lead from `code` to the one with that bytecode.
static bool find_path(const mp_raw_code_t *code, const void *wanted, mp_obj_t path) {
    if (code->fun_data == wanted) {
        return true;
    }
    for (size_t i = 0; i < code->n_children; i++) {
        if (find_path(code->children[i], wanted, path)) {
            mp_obj_list_append(path, MP_OBJ_NEW_SMALL_INT(i));
            return true;
        }
    }
    return false;
}

// Return (file, [child numbers, innermost first]) of a function's bytecode.
static mp_obj_t code_of(const mp_obj_fun_bc_t *fun) {
    for (size_t i = 0; i < loaded_count; i++) {
        mp_obj_t path = mp_obj_new_list(0, NULL);
        if (find_path(loaded[i].module.rc, fun->bytecode, path)) {
            mp_obj_t items[] = { MP_OBJ_NEW_QSTR(loaded[i].file), path };
            return mp_obj_new_tuple(2, items);
        }
    }
    mp_raise_ValueError(MP_ERROR_TEXT("a function of no compiled file"));
}

static mp_obj_t list_of(size_t count, const mp_obj_t *items) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (size_t i = 0; i < count; i++) {
        mp_obj_list_append(list, items[i] == MP_OBJ_NULL ? mp_const_none : items[i]);
    }
    return list;
}

// A dict that shows the same table; the table itself must not change any more.
static mp_obj_t dict_of(const mp_map_t *map) {
    mp_obj_dict_t *dict = m_new_obj(mp_obj_dict_t);
    dict->base.type = &mp_type_dict;
    dict->map = *map;
    return MP_OBJ_FROM_PTR(dict);
}

// ("function", globals, (file, path), defaults, dict of defaults of keyword-only arguments or None)
static mp_obj_t function_parts(const mp_obj_fun_bc_t *fun, bool is_generator) {
    const byte *ip = fun->bytecode;
    MP_BC_PRELUDE_SIG_DECODE(ip);
    bool has_dict = scope_flags & MP_SCOPE_FLAG_DEFKWARGS;
    mp_obj_t items[] = {
        MP_OBJ_NEW_QSTR(is_generator ? MP_QSTR_generator : MP_QSTR_function),
        MP_OBJ_FROM_PTR(fun->context->module.globals),
        code_of(fun),
        list_of(n_def_pos_args, fun->extra_args),
        has_dict ? fun->extra_args[n_def_pos_args] : mp_const_none,
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

// ("class", name, flags, bases, dict, whether a protocol of C comes with a base)
static mp_obj_t class_parts(const mp_obj_type_t *type) {
    mp_obj_t bases = mp_const_empty_tuple;
    if (MP_OBJ_TYPE_HAS_SLOT(type, parent)) {
        mp_obj_t parent = MP_OBJ_FROM_PTR(MP_OBJ_TYPE_GET_SLOT(type, parent));
        bases = mp_obj_is_type(parent, &mp_type_tuple) ? parent : mp_obj_new_tuple(1, &parent);
    }
    mp_obj_t items[] = {
        MP_OBJ_NEW_QSTR(MP_QSTR_class),
        MP_OBJ_NEW_QSTR(type->name),
        MP_OBJ_NEW_SMALL_INT(type->flags),
        bases,
        MP_OBJ_FROM_PTR(MP_OBJ_TYPE_GET_SLOT(type, locals_dict)),
        mp_obj_new_bool(MP_OBJ_TYPE_HAS_SLOT(type, protocol)),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

// The one native class a class inherits from, or NULL: its instances have an object of that.
static const mp_obj_type_t *native_base(const mp_obj_type_t *type) {
    while (mp_obj_is_instance_type(type)) {
        if (!MP_OBJ_TYPE_HAS_SLOT(type, parent)) {
            return NULL;
        }
        const void *parent = MP_OBJ_TYPE_GET_SLOT(type, parent);
        if (((const mp_obj_base_t *)parent)->type == &mp_type_tuple) {
            const mp_obj_tuple_t *bases = parent;
            for (size_t i = 0; i < bases->len; i++) {
                const mp_obj_type_t *found = native_base(MP_OBJ_TO_PTR(bases->items[i]));
                if (found) {
                    return found;
                }
            }
            return NULL;
        }
        type = parent;
    }
    return type == &mp_type_object ? NULL : type;
}

// ("instance", class, attributes, object of the native base or None)
static mp_obj_t instance_parts(const mp_obj_instance_t *self) {
    mp_obj_t items[] = {
        MP_OBJ_NEW_QSTR(MP_QSTR_instance),
        MP_OBJ_FROM_PTR(self->base.type),
        dict_of(&self->members),
        native_base(self->base.type) ? self->subobj[0] : mp_const_none,
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

static mp_obj_t named(qstr kind, size_t count, const mp_obj_t *parts) {
    mp_obj_t items[4] = { MP_OBJ_NEW_QSTR(kind) };
    for (size_t i = 0; i < count; i++) {
        items[1 + i] = parts[i] == MP_OBJ_NULL ? mp_const_none : parts[i];
    }
    return mp_obj_new_tuple(1 + count, items);
}

static mp_obj_t closure_parts(const at_rom_closure_t *closure) {
    mp_obj_t parts[] = { closure->fun, list_of(closure->n_closed, closure->closed) };
    return named(MP_QSTR_closure, 2, parts);
}

static mp_obj_t exception_parts(const mp_obj_exception_t *exception) {
    mp_obj_t parts[] = { MP_OBJ_FROM_PTR(exception->base.type), MP_OBJ_FROM_PTR(exception->args) };
    return named(MP_QSTR_exception, 2, parts);
}

static mp_obj_t module_parts(const mp_module_context_t *module) {
    mp_obj_t constants = mp_const_none;
    mp_obj_t file = mp_const_none;
    for (size_t i = 0; i < loaded_count; i++) {
        if (loaded[i].module.context == module) {
            file = MP_OBJ_NEW_QSTR(loaded[i].file);
            constants = list_of(loaded[i].module.n_obj, module->constants.obj_table);
        }
    }
    mp_obj_t parts[] = { MP_OBJ_FROM_PTR(module->module.globals), file, constants };
    return named(MP_QSTR_module, 3, parts);
}

// Kinds that are known by their type alone, and how many objects they hold.
static const struct { const mp_obj_type_t *type; qstr_short_t name; uint8_t parts; } plain[] = {
    { &mp_type_property, MP_QSTR_property, 3 },
    { &mp_type_staticmethod, MP_QSTR_staticmethod, 1 },
    { &mp_type_classmethod, MP_QSTR_classmethod, 1 },
    { &mp_type_bound_meth, MP_QSTR_bound_method, 2 },
};

// Return a tuple that says of what kind an object is and what it is made of, or None if Python can tell.
static mp_obj_t parts(mp_obj_t object) {
    if (!mp_obj_is_obj(object)) {
        return mp_const_none;
    }
    const mp_obj_base_t *base = MP_OBJ_TO_PTR(object);
    for (size_t i = 0; i < MP_ARRAY_SIZE(plain); i++) {
        if (base->type == plain[i].type) {
            return named(plain[i].name, plain[i].parts, (const mp_obj_t *)(base + 1));
        }
    }
    if (base->type == &mp_type_fun_bc || base->type == &mp_type_gen_wrap) {
        return function_parts((const void *)base, base->type == &mp_type_gen_wrap);
    }
    if (base->type == &mp_type_closure) {
        return closure_parts((const void *)base);
    }
    if (base->type == &mp_type_module) {
        return module_parts((const void *)base);
    }
    if (base->type == &mp_type_type) {
        return class_parts((const void *)base);
    }
    if (mp_obj_is_instance_type(base->type)) {
        return instance_parts((const void *)base);
    }
    if (mp_obj_is_native_exception_instance(object)) {
        return exception_parts((const void *)base);
    }
    if (base->type->name == MP_QSTR_ && MP_OBJ_TYPE_GET_SLOT_OR_NULL(base->type, make_new) == NULL) {
        return named(MP_QSTR_cell, 1, (const mp_obj_t *)(base + 1)); // py/objcell.c keeps its type to itself
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(parts_obj, parts);

// Return the address of an object that is part of the program, None of one in the heap or of a plain value.
static mp_obj_t address(mp_obj_t object) {
    if (!mp_obj_is_obj(object)) {
        return mp_const_none;
    }
    const byte *at = MP_OBJ_TO_PTR(object);
    if (at >= MP_STATE_MEM(area).gc_pool_start && at < MP_STATE_MEM(area).gc_pool_end) {
        return mp_const_none;
    }
    return mp_obj_new_int_from_ull((uintptr_t)at);
}
static MP_DEFINE_CONST_FUN_OBJ_1(address_obj, address);

static const mp_rom_map_elem_t globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_romdump) },
    { MP_ROM_QSTR(MP_QSTR_parts), MP_ROM_PTR(&parts_obj) },
    { MP_ROM_QSTR(MP_QSTR_address), MP_ROM_PTR(&address_obj) },
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t romdump_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_romdump, romdump_module);
