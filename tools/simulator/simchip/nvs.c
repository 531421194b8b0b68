// The NVS as its users see it: namespaces, keys, values, blobs of several pieces, and the
// collection of garbage when pages run short. Pages and repair are elsewhere.

#include <string.h>

#include "nvs_page.h"

// Blobs alternate between two ranges of piece numbers, so old and new stand side by side.
#define BLOB_START_A (0x00)
#define BLOB_START_B (0x80)
#define BLOB_PIECES_MAX (127)

static uint32_t entries_for(uint32_t size) {
    return 1 + (size + 31) / 32;
}

static bool is_string_like(uint8_t type) {
    return type == SIM_NVS_STRING || type == SIM_NVS_BLOB_DATA || type == SIM_NVS_BLOB_OLD;
}

static bool same_key(const sim_nvs_entry_t *entry, uint8_t ns, const char *key) {
    return entry->ns == ns && strncmp(entry->key, key, SIM_NVS_KEY_SIZE) == 0;
}

static int check_name(const char *name) {
    size_t len = strlen(name);
    if (len == 0) {
        return SIM_NVS_INVALID_NAME;
    }
    return len < SIM_NVS_KEY_SIZE ? SIM_NVS_OK : SIM_NVS_KEY_TOO_LONG;
}

bool sim_nvs_next(const sim_nvs_t *nvs, sim_nvs_pos_t *pos) {
    while (sim_nvs_next_head(nvs, pos)) {
        if (sim_nvs_entry(nvs, *pos)->type != SIM_NVS_BLOB_DATA) {
            return true;
        }
    }
    return false;
}

int sim_nvs_find(const sim_nvs_t *nvs, uint8_t ns, const char *key, sim_nvs_pos_t *pos) {
    int err = check_name(key);
    if (err != SIM_NVS_OK) {
        return err;
    }
    for (*pos = SIM_NVS_START; sim_nvs_next(nvs, pos);) {
        if (same_key(sim_nvs_entry(nvs, *pos), ns, key)) {
            return SIM_NVS_OK;
        }
    }
    return SIM_NVS_NOT_FOUND;
}

static const sim_nvs_entry_t *find_piece(const sim_nvs_t *nvs, const sim_nvs_entry_t *index,
    uint8_t chunk) {
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next_head(nvs, &pos);) {
        const sim_nvs_entry_t *piece = sim_nvs_entry(nvs, pos);
        if (piece->type == SIM_NVS_BLOB_DATA && piece->chunk == chunk
            && same_key(piece, index->ns, index->key)) {
            return piece;
        }
    }
    return NULL;
}

uint32_t sim_nvs_size(const sim_nvs_entry_t *entry) {
    if (entry->type == SIM_NVS_BLOB) {
        return entry->index.size;
    }
    return is_string_like(entry->type) ? entry->data.size : entry->type & 0x0f;
}

// The n-th run of bytes of a value as it lies in the flash; NULL behind the last one.
static const uint8_t *value_run(const sim_nvs_t *nvs, const sim_nvs_entry_t *item, unsigned n,
    uint32_t *len) {
    const sim_nvs_entry_t *holder = item;
    if (item->type == SIM_NVS_BLOB) {
        holder = n < item->index.count ? find_piece(nvs, item, item->index.start + n) : NULL;
    } else if (n > 0) {
        holder = NULL;
    }
    if (holder == NULL) {
        return NULL;
    }
    *len = sim_nvs_size(holder);
    return is_string_like(holder->type) ? (const uint8_t *)(holder + 1) : holder->value;
}

static bool data_is_sound(const uint8_t *run, uint32_t len) {
    const sim_nvs_entry_t *holder = (const sim_nvs_entry_t *)run - 1;
    return holder->data.crc == sim_nvs_crc(0xffffffff, run, len);
}

