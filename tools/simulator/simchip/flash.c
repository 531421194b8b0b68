// The chip's flash: NOR rules, power cuts and the partition table. See flash.h.

#include <string.h>

#include "flash.h"

static bool in_range(const sim_flash_t *flash, uint32_t addr, uint32_t len) {
    return addr <= flash->size && len <= flash->size - addr;
}

// Count one operation. True if it is the one during which the power goes.
static bool power_goes(sim_flash_t *flash) {
    *flash->writes += 1;
    if (*flash->countdown == 0) {
        return false;
    }
    *flash->countdown -= 1;
    return *flash->countdown == 0;
}

static void spend(const sim_flash_t *flash, uint32_t us) {
    if (flash->spend != NULL) {
        flash->spend(us);
    }
}

static void die(sim_flash_t *flash) {
    flash->dead = true;
    flash->power_cut();
}

bool sim_flash_program(sim_flash_t *flash, uint32_t addr, const void *data, uint32_t len) {
    const uint8_t *src = data;
    if (!in_range(flash, addr, len)) {
        return false;
    }
    while (len > 0) {
        uint32_t piece = SIM_FLASH_PROGRAM_PAGE - addr % SIM_FLASH_PROGRAM_PAGE;
        if (piece > len) {
            piece = len;
        }
        if (flash->dead) {
            return false;
        }
        bool cut = power_goes(flash);
        uint32_t done = cut ? piece / 2 : piece;
        for (uint32_t i = 0; i < done; i++) {
            flash->mem[addr + i] &= src[i];
        }
        if (cut) {
            die(flash);
            return false;
        }
        spend(flash, SIM_FLASH_PROGRAM_FIRST_US + piece * SIM_FLASH_PROGRAM_NEXT_NS / 1000);
        addr += piece;
        src += piece;
        len -= piece;
    }
    return true;
}

bool sim_flash_erase(sim_flash_t *flash, uint32_t addr, uint32_t len) {
    if (!in_range(flash, addr, len) || addr % SIM_FLASH_SECTOR || len % SIM_FLASH_SECTOR) {
        return false;
    }
    for (; len > 0; addr += SIM_FLASH_SECTOR, len -= SIM_FLASH_SECTOR) {
        if (flash->dead) {
            return false;
        }
        bool cut = power_goes(flash);
        memset(flash->mem + addr, 0xff, cut ? SIM_FLASH_SECTOR / 2 : SIM_FLASH_SECTOR);
        if (cut) {
            die(flash);
            return false;
        }
        spend(flash, SIM_FLASH_ERASE_US);
    }
    return true;
}

static uint32_t u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool sim_part_get(const sim_flash_t *flash, unsigned index, sim_part_t *part) {
    if (index >= SIM_PART_TABLE_ENTRIES || !in_range(flash, SIM_PART_TABLE, (index + 1) * 32)) {
        return false;
    }
    const uint8_t *row = flash->mem + SIM_PART_TABLE + index * 32;
    if (row[0] != 0xaa || row[1] != 0x50) {
        return false;
    }
    part->type = row[2];
    part->subtype = row[3];
    part->address = u32(row + 4);
    part->size = u32(row + 8);
    memcpy(part->label, row + 12, 16);
    part->label[16] = 0;
    part->encrypted = row[28] & 1;
    return in_range(flash, part->address, part->size);
}

bool sim_part_find(const sim_flash_t *flash, const char *label, sim_part_t *part) {
    for (unsigned i = 0; sim_part_get(flash, i, part); i++) {
        if (strcmp(part->label, label) == 0) {
            return true;
        }
    }
    return false;
}
