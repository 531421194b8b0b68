// Pages of the NVS: headers, the bitmap of entry states, items, and repair of one page.
// What items mean (namespaces, blobs of several pieces) is left to nvs.c and nvs_mount.c.

#include <string.h>

#include "nvs_page.h"

#define BITMAP_OFFSET (32)
#define ENTRIES_OFFSET (64)
#define ENTRY_SIZE (32)
#define VERSION_2 (0xfe)

typedef struct _page_header_t {
    uint32_t state;
    uint32_t seq;
    uint8_t version;
    uint8_t reserved[19];
    uint32_t crc;
} page_header_t;

uint32_t sim_nvs_crc(uint32_t crc, const void *data, uint32_t len) {
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *p = data;
    crc = ~crc;
    while (len--) {
        crc = table[(crc ^ *p) & 15] ^ crc >> 4;
        crc = table[(crc ^ *p++ >> 4) & 15] ^ crc >> 4;
    }
    return ~crc;
}

uint32_t sim_nvs_entry_crc(const sim_nvs_entry_t *entry) {
    uint32_t crc = sim_nvs_crc(0xffffffff, entry, 4);
    return sim_nvs_crc(crc, entry->key, sizeof(entry->key) + sizeof(entry->value));
}

static uint32_t page_addr(const sim_nvs_t *nvs, uint8_t page) {
    return nvs->base + page * SIM_NVS_PAGE_SIZE;
}

static const uint8_t *page_mem(const sim_nvs_t *nvs, uint8_t page) {
    return nvs->flash->mem + page_addr(nvs, page);
}

static uint32_t entry_addr(const sim_nvs_t *nvs, sim_nvs_pos_t pos) {
    return page_addr(nvs, pos.page) + ENTRIES_OFFSET + pos.entry * ENTRY_SIZE;
}

const sim_nvs_entry_t *sim_nvs_entry(const sim_nvs_t *nvs, sim_nvs_pos_t pos) {
    return (const sim_nvs_entry_t *)(nvs->flash->mem + entry_addr(nvs, pos));
}

uint8_t sim_nvs_newest(const sim_nvs_t *nvs) {
    return nvs->order[nvs->used - 1];
}

static bool is_blank(const uint8_t *p, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        if (p[i] != 0xff) {
            return false;
        }
    }
    return true;
}

// Bytes of data behind the head of an item.
static uint32_t data_size(const sim_nvs_entry_t *head) {
    bool variable = head->type == SIM_NVS_STRING || head->type == SIM_NVS_BLOB_DATA
        || head->type == SIM_NVS_BLOB_OLD;
    return variable ? head->data.size : 0;
}

static unsigned entry_state(const sim_nvs_t *nvs, uint8_t page, unsigned entry) {
    return page_mem(nvs, page)[BITMAP_OFFSET + entry / 4] >> entry % 4 * 2 & 3;
}

// Bring n entries from first on to a state, in one flash operation.
static bool mark(sim_nvs_t *nvs, uint8_t page, unsigned first, unsigned n, unsigned state) {
    uint8_t bits[BITMAP_OFFSET];
    memset(bits, 0xff, sizeof(bits));
    for (unsigned i = first; i < first + n; i++) {
        bits[i / 4] &= ~((3 ^ state) << i % 4 * 2);
    }
    unsigned from = first / 4;
    unsigned to = (first + n - 1) / 4;
    return n == 0 || sim_flash_program(nvs->flash, page_addr(nvs, page) + BITMAP_OFFSET + from,
        bits + from, to - from + 1);
}

static bool header_is_whole(const page_header_t *header) {
    return header->crc == sim_nvs_crc(0xffffffff, &header->seq, 24);
}

uint32_t sim_nvs_page_state(const sim_nvs_t *nvs, uint8_t page, uint32_t *seq) {
    const page_header_t *header = (const page_header_t *)page_mem(nvs, page);
    *seq = header->seq;
    bool known = header->state == SIM_NVS_PAGE_ACTIVE || header->state == SIM_NVS_PAGE_FULL
        || header->state == SIM_NVS_PAGE_FREEING;
    return known && header_is_whole(header) ? header->state : SIM_NVS_PAGE_BLANK;
}

