// A face for ctypes over the simulator's flash and NVS: one image at a time, in memory.
// The checks are in tests_host/simulator/test_sim_nvs.py.

#include <stdlib.h>
#include <string.h>

#include "nvs.h"

static uint32_t countdown;
static uint32_t writes;
static sim_flash_t flash;
static sim_nvs_t nvs;

static void power_cut(void) {
}

// Take a copy of an image and switch the power on.
void h_load(const uint8_t *image, uint32_t size) {
    free(flash.mem);
    flash = (sim_flash_t) {malloc(size), size, &countdown, &writes, power_cut, false, NULL};
    memcpy(flash.mem, image, size);
    countdown = 0;
    writes = 0;
}

void h_store(uint8_t *image) {
    memcpy(image, flash.mem, flash.size);
}

void h_arm(uint32_t n) {
    countdown = n;
}

int h_dead(void) {
    return flash.dead;
}

uint32_t h_writes(void) {
    return writes;
}

int h_mount(uint32_t base, uint32_t size) {
    return sim_nvs_mount(&nvs, &flash, base, size);
}

int h_write(const char *space, const char *key, int type, const uint8_t *data, uint32_t size) {
    uint8_t ns;
    int err = sim_nvs_namespace(&nvs, space, true, &ns);
    return err ? err : sim_nvs_write(&nvs, ns, key, type, data, size);
}

int h_erase(const char *space, const char *key) {
    uint8_t ns;
    int err = sim_nvs_namespace(&nvs, space, false, &ns);
    if (err) {
        return err;
    }
    return key[0] ? sim_nvs_erase(&nvs, ns, key) : sim_nvs_erase_all(&nvs, ns);
}

// Type and value of a key; the size goes to *size, which holds the room in buf before.
int h_read(const char *space, const char *key, int *type, uint8_t *buf, uint32_t *size) {
    uint8_t ns;
    sim_nvs_pos_t pos;
    int err = sim_nvs_namespace(&nvs, space, false, &ns);
    err = err ? err : sim_nvs_find(&nvs, ns, key, &pos);
    if (err) {
        return err;
    }
    const sim_nvs_entry_t *entry = sim_nvs_entry(&nvs, pos);
    if (sim_nvs_size(entry) > *size) {
        return SIM_NVS_INVALID_LENGTH;
    }
    *type = entry->type;
    *size = sim_nvs_size(entry);
    return sim_nvs_read(&nvs, pos, buf);
}

// Number, key and type of the n-th value or namespace name; -1 behind the last one.
int h_item(unsigned n, char key[17], int *type, int *value) {
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next(&nvs, &pos);) {
        if (n-- == 0) {
            const sim_nvs_entry_t *entry = sim_nvs_entry(&nvs, pos);
            memcpy(key, entry->key, SIM_NVS_KEY_SIZE);
            key[SIM_NVS_KEY_SIZE] = 0;
            *type = entry->type;
            *value = entry->value[0];
            return entry->ns;
        }
    }
    return -1;
}
