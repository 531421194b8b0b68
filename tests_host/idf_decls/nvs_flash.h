// ESP-IDF v5.4: components/nvs_flash/include/nvs_flash.h
// Compared on 2026-11-21 with that header: prototypes, constants and fields, by a compiler that saw both.
#ifndef DECL_NVS_FLASH_H
#define DECL_NVS_FLASH_H

#include "esp_err.h"
#include "nvs.h"

esp_err_t nvs_flash_init(void);
esp_err_t nvs_flash_erase(void);
esp_err_t nvs_flash_init_partition(const char *partition_label);
esp_err_t nvs_flash_deinit_partition(const char *partition_label);

#endif