bool sim_nvs_page_too_new(const sim_nvs_t *nvs, uint8_t page) {
    // Versions count down: 0xff is 1, 0xfe is 2.
    const page_header_t *header = (const page_header_t *)page_mem(nvs, page);
    return header->state != SIM_NVS_PAGE_BLANK && header_is_whole(header)
           && header->version < VERSION_2;
}

bool sim_nvs_page_set_state(sim_nvs_t *nvs, uint8_t page, uint32_t state) {
    return sim_flash_program(nvs->flash, page_addr(nvs, page), &state, sizeof(state));
}

static bool is_used(const sim_nvs_t *nvs, uint8_t page) {
    return memchr(nvs->order, page, nvs->used) != NULL;
}

bool sim_nvs_page_add(sim_nvs_t *nvs) {
    // Go round, so that all pages wear alike.
    uint8_t page = nvs->used ? (sim_nvs_newest(nvs) + 1) % nvs->pages : 0;
    while (is_used(nvs, page)) {
        page = (page + 1) % nvs->pages;
    }
    if (!is_blank(page_mem(nvs, page), SIM_NVS_PAGE_SIZE)
        && !sim_flash_erase(nvs->flash, page_addr(nvs, page), SIM_NVS_PAGE_SIZE)) {
        return false;
    }
    page_header_t header = {SIM_NVS_PAGE_ACTIVE, nvs->next_seq, VERSION_2, {0}, 0};
    memset(header.reserved, 0xff, sizeof(header.reserved));
    header.crc = sim_nvs_crc(0xffffffff, &header.seq, 24);
    if (!sim_flash_program(nvs->flash, page_addr(nvs, page), &header, sizeof(header))) {
        return false;
    }
    nvs->order[nvs->used++] = page;
    nvs->next_seq += 1;
    nvs->open = true;
    nvs->next_free = 0;
    return true;
}

bool sim_nvs_page_drop(sim_nvs_t *nvs, uint8_t page) {
    if (!sim_flash_erase(nvs->flash, page_addr(nvs, page), SIM_NVS_PAGE_SIZE)) {
        return false;
    }
    uint8_t *at = memchr(nvs->order, page, nvs->used);
    memmove(at, at + 1, nvs->order + nvs->used - at - 1);
    nvs->used -= 1;
    return true;
}

// Step to the next head of an item at or behind *entry.
static bool next_in_page(const sim_nvs_t *nvs, uint8_t page, unsigned *entry) {
    while (*entry < SIM_NVS_PAGE_ENTRIES) {
        if (entry_state(nvs, page, *entry) == SIM_NVS_WRITTEN) {
            return true;
        }
        *entry += 1;
    }
    return false;
}

// Entries to go on by; never 0, even if someone writes to the flash behind our back.
static unsigned step_of(const sim_nvs_entry_t *head) {
    return head->span ? head->span : 1;
}

bool sim_nvs_page_move(sim_nvs_t *nvs, uint8_t page) {
    if (!sim_nvs_page_add(nvs)) {
        return false;
    }
    for (unsigned i = 0; next_in_page(nvs, page, &i);) {
        const sim_nvs_entry_t *head = sim_nvs_entry(nvs, (sim_nvs_pos_t) {page, i});
        sim_nvs_pos_t pos;
        if (!sim_nvs_put(nvs, head, head + 1, data_size(head), &pos)) {
            return false;
        }
        i += step_of(head);
    }
    return sim_nvs_page_drop(nvs, page);
}

// Entries that the head claims, or 0 if it is no head at all.
static unsigned claimed_span(const sim_nvs_entry_t *head, unsigned at) {
    if (head->crc != sim_nvs_entry_crc(head) || at + head->span > SIM_NVS_PAGE_ENTRIES
        || head->span != 1 + (data_size(head) + ENTRY_SIZE - 1) / ENTRY_SIZE) {
        return 0;
    }
    return head->span;
}