int sim_nvs_read(const sim_nvs_t *nvs, sim_nvs_pos_t pos, void *buf) {
    const sim_nvs_entry_t *item = sim_nvs_entry(nvs, pos);
    bool checked = item->type == SIM_NVS_BLOB || is_string_like(item->type);
    uint8_t *to = buf;
    const uint8_t *run;
    uint32_t len;
    for (unsigned n = 0; (run = value_run(nvs, item, n, &len)) != NULL; n++) {
        if (checked && !data_is_sound(run, len)) {
            return SIM_NVS_NOT_FOUND;
        }
        memcpy(to, run, len);
        to += len;
    }
    return SIM_NVS_OK;
}

static bool holds(const sim_nvs_t *nvs, const sim_nvs_entry_t *item, uint8_t type,
    const uint8_t *data, uint32_t size) {
    if (item->type != type || sim_nvs_size(item) != size) {
        return false;
    }
    const uint8_t *run;
    uint32_t len;
    for (unsigned n = 0; (run = value_run(nvs, item, n, &len)) != NULL; n++) {
        if (memcmp(run, data, len) != 0) {
            return false;
        }
        data += len;
    }
    return true;
}

// Get a new page with at least room entries, by collecting garbage if only the spare is left.
static int new_page(sim_nvs_t *nvs, unsigned room) {
    bool collect = nvs->pages - nvs->used < 2;
    uint8_t victim = 0;
    unsigned most = 0;
    for (unsigned i = 0; collect && i < nvs->used; i++) {
        unsigned unused = sim_nvs_page_unused(nvs, nvs->order[i]);
        if (unused > most) {
            most = unused;
            victim = nvs->order[i];
        }
    }
    if (collect && most < room) {
        return SIM_NVS_NOT_ENOUGH_SPACE;
    }
    if (nvs->open && !sim_nvs_page_set_state(nvs, sim_nvs_newest(nvs), SIM_NVS_PAGE_FULL)) {
        return SIM_NVS_FAIL;
    }
    nvs->open = false;
    bool done = collect
        ? sim_nvs_page_set_state(nvs, victim, SIM_NVS_PAGE_FREEING)
        && sim_nvs_page_move(nvs, victim)
        : sim_nvs_page_add(nvs);
    return done ? SIM_NVS_OK : SIM_NVS_FAIL;
}

static unsigned room_left(const sim_nvs_t *nvs) {
    return nvs->open ? SIM_NVS_PAGE_ENTRIES - nvs->next_free : 0;
}

static int put_new(sim_nvs_t *nvs, sim_nvs_entry_t *head, const void *data, uint32_t size,
    sim_nvs_pos_t *pos) {
    int err = room_left(nvs) < head->span ? new_page(nvs, head->span) : SIM_NVS_OK;
    if (err != SIM_NVS_OK) {
        return err;
    }
    head->crc = sim_nvs_entry_crc(head);
    return sim_nvs_put(nvs, head, data, size, pos) ? SIM_NVS_OK : SIM_NVS_FAIL;
}

static sim_nvs_entry_t new_head(uint8_t ns, const char *key, uint8_t type) {
    sim_nvs_entry_t head = {.ns = ns, .type = type, .span = 1, .chunk = 0xff};
    memset(head.value, 0xff, sizeof(head.value));
    memcpy(head.key, key, strlen(key));
    return head;
}

// A string, or one piece of a blob.
static int put_data(sim_nvs_t *nvs, sim_nvs_entry_t *head, const void *data, uint32_t size,
    sim_nvs_pos_t *pos) {
    head->span = entries_for(size);
    head->data.size = size;
    head->data.crc = sim_nvs_crc(0xffffffff, data, size);
    return put_new(nvs, head, data, size, pos);
}

static bool drop_pieces(sim_nvs_t *nvs, uint8_t ns, const char *key, unsigned start,
    unsigned count) {
    for (sim_nvs_pos_t pos = SIM_NVS_START; count && sim_nvs_next_head(nvs, &pos);) {
        const sim_nvs_entry_t *piece = sim_nvs_entry(nvs, pos);
        if (piece->type == SIM_NVS_BLOB_DATA && same_key(piece, ns, key)
            && piece->chunk >= start && piece->chunk < start + count && !sim_nvs_drop(nvs, pos)) {
            return false;
        }
    }
    return true;
}

