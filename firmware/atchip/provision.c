// SmartConfig and WPS. What they found out is copied in the event task and fetched by Python.
#include <string.h>

#include "esp_smartconfig.h"
#include "esp_wps.h"
#include "sdkconfig.h"

#include "atchip.h"

#define RESERVED_DATA (65) // room for what ESP-TOUCH v2 can carry, and a NUL

// Written by the event task before the event is posted; read by the main task, which may ask before
// it takes the event: the flags are set last.
static smartconfig_event_got_ssid_pswd_t found;
static uint8_t reserved[RESERVED_DATA];
static volatile bool has_found;
static wifi_event_sta_wps_er_success_t wps;
static volatile bool has_wps;

void atchip_note_smartconfig(const void *data) {
    found = *(const smartconfig_event_got_ssid_pswd_t *)data;
    memset(reserved, 0, sizeof(reserved));
    if (found.type == SC_TYPE_ESPTOUCH_V2) {
        esp_smartconfig_get_rvd_data(reserved, sizeof(reserved) - 1);
    }
    has_found = true;
}

// Without credentials the event has no data: the driver took the one network over itself.
void atchip_note_wps(const void *data) {
    if (data != NULL) {
        wps = *(const wifi_event_sta_wps_er_success_t *)data;
    } else {
        wps.ap_cred_cnt = 0;
    }
    has_wps = true;
}

static mp_obj_t smartconfig_start(mp_obj_t kind_in, mp_obj_t key_in) {
    static char key[17];
    mp_int_t kind = mp_obj_get_int(kind_in);
    if (kind < 1 || kind > SC_TYPE_ESPTOUCH_V2 + 1) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    smartconfig_start_config_t config = SMARTCONFIG_START_CONFIG_DEFAULT();
    if (key_in != mp_const_none) {
        if (atchip_copy(key_in, key, sizeof(key) - 1, ESP_ERR_INVALID_ARG) != sizeof(key) - 1) {
            check_esp_err(ESP_ERR_INVALID_ARG);
        }
        config.esp_touch_v2_enable_crypt = true;
        config.esp_touch_v2_key = key;
    }
    has_found = false;
    check_esp_err(esp_smartconfig_set_type(kind - 1));
    check_esp_err(esp_smartconfig_start(&config));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_smartconfig_start_obj, smartconfig_start);

static mp_obj_t smartconfig_stop(void) {
    check_esp_err(esp_smartconfig_stop());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_smartconfig_stop_obj, smartconfig_stop);

static mp_obj_t smartconfig_result(void) {
    if (!has_found) {
        check_esp_err(ESP_ERR_INVALID_STATE);
    }
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(found.type + 1),
        atchip_field(found.ssid, sizeof(found.ssid)),
        atchip_field(found.password, sizeof(found.password)),
        found.bssid_set ? atchip_mac_text(found.bssid) : mp_const_none,
        atchip_field(reserved, sizeof(reserved)),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_smartconfig_result_obj, smartconfig_result);

static mp_obj_t wps_start(void) {
    esp_wps_config_t config = WPS_CONFIG_INIT_DEFAULT(WPS_TYPE_PBC);
    has_wps = false;
    wps.ap_cred_cnt = 0;
    // At its end the driver copies name and key over what the station had last, and no NUL behind.
    static wifi_config_t nothing; // 0.2 KB that the stack need not have
    check_esp_err(esp_wifi_set_config(WIFI_IF_STA, &nothing));
    check_esp_err(esp_wifi_wps_enable(&config));
    esp_err_t error = esp_wifi_wps_start(0); // the time is ignored, its events tell the end
    if (error != ESP_OK) {
        esp_wifi_wps_disable();
    }
    check_esp_err(error);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wps_start_obj, wps_start);

static mp_obj_t wps_stop(void) {
    check_esp_err(esp_wifi_wps_disable());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wps_stop_obj, wps_stop);

static mp_obj_t credential(const uint8_t *ssid, size_t ssid_room, const uint8_t *password,
    size_t password_room) {
    mp_obj_t pair[] = {
        atchip_field(ssid, ssid_room),
        atchip_field(password, password_room),
    };
    return mp_obj_new_tuple(2, pair);
}

static mp_obj_t wps_credentials(void) {
    if (!has_wps) { // before its end the driver's configuration is that of a network it looks at
        check_esp_err(ESP_ERR_INVALID_STATE);
    }
    mp_obj_t pairs[MAX_WPS_AP_CRED];
    size_t n = 0;
    while (n < wps.ap_cred_cnt && n < MAX_WPS_AP_CRED) {
        pairs[n] = credential(wps.ap_cred[n].ssid, sizeof(wps.ap_cred[n].ssid),
            wps.ap_cred[n].passphrase, sizeof(wps.ap_cred[n].passphrase));
        n += 1;
    }
    if (n == 0) {
        wifi_config_t config;
        check_esp_err(esp_wifi_get_config(WIFI_IF_STA, &config));
        pairs[n++] = credential(config.sta.ssid, sizeof(config.sta.ssid), config.sta.password,
            sizeof(config.sta.password));
    }
    return mp_obj_new_tuple(n, pairs);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wps_credentials_obj, wps_credentials);