static bool is_complete(const sim_nvs_t *nvs, uint8_t page, unsigned at, unsigned span) {
    for (unsigned i = at; i < at + span; i++) {
        if (entry_state(nvs, page, i) != SIM_NVS_WRITTEN) {
            return false;
        }
    }
    return true;
}

// Look at one entry; false if the power went. *entry moves on.
static bool heal_entry(sim_nvs_t *nvs, uint8_t page, unsigned *entry) {
    unsigned at = *entry;
    unsigned state = entry_state(nvs, page, at);
    sim_nvs_pos_t pos = {page, at};
    const sim_nvs_entry_t *head = sim_nvs_entry(nvs, pos);
    *entry += 1;
    if (state == SIM_NVS_ERASED
        || (state == SIM_NVS_EMPTY && is_blank((const uint8_t *)head, ENTRY_SIZE))) {
        return true;
    }
    unsigned span = state == SIM_NVS_WRITTEN ? claimed_span(head, at) : 0;
    if (span == 0) {
        return mark(nvs, page, at, 1, SIM_NVS_ERASED);
    }
    *entry = at + span;
    return is_complete(nvs, page, at, span) || sim_nvs_drop(nvs, pos);
}

bool sim_nvs_page_heal(sim_nvs_t *nvs, uint8_t page) {
    for (unsigned i = 0; i < SIM_NVS_PAGE_ENTRIES;) {
        if (!heal_entry(nvs, page, &i)) {
            return false;
        }
    }
    return true;
}

unsigned sim_nvs_page_unused(const sim_nvs_t *nvs, uint8_t page) {
    unsigned unused = 0;
    for (unsigned i = 0; i < SIM_NVS_PAGE_ENTRIES; i++) {
        unused += entry_state(nvs, page, i) != SIM_NVS_WRITTEN;
    }
    return unused;
}

uint8_t sim_nvs_page_next_free(const sim_nvs_t *nvs, uint8_t page) {
    unsigned i = SIM_NVS_PAGE_ENTRIES;
    while (i > 0 && entry_state(nvs, page, i - 1) == SIM_NVS_EMPTY) {
        i -= 1;
    }
    return i;
}

bool sim_nvs_put(sim_nvs_t *nvs, const sim_nvs_entry_t *head, const void *data, uint32_t size,
    sim_nvs_pos_t *pos) {
    *pos = (sim_nvs_pos_t) {sim_nvs_newest(nvs), nvs->next_free};
    uint32_t addr = entry_addr(nvs, *pos);
    nvs->next_free += head->span;
    return sim_flash_program(nvs->flash, addr, head, sizeof(*head))
           && sim_flash_program(nvs->flash, addr + ENTRY_SIZE, data, size)
           && mark(nvs, pos->page, pos->entry, head->span, SIM_NVS_WRITTEN);
}

bool sim_nvs_drop(sim_nvs_t *nvs, sim_nvs_pos_t pos) {
    unsigned span = sim_nvs_entry(nvs, pos)->span;
    return mark(nvs, pos.page, pos.entry + 1, span - 1, SIM_NVS_ERASED)
           && mark(nvs, pos.page, pos.entry, 1, SIM_NVS_ERASED);
}

// Where the page stands in the order; used if it does not.
static unsigned order_of(const sim_nvs_t *nvs, uint8_t page) {
    unsigned i = 0;
    while (i < nvs->used && nvs->order[i] != page) {
        i += 1;
    }
    return i;
}

bool sim_nvs_next_head(const sim_nvs_t *nvs, sim_nvs_pos_t *pos) {
    unsigned n = 0;
    unsigned entry = 0;
    if (pos->page != SIM_NVS_START.page) {
        n = order_of(nvs, pos->page);
        entry = pos->entry + step_of(sim_nvs_entry(nvs, *pos));
    }
    for (; n < nvs->used; n++, entry = 0) {
        if (next_in_page(nvs, nvs->order[n], &entry)) {
            *pos = (sim_nvs_pos_t) {nvs->order[n], entry};
            return true;
        }
    }
    return false;
}