// Remove an item; of a blob the index first, so that it is never found in part.
static bool drop_item(sim_nvs_t *nvs, sim_nvs_pos_t pos) {
    sim_nvs_entry_t item = *sim_nvs_entry(nvs, pos);
    bool blob = item.type == SIM_NVS_BLOB;
    return sim_nvs_drop(nvs, pos)
           && drop_pieces(nvs, item.ns, item.key, item.index.start, blob ? item.index.count : 0);
}

// Room for the next piece of a blob: enough for all of it, or what the page still has, but a
// first piece is not squeezed into a small rest.
static int piece_room(sim_nvs_t *nvs, uint32_t remaining, bool first, uint32_t *size) {
    unsigned room = room_left(nvs);
    if (room < entries_for(remaining)
        && (room < 2 || (first && (room - 1) * 32 < SIM_NVS_CHUNK_MAX / 10))) {
        int err = new_page(nvs, 2);
        if (err != SIM_NVS_OK && (err != SIM_NVS_NOT_ENOUGH_SPACE || room < 2)) {
            return err;
        }
    }
    *size = (room_left(nvs) - 1) * 32;
    if (*size > remaining) {
        *size = remaining;
    }
    return SIM_NVS_OK;
}

static int put_pieces(sim_nvs_t *nvs, uint8_t ns, const char *key, unsigned start,
    const uint8_t *data, uint32_t size, uint8_t *count) {
    uint32_t done = 0;
    do {
        uint32_t piece;
        int err = piece_room(nvs, size - done, *count == 0, &piece);
        if (err == SIM_NVS_OK && *count == BLOB_PIECES_MAX) {
            err = SIM_NVS_NOT_ENOUGH_SPACE;
        }
        if (err != SIM_NVS_OK) {
            return err;
        }
        sim_nvs_entry_t head = new_head(ns, key, SIM_NVS_BLOB_DATA);
        head.chunk = start + *count;
        sim_nvs_pos_t pos;
        err = put_data(nvs, &head, data + done, piece, &pos);
        if (err != SIM_NVS_OK) {
            return err;
        }
        *count += 1;
        done += piece;
    } while (done < size);
    return SIM_NVS_OK;
}

static int put_blob(sim_nvs_t *nvs, uint8_t ns, const char *key, const uint8_t *data,
    uint32_t size, unsigned start, sim_nvs_pos_t *pos) {
    sim_nvs_entry_t head = new_head(ns, key, SIM_NVS_BLOB);
    head.index.size = size;
    head.index.count = 0;
    head.index.start = start;
    int err = put_pieces(nvs, ns, key, start, data, size, &head.index.count);
    if (err == SIM_NVS_OK) {
        err = put_new(nvs, &head, NULL, 0, pos);
    }
    if (err != SIM_NVS_OK && !drop_pieces(nvs, ns, key, start, head.index.count)) {
        return SIM_NVS_FAIL;
    }
    return err;
}

static int check_size(const sim_nvs_t *nvs, uint8_t type, const uint8_t *data, uint32_t size) {
    if (type == SIM_NVS_BLOB) {
        uint32_t pages = nvs->pages - 1u < BLOB_PIECES_MAX ? nvs->pages - 1u : BLOB_PIECES_MAX;
        return size > pages * SIM_NVS_CHUNK_MAX ? SIM_NVS_VALUE_TOO_LONG : SIM_NVS_OK;
    }
    if (type == SIM_NVS_STRING) {
        if (size == 0 || data[size - 1] != 0) {
            return SIM_NVS_INVALID_LENGTH;
        }
        return size > SIM_NVS_STRING_MAX ? SIM_NVS_VALUE_TOO_LONG : SIM_NVS_OK;
    }
    return size == (type & 0x0fu) ? SIM_NVS_OK : SIM_NVS_INVALID_LENGTH;
}

