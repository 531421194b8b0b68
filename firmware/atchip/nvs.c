// Non-volatile storage of any partition, by label. A handle lives for one call: writes are in
// flash when it returns, and a partition can be let go of at any time.
#include <string.h>

#include "nvs.h"
#include "nvs_flash.h"

#include "atchip.h"

// Types of AT+SYSMFG, by number; anything else is 0.
static const uint8_t types[] = {
    NVS_TYPE_ANY, NVS_TYPE_U8, NVS_TYPE_I8, NVS_TYPE_U16, NVS_TYPE_I16, NVS_TYPE_U32,
    NVS_TYPE_I32, NVS_TYPE_STR, NVS_TYPE_BLOB,
};
#define AT_STRING (7)
#define AT_BLOB (8)
#define KEYS_AT_ONCE (16)

// A handle that is closed however the call ends.
typedef struct {
    nlr_jump_callback_node_t node;
    nvs_handle_t handle;
} opened_t;

static void close_handle(void *opened) {
    nvs_close(((opened_t *)opened)->handle);
}

// nvs_close(partition) has that name in Python, so opening and closing a handle have others.
static void open_handle(opened_t *opened, mp_obj_t partition, mp_obj_t name,
    nvs_open_mode_t mode) {
    const char *label = mp_obj_str_get_str(partition);
    const char *name_space = mp_obj_str_get_str(name);
    check_esp_err(nvs_flash_init_partition(label)); // nothing to do if it is open
    check_esp_err(nvs_open_from_partition(label, name_space, mode, &opened->handle));
    nlr_push_jump_callback(&opened->node, close_handle);
}

static void done(void) {
    nlr_pop_jump_callback(true);
}

static int at_type(nvs_type_t type) {
    for (size_t i = 1; i < MP_ARRAY_SIZE(types); i++) {
        if (types[i] == type) {
            return i;
        }
    }
    return 0;
}

// An iterator that is released however the call ends.
typedef struct {
    nlr_jump_callback_node_t node;
    nvs_iterator_t it;
} listing_t;

static void release(void *listing) {
    nvs_release_iterator(((listing_t *)listing)->it); // NULL, at the end of the list, is fine
}

// Which entries of a partition are to be listed: `most` of those behind the first `skip`.
typedef struct {
    const char *label;
    const char *name_space; // NULL: all
    mp_int_t skip;
    mp_int_t most;
} range_t;

