// Inside the NVS only: pages, entry states and their repair. The face for others is nvs.h.

#ifndef SIM_NVS_PAGE_H
#define SIM_NVS_PAGE_H

#include "nvs.h"

// Two bits for each entry; 1 does not occur unless the flash is damaged.
enum {
    SIM_NVS_ERASED = 0,
    SIM_NVS_WRITTEN = 2,
    SIM_NVS_EMPTY = 3,
};

// First word of a page. Each state clears one more bit.
#define SIM_NVS_PAGE_BLANK (0xffffffffu)
#define SIM_NVS_PAGE_ACTIVE (0xfffffffeu)
#define SIM_NVS_PAGE_FULL (0xfffffffcu)
#define SIM_NVS_PAGE_FREEING (0xfffffff8u)

// The checksum of headers, entries and data.
uint32_t sim_nvs_crc(uint32_t crc, const void *data, uint32_t len);

// The checksum of an entry, of all its bytes but the checksum itself.
uint32_t sim_nvs_entry_crc(const sim_nvs_entry_t *entry);

// The newest page, which must exist.
uint8_t sim_nvs_newest(const sim_nvs_t *nvs);

// State word and age of a page; BLANK if its header is not whole.
uint32_t sim_nvs_page_state(const sim_nvs_t *nvs, uint8_t page, uint32_t *seq);

// True if a header is whole but of a version after 2.
bool sim_nvs_page_too_new(const sim_nvs_t *nvs, uint8_t page);

// Clear one more bit of the state word.
bool sim_nvs_page_set_state(sim_nvs_t *nvs, uint8_t page, uint32_t state);

// Make an unused page the newest one, erased first if it is not blank.
bool sim_nvs_page_add(sim_nvs_t *nvs);

// Erase a page and forget it.
bool sim_nvs_page_drop(sim_nvs_t *nvs, uint8_t page);

// Copy what is alive in a FREEING page to a new one and drop it.
bool sim_nvs_page_move(sim_nvs_t *nvs, uint8_t page);

// Clear away entries that a power cut left half-written or half-erased.
bool sim_nvs_page_heal(sim_nvs_t *nvs, uint8_t page);

// Entries of a page that hold nothing alive.
unsigned sim_nvs_page_unused(const sim_nvs_t *nvs, uint8_t page);

// First entry behind all that were ever written.
uint8_t sim_nvs_page_next_free(const sim_nvs_t *nvs, uint8_t page);

// Write an item to the newest page, which must have room: head, data, then states.
bool sim_nvs_put(sim_nvs_t *nvs, const sim_nvs_entry_t *head, const void *data, uint32_t size,
    sim_nvs_pos_t *pos);

// Mark an item erased; its head last, so that its data can never pass for items.
bool sim_nvs_drop(sim_nvs_t *nvs, sim_nvs_pos_t pos);

// Step through the heads of all items, pieces of blobs included.
bool sim_nvs_next_head(const sim_nvs_t *nvs, sim_nvs_pos_t *pos);

#endif
