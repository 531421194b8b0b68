// Random work on a small NVS with the power cut at every flash operation, also during repair.
// Old or new must be there afterwards, never neither. Run under ASan and UBSan.
// Usage: test_nvs SEED OPERATIONS

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvs_page.h"

#define PAGES (4)
#define SIZE (PAGES * SIM_NVS_PAGE_SIZE)
#define KEYS (9)
#define VALUE_MAX (6000)

typedef struct _value_t {
    int type; // 0: absent
    uint32_t size;
    uint8_t data[VALUE_MAX];
} value_t;

static uint8_t image[SIZE];
static uint32_t countdown, writes;
static sim_flash_t flash;
static sim_nvs_t nvs;
static value_t model[KEYS];
static unsigned long cuts, cuts_in_repair, full;

#define CHECK(claim) \
    do { \
        if (!(claim)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #claim); \
            exit(1); \
        } \
    } while (0)

static void power_cut(void) {
}

static uint32_t random_below(uint32_t n) {
    static uint64_t state = 88172645463325252ull;
    if (n == 0) {
        state ^= (uint64_t)writes << 1 | 1; // stir with the seed, once
        n = 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 20) % n;
}

static void power_on(uint32_t cut_after) {
    flash.dead = false;
    countdown = cut_after;
    writes = 0;
}

static const char *key_name(int key) {
    static char name[4] = "k0";
    name[1] = '0' + key;
    return name;
}

static bool is_there(const value_t *value, int key) {
    static uint8_t buf[VALUE_MAX];
    uint8_t ns;
    sim_nvs_pos_t pos;
    int err = sim_nvs_namespace(&nvs, "space", false, &ns);
    err = err ? err : sim_nvs_find(&nvs, ns, key_name(key), &pos);
    if (err) {
        return value->type == 0;
    }
    const sim_nvs_entry_t *entry = sim_nvs_entry(&nvs, pos);
    if (entry->type != value->type || sim_nvs_size(entry) != value->size) {
        return false;
    }
    CHECK(sim_nvs_read(&nvs, pos, buf) == SIM_NVS_OK);
    return memcmp(buf, value->data, value->size) == 0;
}

static void check_all(int key, const value_t *new_value) {
    unsigned present = 0, listed = 0;
    for (int i = 0; i < KEYS; i++) {
        CHECK(is_there(&model[i], i) || (i == key && is_there(new_value, i)));
        present += !is_there(&(value_t) {.type = 0}, i);
    }
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next(&nvs, &pos);) {
        listed += sim_nvs_entry(&nvs, pos)->ns != 0;
    }
    CHECK(listed == present);
    int pieces = 0;
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next_head(&nvs, &pos);) {
        const sim_nvs_entry_t *entry = sim_nvs_entry(&nvs, pos);
        pieces += entry->type == SIM_NVS_BLOB_DATA;
        pieces -= entry->type == SIM_NVS_BLOB ? entry->index.count : 0;
    }
    CHECK(pieces == 0);
}

static int store(int key, const value_t *value) {
    uint8_t ns;
    int err = sim_nvs_namespace(&nvs, "space", true, &ns);
    if (err) {
        return err;
    }
    if (value->type == 0) {
        err = sim_nvs_erase(&nvs, ns, key_name(key));
        return err == SIM_NVS_NOT_FOUND ? SIM_NVS_OK : err;
    }
    return sim_nvs_write(&nvs, ns, key_name(key), value->type, value->data, value->size);
}

// What was repaired must take new values as well.
static void check_usable(int key) {
    static const value_t probe = {SIM_NVS_STRING, 40, "a string that goes over two entries ..."};
    int other = (key + 1) % KEYS;
    if (store(other, &probe) == SIM_NVS_OK) {
        CHECK(sim_nvs_mount(&nvs, &flash, 0, SIZE) == SIM_NVS_OK);
        CHECK(is_there(&probe, other));
    }
}

// Cut the power at every operation of the repair of this image, then repair it for good.
static void check_repair(int key, const value_t *new_value) {
    static uint8_t broken[SIZE];
    memcpy(broken, image, SIZE);
    for (uint32_t cut = 1;; cut++) {
        memcpy(image, broken, SIZE);
        power_on(cut);
        sim_nvs_mount(&nvs, &flash, 0, SIZE);
        bool was_cut = flash.dead;
        power_on(0);
        CHECK(sim_nvs_mount(&nvs, &flash, 0, SIZE) == SIM_NVS_OK);
        check_all(key, new_value);
        power_on(0);
        CHECK(sim_nvs_mount(&nvs, &flash, 0, SIZE) == SIM_NVS_OK);
        CHECK(writes == 0);
        check_usable(key);
        if (!was_cut) {
            return;
        }
        cuts_in_repair++;
    }
}

static void random_value(value_t *value) {
    static const int types[] = {
        SIM_NVS_U8, SIM_NVS_I16, SIM_NVS_I32, SIM_NVS_STRING, SIM_NVS_BLOB, 0,
    };
    value->type = types[random_below(6)];
    value->size = value->type & 0x0f;
    if (value->type == SIM_NVS_STRING) {
        value->size = 1 + random_below(random_below(4) ? 60 : 900);
    } else if (value->type == SIM_NVS_BLOB) {
        value->size = random_below(random_below(3) ? 100 : VALUE_MAX);
    }
    for (uint32_t i = 0; i < value->size; i++) {
        value->data[i] = random_below(3) ? random_below(255) + 1 : 0xff;
    }
    if (value->type == SIM_NVS_STRING) {
        value->data[value->size - 1] = 0;
    }
}

static void one_operation(void) {
    static uint8_t before[SIZE], after[SIZE];
    static value_t value;
    int key = random_below(KEYS);
    random_value(&value);
    memcpy(before, image, SIZE);
    power_on(0);
    CHECK(sim_nvs_mount(&nvs, &flash, 0, SIZE) == SIM_NVS_OK);
    power_on(0);
    int err = store(key, &value);
    uint32_t steps = writes;
    CHECK(err == SIM_NVS_OK || err == SIM_NVS_NOT_ENOUGH_SPACE);
    memcpy(after, image, SIZE);
    for (uint32_t cut = 1; cut <= steps; cut++) {
        memcpy(image, before, SIZE);
        power_on(0);
        sim_nvs_mount(&nvs, &flash, 0, SIZE);
        power_on(cut);
        store(key, &value);
        CHECK(flash.dead);
        check_repair(key, err ? &model[key] : &value);
        cuts++;
    }
    memcpy(image, after, SIZE);
    power_on(0);
    CHECK(sim_nvs_mount(&nvs, &flash, 0, SIZE) == SIM_NVS_OK);
    CHECK(writes == 0);
    if (err == SIM_NVS_OK) {
        model[key] = value;
    } else {
        full++;
    }
    check_all(-1, NULL);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    writes = atoi(argv[1]);
    random_below(0);
    memset(image, 0xff, SIZE);
    flash = (sim_flash_t) {image, SIZE, &countdown, &writes, power_cut, false, NULL};
    for (int i = atoi(argv[2]); i > 0; i--) {
        one_operation();
    }
    printf("%lu cuts, %lu more during repair, %lu times full\n", cuts, cuts_in_repair, full);
    return 0;
}
