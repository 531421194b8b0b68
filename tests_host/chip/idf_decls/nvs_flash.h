// ESP-IDF v5.4: components/nvs_flash/include/nvs_flash.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 0acc9e2e69ea
#ifndef DECL_NVS_FLASH_H
#define DECL_NVS_FLASH_H

#include "esp_err.h"
#include "nvs.h"

esp_err_t nvs_flash_init(void);
esp_err_t nvs_flash_erase(void);
esp_err_t nvs_flash_init_partition(const char *partition_label);
esp_err_t nvs_flash_deinit_partition(const char *partition_label);

#endif
