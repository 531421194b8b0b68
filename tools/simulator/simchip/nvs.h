// ESP-IDF's non-volatile storage, on-flash format version 2, on any part of the flash image.
// Plain C. Nothing is cached but the order of the pages: every read looks at the image itself.
//
// A cut of the power at any flash operation leaves the old or the new value of the key being
// written, and all others: the new item is complete before the old one is touched, and mount
// clears away what is half-written, half-erased, doubled or half-moved.

#ifndef SIM_NVS_H
#define SIM_NVS_H

#include "flash.h"

#define SIM_NVS_PAGE_SIZE (4096)
#define SIM_NVS_PAGE_ENTRIES (126)
#define SIM_NVS_MAX_PAGES (128)
#define SIM_NVS_KEY_SIZE (16)
#define SIM_NVS_CHUNK_MAX ((SIM_NVS_PAGE_ENTRIES - 1) * 32)
#define SIM_NVS_STRING_MAX (4000)

// Item types as they stand in the flash.
enum {
    SIM_NVS_U8 = 0x01,
    SIM_NVS_I8 = 0x11,
    SIM_NVS_U16 = 0x02,
    SIM_NVS_I16 = 0x12,
    SIM_NVS_U32 = 0x04,
    SIM_NVS_I32 = 0x14,
    SIM_NVS_U64 = 0x08,
    SIM_NVS_I64 = 0x18,
    SIM_NVS_STRING = 0x21,
    SIM_NVS_BLOB_OLD = 0x41, // a blob of format version 1: read and erased, never written
    SIM_NVS_BLOB_DATA = 0x42,
    SIM_NVS_BLOB = 0x48, // the index of a blob stands for the blob
};

// Results: ESP-IDF's numbers.
enum {
    SIM_NVS_OK = 0,
    SIM_NVS_FAIL = -1,
    SIM_NVS_NOT_FOUND = 0x1102,
    SIM_NVS_TYPE_MISMATCH = 0x1103,
    SIM_NVS_NOT_ENOUGH_SPACE = 0x1105,
    SIM_NVS_INVALID_NAME = 0x1106,
    SIM_NVS_KEY_TOO_LONG = 0x1109,
    SIM_NVS_INVALID_LENGTH = 0x110c,
    SIM_NVS_NO_FREE_PAGES = 0x110d,
    SIM_NVS_VALUE_TOO_LONG = 0x110e,
    SIM_NVS_PART_NOT_FOUND = 0x110f,
    SIM_NVS_NEW_VERSION_FOUND = 0x1110,
};

// One entry of 32 bytes, exactly as in the flash.
typedef struct _sim_nvs_entry_t {
    uint8_t ns;
    uint8_t type;
    uint8_t span;
    uint8_t chunk; // 0xff but in BLOB_DATA
    uint32_t crc;
    char key[SIM_NVS_KEY_SIZE];
    union {
        uint8_t value[8];
        struct {
            uint16_t size;
            uint16_t reserved;
            uint32_t crc;
        } data; // strings and BLOB_DATA
        struct {
            uint32_t size;
            uint8_t count;
            uint8_t start;
            uint16_t reserved;
        } index; // BLOB
    };
} sim_nvs_entry_t;

typedef struct _sim_nvs_t {
    sim_flash_t *flash;
    uint32_t base;
    uint16_t pages;
    uint16_t used;
    uint8_t order[SIM_NVS_MAX_PAGES]; // the used pages, oldest first
    uint32_t next_seq;
    bool open; // the newest page takes more entries
    uint8_t next_free; // first entry of it that was never written
} sim_nvs_t;

// Where an item stands. Any write may move it.
typedef struct _sim_nvs_pos_t {
    uint8_t page;
    uint8_t entry;
} sim_nvs_pos_t;

// Read the pages of a partition and repair what a power cut left. Errors: NO_FREE_PAGES,
// NEW_VERSION_FOUND, INVALID_LENGTH (size), FAIL (power gone).
int sim_nvs_mount(sim_nvs_t *nvs, sim_flash_t *flash, uint32_t base, uint32_t size);

// Number of a namespace, made if it is new and create is set.
int sim_nvs_namespace(sim_nvs_t *nvs, const char *name, bool create, uint8_t *ns);

// Position of a key, whatever its type. Errors: NOT_FOUND, names.
int sim_nvs_find(const sim_nvs_t *nvs, uint8_t ns, const char *key, sim_nvs_pos_t *pos);

// The head of the item at pos.
const sim_nvs_entry_t *sim_nvs_entry(const sim_nvs_t *nvs, sim_nvs_pos_t pos);

// Bytes of the value at pos; of a string with its NUL.
uint32_t sim_nvs_size(const sim_nvs_entry_t *entry);

// Copy the value at pos to buf. Errors: NOT_FOUND if its CRC does not fit.
int sim_nvs_read(const sim_nvs_t *nvs, sim_nvs_pos_t pos, void *buf);

// Store a value: an integer type, STRING (data ends with NUL) or BLOB. Another type of the same
// key is replaced. Errors: NOT_ENOUGH_SPACE (old value kept), VALUE_TOO_LONG, names, FAIL.
int sim_nvs_write(sim_nvs_t *nvs, uint8_t ns, const char *key, uint8_t type,
    const void *data, uint32_t size);

// Remove one key. Errors: NOT_FOUND, FAIL.
int sim_nvs_erase(sim_nvs_t *nvs, uint8_t ns, const char *key);

// Remove all keys of a namespace; its name stays.
int sim_nvs_erase_all(sim_nvs_t *nvs, uint8_t ns);

// Step through all values (and, with ns 0, the names of namespaces), oldest page first.
// Start with *pos = SIM_NVS_START. False at the end.
#define SIM_NVS_START ((sim_nvs_pos_t) {0xff, 0})
bool sim_nvs_next(const sim_nvs_t *nvs, sim_nvs_pos_t *pos);

#endif
