// ESP-IDF v5.4: components/esp_wifi/include/esp_smartconfig.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 557474f9712f
#ifndef DECL_ESP_SMARTCONFIG_H
#define DECL_ESP_SMARTCONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_event.h"

typedef enum {
    SC_TYPE_ESPTOUCH = 0,
    SC_TYPE_AIRKISS = 1,
    SC_TYPE_ESPTOUCH_AIRKISS = 2,
    SC_TYPE_ESPTOUCH_V2 = 3,
} smartconfig_type_t;
typedef enum {
    SC_EVENT_GOT_SSID_PSWD = 2,
    SC_EVENT_SEND_ACK_DONE = 3,
} smartconfig_event_t;

extern esp_event_base_t const SC_EVENT;

typedef struct {
    uint8_t ssid[32];
    uint8_t password[64];
    bool bssid_set;
    uint8_t bssid[6];
    smartconfig_type_t type;
} smartconfig_event_got_ssid_pswd_t;

typedef struct {
    bool enable_log;
    bool esp_touch_v2_enable_crypt;
    char *esp_touch_v2_key;
} smartconfig_start_config_t;

#define SMARTCONFIG_START_CONFIG_DEFAULT() {.enable_log = false}

esp_err_t esp_smartconfig_set_type(smartconfig_type_t type);
esp_err_t esp_smartconfig_start(const smartconfig_start_config_t *config);
esp_err_t esp_smartconfig_stop(void);
esp_err_t esp_smartconfig_get_rvd_data(uint8_t *rvd_data, uint8_t len);

#endif
