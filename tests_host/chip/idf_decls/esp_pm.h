// ESP-IDF v5.4: components/esp_pm/include/esp_pm.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 44d7dba2e04f
#ifndef DECL_ESP_PM_H
#define DECL_ESP_PM_H

#include <stdbool.h>

#include "esp_err.h"

typedef struct {
    int max_freq_mhz;
    int min_freq_mhz;
    bool light_sleep_enable;
} esp_pm_config_t;

esp_err_t esp_pm_configure(const void *config);

#endif