static bool is_listed(mp_obj_t list, const char *name) {
    size_t len;
    mp_obj_t *items;
    mp_obj_list_get(list, &len, &items);
    for (size_t i = 0; i < len; i++) {
        if (strcmp(mp_obj_str_get_str(items[i]), name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_namespace(mp_obj_t list, const nvs_entry_info_t *entry) {
    if (!is_listed(list, entry->namespace_name)) {
        const char *name = entry->namespace_name;
        mp_obj_list_append(list, mp_obj_new_str(name, strlen(name)));
    }
}

static void add_key(mp_obj_t list, const nvs_entry_info_t *entry) {
    mp_obj_t pair[] = {
        mp_obj_new_str(entry->key, strlen(entry->key)),
        MP_OBJ_NEW_SMALL_INT(at_type(entry->type)),
    };
    mp_obj_list_append(list, mp_obj_new_tuple(2, pair));
}

static mp_obj_t list_entries(range_t range,
    void (*add)(mp_obj_t list, const nvs_entry_info_t *entry)) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    listing_t listing = {.it = NULL};
    nlr_push_jump_callback(&listing.node, release);
    esp_err_t error = nvs_entry_find(range.label, range.name_space, NVS_TYPE_ANY, &listing.it);
    while (error == ESP_OK && range.most > 0) {
        if (range.skip > 0) {
            range.skip--;
        } else {
            nvs_entry_info_t entry;
            check_esp_err(nvs_entry_info(listing.it, &entry));
            add(list, &entry);
            range.most--;
        }
        error = nvs_entry_next(&listing.it);
    }
    if (error != ESP_ERR_NVS_NOT_FOUND) { // which is how a list ends
        check_esp_err(error);
    }
    done();
    return list;
}

static mp_obj_t namespaces(mp_obj_t partition) {
    const char *label = mp_obj_str_get_str(partition);
    check_esp_err(nvs_flash_init_partition(label));
    return list_entries((range_t) {label, NULL, 0, INT32_MAX}, add_namespace);
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_nvs_namespaces_obj, namespaces);

static mp_obj_t keys(mp_obj_t partition, mp_obj_t name, mp_obj_t skip) {
    opened_t opened;
    open_handle(&opened, partition, name, NVS_READONLY); // says whether there is such a namespace
    done();
    return list_entries((range_t) {
        mp_obj_str_get_str(partition), mp_obj_str_get_str(name), mp_obj_get_int(skip), KEYS_AT_ONCE,
    }, add_key);
}
MP_DEFINE_CONST_FUN_OBJ_3(atchip_nvs_keys_obj, keys);

// The getters fill as many bytes as the type has, and the chip is little-endian.
static esp_err_t get_int(nvs_handle_t handle, const char *key, nvs_type_t type, int64_t *value) {
    switch (type) {
        case NVS_TYPE_U8:
            return nvs_get_u8(handle, key, (uint8_t *)value);
        case NVS_TYPE_U16:
            return nvs_get_u16(handle, key, (uint16_t *)value);
        case NVS_TYPE_U32:
            return nvs_get_u32(handle, key, (uint32_t *)value);
        case NVS_TYPE_U64:
            return nvs_get_u64(handle, key, (uint64_t *)value);
        case NVS_TYPE_I64:
            return nvs_get_i64(handle, key, value);
        default:
            break;
    }
    int8_t small = 0;
    int16_t middle = 0;
    int32_t large = 0;
    esp_err_t error = type == NVS_TYPE_I8 ? nvs_get_i8(handle, key, &small)
        : type == NVS_TYPE_I16 ? nvs_get_i16(handle, key, &middle)
        : nvs_get_i32(handle, key, &large);
    *value = (int64_t)small + middle + large; // two of them are 0
    return error;
}

static mp_obj_t get_bytes(nvs_handle_t handle, const char *key, nvs_type_t type) {
    bool is_string = type == NVS_TYPE_STR;
    size_t size = 0;
    check_esp_err(is_string ? nvs_get_str(handle, key, NULL, &size)
        : nvs_get_blob(handle, key, NULL, &size));
    vstr_t vstr;
    vstr_init_len(&vstr, size);
    check_esp_err(is_string ? nvs_get_str(handle, key, vstr.buf, &size)
        : nvs_get_blob(handle, key, vstr.buf, &size));
    vstr.len = is_string && size > 0 ? size - 1 : size;
    return mp_obj_new_bytes_from_vstr(&vstr);
}

static mp_obj_t get(mp_obj_t partition, mp_obj_t name, mp_obj_t key_in) {
    const char *key = mp_obj_str_get_str(key_in);
    opened_t opened;
    open_handle(&opened, partition, name, NVS_READONLY);
    nvs_type_t type;
    check_esp_err(nvs_find_key(opened.handle, key, &type));
    mp_obj_t value;
    if (type == NVS_TYPE_STR || type == NVS_TYPE_BLOB) {
        value = get_bytes(opened.handle, key, type);
    } else {
        int64_t number = 0;
        check_esp_err(get_int(opened.handle, key, type, &number));
        value = type == NVS_TYPE_U64 ? mp_obj_new_int_from_ull(number)
            : mp_obj_new_int_from_ll(number);
    }
    done();
    mp_obj_t pair[] = {MP_OBJ_NEW_SMALL_INT(at_type(type)), value};
    return mp_obj_new_tuple(2, pair);
}
MP_DEFINE_CONST_FUN_OBJ_3(atchip_nvs_get_obj, get);

static int64_t fitting(mp_obj_t value, nvs_type_t type) {
    int bits = 8 * (type & 0x0f); // the type's number says its size, and bit 4 that it is signed
    bool is_signed = (type & 0x10) != 0;
    int64_t number = atchip_int64(value);
    int64_t low = is_signed ? -(1LL << (bits - 1)) : 0;
    int64_t high = is_signed ? (1LL << (bits - 1)) - 1 : (1LL << bits) - 1;
    if (number < low || number > high) {
        mp_raise_ValueError(MP_ERROR_TEXT("value does not fit its type"));
    }
    return number;
}

static esp_err_t set_int(nvs_handle_t handle, const char *key, nvs_type_t type, int64_t value) {
    switch (type) {
        case NVS_TYPE_U8:
            return nvs_set_u8(handle, key, value);
        case NVS_TYPE_I8:
            return nvs_set_i8(handle, key, value);
        case NVS_TYPE_U16:
            return nvs_set_u16(handle, key, value);
        case NVS_TYPE_I16:
            return nvs_set_i16(handle, key, value);
        case NVS_TYPE_U32:
            return nvs_set_u32(handle, key, value);
        default:
            return nvs_set_i32(handle, key, value);
    }
}

// NVS replaces a value of another type itself, but not one by a blob: then there are two of that
// key, and erasing takes either. The new value is written first, so that a full partition keeps
// the old one, and again if it was the one that went.
static void put_blob(nvs_handle_t handle, const char *key, const mp_buffer_info_t *value) {
    nvs_type_t before;
    bool is_double = nvs_find_key(handle, key, &before) == ESP_OK && before != NVS_TYPE_BLOB;
    check_esp_err(nvs_set_blob(handle, key, value->buf, value->len));
    if (!is_double) {
        return;
    }
    check_esp_err(nvs_erase_key(handle, key));
    nvs_type_t left;
    check_esp_err(nvs_find_key(handle, key, &left));
    if (left != NVS_TYPE_BLOB) {
        check_esp_err(nvs_erase_key(handle, key));
        check_esp_err(nvs_set_blob(handle, key, value->buf, value->len));
    }
}

static void put_string(nvs_handle_t handle, const char *key, const mp_buffer_info_t *value) {
    vstr_t vstr;
    vstr_init(&vstr, value->len + 1);
    vstr_add_strn(&vstr, value->buf, value->len);
    check_esp_err(nvs_set_str(handle, key, vstr_null_terminated_str(&vstr)));
    vstr_clear(&vstr);
}

static mp_obj_t set(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    const char *key = mp_obj_str_get_str(args[2]);
    mp_int_t number = mp_obj_get_int(args[3]);
    if (number < 1 || number > AT_BLOB) {
        mp_raise_ValueError(MP_ERROR_TEXT("type is 1 to 8"));
    }
    mp_buffer_info_t bytes = {.len = 0};
    int64_t value = 0;
    if (number < AT_STRING) {
        value = fitting(args[4], types[number]);
    } else {
        mp_get_buffer_raise(args[4], &bytes, MP_BUFFER_READ);
    }
    if (number == AT_STRING && memchr(bytes.buf, 0, bytes.len) != NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("NUL in a string"));
    }
    opened_t opened;
    open_handle(&opened, args[0], args[1], NVS_READWRITE);
    if (number == AT_BLOB) {
        put_blob(opened.handle, key, &bytes);
    } else if (number == AT_STRING) {
        put_string(opened.handle, key, &bytes);
    } else {
        check_esp_err(set_int(opened.handle, key, types[number], value));
    }
    check_esp_err(nvs_commit(opened.handle));
    done();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_nvs_set_obj, 5, 5, set);

static mp_obj_t erase(mp_obj_t partition, mp_obj_t name, mp_obj_t key) {
    opened_t opened;
    open_handle(&opened, partition, name, NVS_READONLY); // NVS_READWRITE would make the namespace
    done();
    open_handle(&opened, partition, name, NVS_READWRITE);
    check_esp_err(key == mp_const_none ? nvs_erase_all(opened.handle)
        : nvs_erase_key(opened.handle, mp_obj_str_get_str(key)));
    check_esp_err(nvs_commit(opened.handle));
    done();
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(atchip_nvs_erase_obj, erase);

static mp_obj_t let_go(mp_obj_t partition) {
    esp_err_t error = nvs_flash_deinit_partition(mp_obj_str_get_str(partition));
    if (error != ESP_ERR_NVS_NOT_INITIALIZED) {
        check_esp_err(error);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_nvs_close_obj, let_go);
