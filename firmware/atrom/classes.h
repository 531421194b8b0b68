// Compiled at the head of MicroPython's py/objtype.c (1.25; micropython.mk, micropython.cmake). Classes of the
// application are in flash: they get slots that file keeps to itself, and nothing is written to them.
#ifndef FIRMWARE_ATROM_CLASSES_H
#define FIRMWARE_ATROM_CLASSES_H

#include "atrom.h"

// What the application's objects name, and what it is there.
#define AT_ROM_NAME(name, target) extern __typeof__(name) name __attribute__((alias(#target)))
AT_ROM_NAME(at_rom_make_new, mp_obj_instance_make_new);
AT_ROM_NAME(at_rom_print, instance_print);
AT_ROM_NAME(at_rom_unary_op, instance_unary_op);
AT_ROM_NAME(at_rom_binary_op, instance_binary_op);
AT_ROM_NAME(at_rom_subscr, instance_subscr);
AT_ROM_NAME(at_rom_get_buffer, instance_get_buffer);

// What the build knows of a class in flash stands in front of its slots: how many attributes its instances will have,
// and whether AT_ROM_PLAIN. Elsewhere the first slot is that of make_new.
static size_t known_of(const mp_obj_type_t *type) {
    return type->slot_index_make_new > 1 ? (size_t)(uintptr_t)type->slots[0] : 0;
}

// Whether a class or its bases have something of that name, or who knows what bases.
static bool has_class(const mp_obj_type_t *type, qstr attr) {
    for (;;) {
        mp_obj_dict_t *content = MP_OBJ_TYPE_GET_SLOT(type, locals_dict);
        if (mp_map_lookup(&content->map, MP_OBJ_NEW_QSTR(attr), MP_MAP_LOOKUP) != NULL) {
            return true;
        }
        if (!MP_OBJ_TYPE_HAS_SLOT(type, parent)) {
            return false;
        }
        type = MP_OBJ_TYPE_GET_SLOT(type, parent);
        if (type->base.type != &mp_type_type || !mp_obj_is_instance_type(type)) {
            return type != &mp_type_object;
        }
    }
}

// Store an attribute where it belongs unless a class has to be asked: the VM would look for a property and for
// __setattr__ each time.
static bool store_plain(mp_obj_instance_t *self, qstr attr, mp_obj_t value) {
    if (!(known_of(self->base.type) & AT_ROM_PLAIN)) {
        return false;
    }
    mp_map_elem_t *place = mp_map_lookup(&self->members, MP_OBJ_NEW_QSTR(attr), MP_MAP_LOOKUP);
    if (place == NULL) {
        if (has_class(self->base.type, attr)) {
            return false;
        }
        place = mp_map_lookup(&self->members, MP_OBJ_NEW_QSTR(attr), MP_MAP_LOOKUP_ADD_IF_NOT_FOUND);
    }
    place->value = value;
    return true;
}

// The VM checks whether dicts and classes can be written to, but not instances.
static void mp_obj_instance_attr(mp_obj_t self, qstr attr, mp_obj_t *dest);
void at_rom_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    mp_obj_instance_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        at_rom_check(&self->members, &mp_type_TypeError, attr);
        if (dest[1] != MP_OBJ_NULL && store_plain(self, attr, dest[1])) {
            dest[0] = MP_OBJ_NULL;
            return;
        }
    }
    mp_obj_instance_attr(self_in, attr, dest);
}

// Instances of a class in flash get room for their attributes at once.
#define mp_map_init(map, n) mp_map_init(map, known_of(class) / AT_ROM_ROOM) // of mp_obj_new_instance() alone

// The functions with these names are the VM's own under another name, and the slots of `type` are those below.
#define type_make_new(...) vm_type_make_new(__VA_ARGS__)
#define type_attr(...) vm_type_attr(__VA_ARGS__)

static void type_attr(mp_obj_t self, qstr attr, mp_obj_t *dest);
static void (type_attr)(mp_obj_t self, qstr attr, mp_obj_t *dest) {
    const mp_obj_type_t *type = MP_OBJ_TO_PTR(self);
    if (dest[0] != MP_OBJ_NULL && MP_OBJ_TYPE_HAS_SLOT(type, locals_dict)) {
        const mp_obj_dict_t *content = MP_OBJ_TYPE_GET_SLOT(type, locals_dict);
        at_rom_check(&content->map, &mp_type_AttributeError, attr);
    }
    vm_type_attr(self, attr, dest);
}

// A base is marked when it gets an heir, so that no property comes later to it, which the heir would not know of.
// Nothing comes later to a base in flash.
static void inherit(mp_obj_type_t *type, mp_obj_t bases) {
    size_t count;
    mp_obj_t *items;
    mp_obj_tuple_get(bases, &count, &items);
    for (size_t i = 0; i < count; i++) {
        mp_obj_type_t *base = MP_OBJ_TO_PTR(items[i]);
        if (mp_obj_is_instance_type(base)) {
            type->flags |= base->flags & MP_TYPE_FLAG_HAS_SPECIAL_ACCESSORS;
            if (!MP_OBJ_TYPE_GET_SLOT(base, locals_dict)->map.is_fixed) {
                base->flags |= MP_TYPE_FLAG_IS_SUBCLASSED;
            }
        }
    }
}

static mp_obj_t type_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args);
static mp_obj_t (type_make_new)(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_obj_t made = vm_type_make_new(type, n_args, n_kw, args);
    if (n_args == 3) {
        inherit(MP_OBJ_TO_PTR(made), args[1]);
    }
    return made;
}

// The file asks this of a class that it may write to only before it marks it.
#undef mp_obj_is_instance_type
#define mp_obj_is_instance_type(type) \
    _Generic((type), mp_obj_type_t *: false, const mp_obj_type_t *: (type)->flags & MP_TYPE_FLAG_INSTANCE_TYPE)

#endif
