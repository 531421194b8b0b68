// The chip's flash: a mapped image that obeys NOR rules, and the countdown to a power cut.
// Plain C. Who maps the image, and what happens when the power goes, is the caller's business.

#ifndef SIM_FLASH_H
#define SIM_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_FLASH_SECTOR (4096)
#define SIM_FLASH_PROGRAM_PAGE (256)

typedef struct _sim_flash_t {
    uint8_t *mem;
    uint32_t size;
    // Operations until the power goes; 0 is "not armed". Shared with the supervisor.
    volatile uint32_t *countdown;
    // Operations done since the flash was made. Shared with the supervisor.
    volatile uint32_t *writes;
    // Called once, after the torn operation. On return the flash stays dead.
    void (*power_cut)(void);
    bool dead;
    // Called after each operation with the time that a chip takes for it; NULL: nobody cares.
    void (*spend)(uint32_t us);
} sim_flash_t;

// Typical times of the SPI flash in an ESP32-S2-MINI (datasheets of its makers agree within a few
// per cent): erasing a sector, and programming, by the first byte and each that follows.
#define SIM_FLASH_ERASE_US (45000)
#define SIM_FLASH_PROGRAM_FIRST_US (40)
#define SIM_FLASH_PROGRAM_NEXT_NS (2500)

// Clear bits. Each piece that lies in one 256-byte page is one operation, as on the chip.
// False: out of range, or the power is gone.
bool sim_flash_program(sim_flash_t *flash, uint32_t addr, const void *data, uint32_t len);

// Set all bits of whole sectors; each sector is one operation. False as above, or unaligned.
bool sim_flash_erase(sim_flash_t *flash, uint32_t addr, uint32_t len);

// The partition table at 0x8000, as ESP-IDF reads it.
#define SIM_PART_TABLE (0x8000)
#define SIM_PART_TABLE_ENTRIES (95)

typedef struct _sim_part_t {
    uint8_t type;
    uint8_t subtype;
    uint32_t address;
    uint32_t size;
    char label[17];
    bool encrypted;
} sim_part_t;

// Entry number index of the table; false behind the last one.
bool sim_part_get(const sim_flash_t *flash, unsigned index, sim_part_t *part);

// The partition with this label; false if there is none.
bool sim_part_find(const sim_flash_t *flash, const char *label, sim_part_t *part);

#endif
