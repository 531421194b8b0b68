// ESP-IDF v5.4: components/esp_phy/include/esp_phy_init.h
// Compared on 2026-11-29 with that header: by reading it.
// Sum of what follows when it was compared: 076eaef3f81f
#ifndef DECL_ESP_PHY_INIT_H
#define DECL_ESP_PHY_INIT_H

#include "esp_err.h"

esp_err_t esp_phy_erase_cal_data_in_nvs(void);

#endif
