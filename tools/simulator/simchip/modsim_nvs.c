// NVS for Python: the functions of `atchip` over any NVS partition of the image, by label.
// `esp32.NVS` is made of them too. Types are those of AT+SYSMFG: 1 u8 ... 6 i32, 7 string, 8 blob.

#include <string.h>

#include "py/runtime.h"

#include "modsim.h"
#include "nvs.h"

#define TYPE_STRING (7)
#define TYPE_BLOB (8)
#define KEYS_AT_ONCE (16)

static const uint8_t flash_types[] = {
    0, SIM_NVS_U8, SIM_NVS_I8, SIM_NVS_U16, SIM_NVS_I16, SIM_NVS_U32, SIM_NVS_I32,
    SIM_NVS_STRING, SIM_NVS_BLOB,
};

// What is mounted. Two partitions are all the chip has; a third would take the oldest's place.
static struct {
    char label[17];
    sim_nvs_t nvs;
} mounts[2];
static unsigned next_mount;

static int at_type(const sim_nvs_entry_t *entry) {
    if (entry->type == SIM_NVS_BLOB_OLD) {
        return TYPE_BLOB;
    }
    for (unsigned i = 1; i < MP_ARRAY_SIZE(flash_types); i++) {
        if (flash_types[i] == entry->type) {
            return i;
        }
    }
    return 0; // 64-bit integers: AT has no number for them
}

static sim_nvs_t *mounted(mp_obj_t label_in) {
    const char *label = mp_obj_str_get_str(label_in);
    for (unsigned i = 0; i < MP_ARRAY_SIZE(mounts); i++) {
        if (mounts[i].label[0] && strcmp(mounts[i].label, label) == 0) {
            return &mounts[i].nvs;
        }
    }
    sim_board_t *board = sim_need_board();
    sim_part_t part;
    if (!sim_part_find(&board->flash, label, &part)) {
        sim_check_esp_err(SIM_NVS_PART_NOT_FOUND);
    }
    unsigned i = next_mount++ % MP_ARRAY_SIZE(mounts);
    mounts[i].label[0] = 0;
    sim_check_esp_err(sim_nvs_mount(&mounts[i].nvs, &board->flash, part.address, part.size));
    strcpy(mounts[i].label, part.label);
    return &mounts[i].nvs;
}

// Fail if that was ordered; `esp32` has names of its own for what it does with its store.
static void order(mp_obj_t label, const char *call) {
    if (strcmp(mp_obj_str_get_str(label), "nvs") != 0) {
        sim_fault(call);
    }
}

static mp_obj_t nvs_close(mp_obj_t label_in) {
    order(label_in, "atchip.nvs_close");
    const char *label = mp_obj_str_get_str(label_in);
    for (unsigned i = 0; i < MP_ARRAY_SIZE(mounts); i++) {
        if (strcmp(mounts[i].label, label) == 0) {
            mounts[i].label[0] = 0;
        }
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_nvs_close_obj, nvs_close);

static uint8_t namespace_of(sim_nvs_t *nvs, mp_obj_t name, bool create) {
    uint8_t ns;
    sim_check_esp_err(sim_nvs_namespace(nvs, mp_obj_str_get_str(name), create, &ns));
    return ns;
}

static mp_obj_t key_str(const sim_nvs_entry_t *entry) {
    return mp_obj_new_str(entry->key, strnlen(entry->key, SIM_NVS_KEY_SIZE));
}

// nvs_open(partition, namespace): make the namespace, as opening it for writing does
static mp_obj_t nvs_open(mp_obj_t label, mp_obj_t name) {
    namespace_of(mounted(label), name, true);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(sim_nvs_open_obj, nvs_open);

// nvs_namespaces(partition): those that hold something, as ESP-IDF's iterator finds them
static mp_obj_t nvs_namespaces(mp_obj_t label) {
    order(label, "atchip.nvs_namespaces");
    sim_nvs_t *nvs = mounted(label);
    bool listed[256] = {true};
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next(nvs, &pos);) {
        uint8_t ns = sim_nvs_entry(nvs, pos)->ns;
        if (listed[ns]) {
            continue;
        }
        listed[ns] = true;
        for (sim_nvs_pos_t at = SIM_NVS_START; sim_nvs_next(nvs, &at);) {
            const sim_nvs_entry_t *entry = sim_nvs_entry(nvs, at);
            if (entry->ns == 0 && entry->value[0] == ns) {
                mp_obj_list_append(list, key_str(entry));
            }
        }
    }
    return list;
}
MP_DEFINE_CONST_FUN_OBJ_1(sim_nvs_namespaces_obj, nvs_namespaces);

// nvs_keys(partition, namespace, skip): (key, type) of up to 16 values behind the first `skip`
static mp_obj_t nvs_keys(mp_obj_t label, mp_obj_t name, mp_obj_t skip_in) {
    order(label, "atchip.nvs_keys");
    sim_nvs_t *nvs = mounted(label);
    uint8_t ns = namespace_of(nvs, name, false);
    mp_int_t skip = mp_obj_get_int(skip_in);
    mp_int_t end = skip + KEYS_AT_ONCE;
    mp_obj_t list = mp_obj_new_list(0, NULL);
    mp_int_t n = 0;
    for (sim_nvs_pos_t pos = SIM_NVS_START; n < end && sim_nvs_next(nvs, &pos);) {
        const sim_nvs_entry_t *entry = sim_nvs_entry(nvs, pos);
        if (entry->ns == ns && n++ >= skip) {
            mp_obj_t pair[] = {key_str(entry), MP_OBJ_NEW_SMALL_INT(at_type(entry))};
            mp_obj_list_append(list, mp_obj_new_tuple(2, pair));
        }
    }
    return list;
}
MP_DEFINE_CONST_FUN_OBJ_3(sim_nvs_keys_obj, nvs_keys);

static mp_obj_t read_int(const sim_nvs_t *nvs, sim_nvs_pos_t pos, const sim_nvs_entry_t *entry) {
    uint8_t raw[8] = {0};
    sim_check_esp_err(sim_nvs_read(nvs, pos, raw));
    size_t size = sim_nvs_size(entry);
    uint64_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = value << 8 | raw[i - 1];
    }
    if (entry->type & 0x10) {
        int shift = 64 - 8 * size;
        return mp_obj_new_int_from_ll((int64_t)(value << shift) >> shift);
    }
    return mp_obj_new_int_from_ull(value);
}

