// Mounting the NVS: put the pages in order and undo what a power cut interrupted.
// Everything here may itself be cut and repeated.

#include <string.h>

#include "nvs_page.h"

// Put the used pages in order of age. Repairs nothing.
static int sort_pages(sim_nvs_t *nvs) {
    uint32_t ages[SIM_NVS_MAX_PAGES];
    nvs->used = 0;
    nvs->next_seq = 0;
    for (unsigned page = 0; page < nvs->pages; page++) {
        uint32_t seq;
        if (sim_nvs_page_too_new(nvs, page)) {
            return SIM_NVS_NEW_VERSION_FOUND;
        }
        if (sim_nvs_page_state(nvs, page, &seq) == SIM_NVS_PAGE_BLANK) {
            continue; // blank, half-erased or damaged: erased before it is used again
        }
        unsigned at = nvs->used++;
        for (; at > 0 && ages[at - 1] > seq; at--) {
            ages[at] = ages[at - 1];
            nvs->order[at] = nvs->order[at - 1];
        }
        ages[at] = seq;
        nvs->order[at] = page;
    }
    if (nvs->used) {
        nvs->next_seq = ages[nvs->used - 1] + 1;
    }
    return SIM_NVS_OK;
}

// Finish moving a page: what was copied so far is thrown away, then it is copied anew.
static int finish_move(sim_nvs_t *nvs, uint8_t page) {
    uint32_t seq;
    uint8_t newest = sim_nvs_newest(nvs);
    if (newest != page && sim_nvs_page_state(nvs, newest, &seq) == SIM_NVS_PAGE_ACTIVE
        && !sim_nvs_page_drop(nvs, newest)) {
        return SIM_NVS_FAIL;
    }
    if (nvs->used == nvs->pages) {
        return SIM_NVS_NO_FREE_PAGES;
    }
    return sim_nvs_page_move(nvs, page) ? SIM_NVS_OK : SIM_NVS_FAIL;
}

static int finish_moves(sim_nvs_t *nvs) {
    for (unsigned i = 0; i < nvs->used; i++) {
        uint32_t seq;
        if (sim_nvs_page_state(nvs, nvs->order[i], &seq) == SIM_NVS_PAGE_FREEING) {
            return finish_move(nvs, nvs->order[i]);
        }
    }
    return SIM_NVS_OK;
}

// If the last item written has an older twin, the power went before that was erased.
static bool drop_twin_of_last(sim_nvs_t *nvs) {
    sim_nvs_pos_t last = SIM_NVS_START;
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next_head(nvs, &pos);) {
        last = pos;
    }
    if (last.page == SIM_NVS_START.page || last.page != sim_nvs_newest(nvs)) {
        return true;
    }
    const sim_nvs_entry_t *item = sim_nvs_entry(nvs, last);
    if (item->type == SIM_NVS_BLOB_DATA) {
        return true;
    }
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next(nvs, &pos);) {
        const sim_nvs_entry_t *other = sim_nvs_entry(nvs, pos);
        if (other != item && other->ns == item->ns
            && strncmp(other->key, item->key, SIM_NVS_KEY_SIZE) == 0) {
            return sim_nvs_drop(nvs, pos);
        }
    }
    return true;
}

// True if piece belongs to the blob of that index.
static bool owns(const sim_nvs_entry_t *index, const sim_nvs_entry_t *piece) {
    return piece->type == SIM_NVS_BLOB_DATA && index->type == SIM_NVS_BLOB
           && index->ns == piece->ns && piece->chunk >= index->index.start
           && piece->chunk < index->index.start + index->index.count
           && strncmp(index->key, piece->key, SIM_NVS_KEY_SIZE) == 0;
}

static bool blob_is_whole(const sim_nvs_t *nvs, const sim_nvs_entry_t *index) {
    uint32_t size = 0;
    unsigned count = 0;
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next_head(nvs, &pos);) {
        const sim_nvs_entry_t *piece = sim_nvs_entry(nvs, pos);
        if (owns(index, piece)) {
            size += piece->data.size;
            count += 1;
        }
    }
    return count == index->index.count && size == index->index.size;
}

static bool has_owner(const sim_nvs_t *nvs, const sim_nvs_entry_t *piece) {
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next(nvs, &pos);) {
        if (owns(sim_nvs_entry(nvs, pos), piece)) {
            return true;
        }
    }
    return false;
}

// Remove blobs that lack a piece, then pieces that lack a blob.
static bool drop_broken_blobs(sim_nvs_t *nvs) {
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next_head(nvs, &pos);) {
        const sim_nvs_entry_t *item = sim_nvs_entry(nvs, pos);
        if (item->type == SIM_NVS_BLOB && !blob_is_whole(nvs, item) && !sim_nvs_drop(nvs, pos)) {
            return false;
        }
    }
    for (sim_nvs_pos_t pos = SIM_NVS_START; sim_nvs_next_head(nvs, &pos);) {
        const sim_nvs_entry_t *item = sim_nvs_entry(nvs, pos);
        if (item->type == SIM_NVS_BLOB_DATA && !has_owner(nvs, item) && !sim_nvs_drop(nvs, pos)) {
            return false;
        }
    }
    return true;
}

static void open_newest(sim_nvs_t *nvs) {
    uint32_t seq;
    nvs->open = nvs->used
        && sim_nvs_page_state(nvs, sim_nvs_newest(nvs), &seq) == SIM_NVS_PAGE_ACTIVE;
    nvs->next_free = nvs->open ? sim_nvs_page_next_free(nvs, sim_nvs_newest(nvs)) : 0;
}

int sim_nvs_mount(sim_nvs_t *nvs, sim_flash_t *flash, uint32_t base, uint32_t size) {
    if (size == 0 || size % SIM_NVS_PAGE_SIZE || size > SIM_NVS_MAX_PAGES * SIM_NVS_PAGE_SIZE
        || base % SIM_NVS_PAGE_SIZE || base + size > flash->size) {
        return SIM_NVS_INVALID_LENGTH;
    }
    memset(nvs, 0, sizeof(*nvs));
    nvs->flash = flash;
    nvs->base = base;
    nvs->pages = size / SIM_NVS_PAGE_SIZE;
    int err = sort_pages(nvs);
    if (err != SIM_NVS_OK) {
        return err;
    }
    for (unsigned i = 0; i < nvs->used; i++) {
        if (!sim_nvs_page_heal(nvs, nvs->order[i])) {
            return SIM_NVS_FAIL;
        }
    }
    err = finish_moves(nvs);
    if (err != SIM_NVS_OK) {
        return err;
    }
    open_newest(nvs);
    if (!drop_twin_of_last(nvs) || !drop_broken_blobs(nvs)) {
        return SIM_NVS_FAIL;
    }
    return nvs->used < nvs->pages ? SIM_NVS_OK : SIM_NVS_NO_FREE_PAGES;
}
