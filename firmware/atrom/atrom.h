// What the generated tables of the application (tools/build/rom) are made of: objects whose layout MicroPython (1.25)
// keeps to one of its files, and how objects that change get into RAM.
#ifndef FIRMWARE_ATROM_ATROM_H
#define FIRMWARE_ATROM_ATROM_H

#include "py/binary.h"
#include "py/emitglue.h"
#include "py/mpstate.h"
#include "py/obj.h"
#include "py/objarray.h"
#include "py/objexcept.h"
#include "py/objfun.h"
#include "py/objint.h"
#include "py/objlist.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/objtype.h"

// Functions and closures, with room for their defaults and variables, and classes, with their slots.
#define AT_ROM_FUNCTION(n) \
    typedef struct { \
        mp_obj_base_t base; \
        const mp_module_context_t *context; \
        const void *child_table; \
        const byte *bytecode; \
        mp_obj_t extra_args[n]; \
    } at_rom_function_##n##_t
#define AT_ROM_CLOSURE(n) \
    typedef struct { \
        mp_obj_base_t base; \
        mp_obj_t fun; \
        size_t n_closed; \
        mp_obj_t closed[n]; \
    } at_rom_closure_##n##_t
#define AT_ROM_CLASS(n) \
    typedef struct { \
        mp_obj_empty_type_t head; \
        const void *slots[n]; \
    } at_rom_class_##n##_t

// py/objclosure.c
typedef struct {
    mp_obj_base_t base;
    mp_obj_t fun;
    size_t n_closed;
    mp_obj_t closed[];
} at_rom_closure_t;
extern const mp_obj_type_t mp_type_closure;

// py/objproperty.c
typedef struct {
    mp_obj_base_t base;
    mp_obj_t proxy[3];
} at_rom_property_t;

// py/objboundmeth.c
typedef struct {
    mp_obj_base_t base;
    mp_obj_t meth;
    mp_obj_t self;
} at_rom_bound_t;

// py/objrange.c
typedef struct {
    mp_obj_base_t base;
    mp_int_t start;
    mp_int_t stop;
    mp_int_t step;
} at_rom_range_t;

// py/objset.c
typedef struct {
    mp_obj_base_t base;
    mp_set_t set;
} at_rom_set_t;

// py/objfloat.c
typedef struct {
    mp_obj_base_t base;
    mp_float_t value;
} at_rom_float_t;

// py/objtype.h: mp_obj_instance_t, with the object of a native base.
typedef struct {
    mp_obj_base_t base;
    mp_map_t members;
    mp_obj_t native;
} at_rom_instance_t;

// py/objcell.c keeps its type to itself, and nobody asks for it.
extern const mp_obj_type_t at_rom_type_cell;

// Raises an error of this kind if a map is a constant.
void at_rom_check(const mp_map_t *map, const mp_obj_type_t *error, qstr attr);

// What is known of a class in flash, in front of its slots: AT_ROM_ROOM times how many attributes its instances get
// room for, and
#define AT_ROM_PLAIN (1) // attributes that are no property of it can be stored without asking it
#define AT_ROM_ROOM (2)

// Slots of classes made in Python, which py/objtype.c keeps to itself (classes.h).
mp_obj_t at_rom_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args);
void at_rom_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind);
mp_obj_t at_rom_unary_op(mp_unary_op_t op, mp_obj_t self);
mp_obj_t at_rom_binary_op(mp_binary_op_t op, mp_obj_t left, mp_obj_t right);
void at_rom_attr(mp_obj_t self, qstr attr, mp_obj_t *dest);
mp_obj_t at_rom_subscr(mp_obj_t self, mp_obj_t index, mp_obj_t value);
mp_int_t at_rom_get_buffer(mp_obj_t self, mp_buffer_info_t *info, mp_uint_t flags);

// An object in RAM: the pattern it begins as, and what it holds in the heap.
typedef struct {
    void *place;
    const void *pattern;
    const void *content;
    uint16_t size;
    uint16_t pointer; // in the object, to what it holds
    uint16_t filled; // bytes of it
    uint16_t room; // bytes in the heap; 0: it holds nothing there
} at_rom_ram_t;

// A part of C without a public name: an attribute of a C module.
typedef struct {
    void *place; // dict or class in RAM
    uint8_t slot;
    enum { AT_ROM_ITEM, AT_ROM_PARENT, AT_ROM_PROTOCOL } what;
    qstr_short_t attribute;
    const void *module;
} at_rom_late_t;

typedef struct {
    qstr_short_t name;
    const mp_module_context_t *module;
} at_rom_loaded_t;

// A file that the port starts by its name.
typedef struct {
    const char *name;
    const mp_frozen_module_t *content;
} at_rom_file_t;

typedef struct _at_rom_image_t {
    const at_rom_ram_t *ram;
    const at_rom_late_t *late;
    const at_rom_loaded_t *loaded; // modules whose globals are in RAM
    const void *const *imported; // modules of C
    const void *const *calls; // functions that make what an import would have made
    const at_rom_file_t *files;
    const struct _at_rom_image_t *next;
} at_rom_image_t;

#endif