static int put_value(sim_nvs_t *nvs, uint8_t ns, const char *key, uint8_t type,
    const uint8_t *data, uint32_t size, unsigned start, sim_nvs_pos_t *pos) {
    if (type == SIM_NVS_BLOB) {
        return put_blob(nvs, ns, key, data, size, start, pos);
    }
    sim_nvs_entry_t head = new_head(ns, key, type);
    if (type == SIM_NVS_STRING) {
        return put_data(nvs, &head, data, size, pos);
    }
    memcpy(head.value, data, size);
    return put_new(nvs, &head, NULL, 0, pos);
}

int sim_nvs_write(sim_nvs_t *nvs, uint8_t ns, const char *key, uint8_t type,
    const void *data, uint32_t size) {
    sim_nvs_pos_t pos;
    int err = check_size(nvs, type, data, size);
    int found = sim_nvs_find(nvs, ns, key, &pos);
    if (err != SIM_NVS_OK || (found != SIM_NVS_OK && found != SIM_NVS_NOT_FOUND)) {
        return err != SIM_NVS_OK ? err : found;
    }
    unsigned start = BLOB_START_A;
    if (found == SIM_NVS_OK) {
        const sim_nvs_entry_t *old = sim_nvs_entry(nvs, pos);
        if (holds(nvs, old, type, data, size)) {
            return SIM_NVS_OK;
        }
        if (old->type == SIM_NVS_BLOB && old->index.start == BLOB_START_A) {
            start = BLOB_START_B;
        }
    }
    sim_nvs_pos_t kept;
    err = put_value(nvs, ns, key, type, data, size, start, &kept);
    if (err != SIM_NVS_OK || found == SIM_NVS_NOT_FOUND) {
        return err;
    }
    // The old item may have been moved meanwhile: look again, past the new one.
    for (pos = SIM_NVS_START; sim_nvs_next(nvs, &pos);) {
        if ((pos.page != kept.page || pos.entry != kept.entry)
            && same_key(sim_nvs_entry(nvs, pos), ns, key)) {
            return drop_item(nvs, pos) ? SIM_NVS_OK : SIM_NVS_FAIL;
        }
    }
    return SIM_NVS_OK;
}

int sim_nvs_erase(sim_nvs_t *nvs, uint8_t ns, const char *key) {
    sim_nvs_pos_t pos;
    int err = sim_nvs_find(nvs, ns, key, &pos);
    if (err == SIM_NVS_OK && !drop_item(nvs, pos)) {
        return SIM_NVS_FAIL;
    }
    return err;
}

int sim_nvs_erase_all(sim_nvs_t *nvs, uint8_t ns) {
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next(nvs, &pos);) {
        if (sim_nvs_entry(nvs, pos)->ns == ns && !drop_item(nvs, pos)) {
            return SIM_NVS_FAIL;
        }
    }
    return SIM_NVS_OK;
}

int sim_nvs_namespace(sim_nvs_t *nvs, const char *name, bool create, uint8_t *ns) {
    sim_nvs_pos_t pos;
    int err = sim_nvs_find(nvs, 0, name, &pos);
    if (err == SIM_NVS_OK) {
        *ns = sim_nvs_entry(nvs, pos)->value[0];
    }
    if (err != SIM_NVS_NOT_FOUND || !create) {
        return err;
    }
    bool taken[256] = {true};
    for (pos = SIM_NVS_START; sim_nvs_next(nvs, &pos);) {
        const sim_nvs_entry_t *entry = sim_nvs_entry(nvs, pos);
        taken[entry->ns == 0 ? entry->value[0] : entry->ns] = true;
    }
    *ns = 1;
    while (*ns < 255 && taken[*ns]) {
        *ns += 1;
    }
    return *ns < 255 ? sim_nvs_write(nvs, 0, name, SIM_NVS_U8, ns, 1) : SIM_NVS_NOT_ENOUGH_SPACE;
}