// nvs_get(partition, namespace, key): (type, value), a string without its NUL
static mp_obj_t nvs_get(mp_obj_t label, mp_obj_t name, mp_obj_t key) {
    order(label, "atchip.nvs_get");
    sim_nvs_t *nvs = mounted(label);
    uint8_t ns = namespace_of(nvs, name, false);
    sim_nvs_pos_t pos;
    sim_check_esp_err(sim_nvs_find(nvs, ns, mp_obj_str_get_str(key), &pos));
    const sim_nvs_entry_t *entry = sim_nvs_entry(nvs, pos);
    int type = at_type(entry);
    mp_obj_t value;
    if (type == TYPE_STRING || type == TYPE_BLOB) {
        vstr_t vstr;
        vstr_init_len(&vstr, sim_nvs_size(entry));
        sim_check_esp_err(sim_nvs_read(nvs, pos, vstr.buf));
        if (type == TYPE_STRING && vstr.len > 0) {
            vstr.len -= 1;
        }
        value = mp_obj_new_bytes_from_vstr(&vstr);
    } else {
        value = read_int(nvs, pos, entry);
    }
    mp_obj_t pair[] = {MP_OBJ_NEW_SMALL_INT(type), value};
    return mp_obj_new_tuple(2, pair);
}
MP_DEFINE_CONST_FUN_OBJ_3(sim_nvs_get_obj, nvs_get);

static void set_string(sim_nvs_t *nvs, uint8_t ns, const char *key,
    const mp_buffer_info_t *value) {
    if (memchr(value->buf, 0, value->len) != NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("NUL in a string"));
    }
    vstr_t vstr;
    vstr_init(&vstr, value->len + 1);
    vstr_add_strn(&vstr, value->buf, value->len);
    vstr_add_byte(&vstr, 0);
    sim_check_esp_err(sim_nvs_write(nvs, ns, key, SIM_NVS_STRING, vstr.buf, vstr.len));
    vstr_clear(&vstr);
}

static void set_int(sim_nvs_t *nvs, uint8_t ns, const char *key, int type, mp_obj_t value_in) {
    int bits = 8 * (flash_types[type] & 0x0f);
    bool is_signed = flash_types[type] & 0x10;
    int64_t value = sim_get_int64(value_in);
    int64_t low = is_signed ? -(1LL << (bits - 1)) : 0;
    int64_t high = is_signed ? (1LL << (bits - 1)) - 1 : (1LL << bits) - 1;
    if (value < low || value > high) {
        mp_raise_ValueError(MP_ERROR_TEXT("value does not fit its type"));
    }
    uint8_t raw[4];
    for (int i = 0; i < bits / 8; i++) {
        raw[i] = (uint64_t)value >> 8 * i;
    }
    sim_check_esp_err(sim_nvs_write(nvs, ns, key, flash_types[type], raw, bits / 8));
}

// nvs_set(partition, namespace, key, type, value)
static mp_obj_t nvs_set(size_t n_args, const mp_obj_t *args) {
    order(args[0], "atchip.nvs_set");
    (void)n_args;
    const char *key = mp_obj_str_get_str(args[2]);
    int type = mp_obj_get_int(args[3]);
    if (type < 1 || type > TYPE_BLOB) {
        mp_raise_ValueError(MP_ERROR_TEXT("type is 1 to 8"));
    }
    sim_nvs_t *nvs = mounted(args[0]);
    uint8_t ns = namespace_of(nvs, args[1], true);
    if (type < TYPE_STRING) {
        set_int(nvs, ns, key, type, args[4]);
        return mp_const_none;
    }
    mp_buffer_info_t value;
    mp_get_buffer_raise(args[4], &value, MP_BUFFER_READ);
    if (type == TYPE_STRING) {
        set_string(nvs, ns, key, &value);
    } else {
        sim_check_esp_err(sim_nvs_write(nvs, ns, key, SIM_NVS_BLOB, value.buf, value.len));
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(sim_nvs_set_obj, 5, 5, nvs_set);

// nvs_erase(partition, namespace, key or None)
static mp_obj_t nvs_erase(mp_obj_t label, mp_obj_t name, mp_obj_t key) {
    order(label, "atchip.nvs_erase");
    sim_nvs_t *nvs = mounted(label);
    uint8_t ns = namespace_of(nvs, name, false);
    sim_check_esp_err(key == mp_const_none ? sim_nvs_erase_all(nvs, ns)
        : sim_nvs_erase(nvs, ns, mp_obj_str_get_str(key)));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(sim_nvs_erase_obj, nvs_erase);
