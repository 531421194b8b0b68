// Scanning: started here, ended by the event, the driver's records taken one by one.
#include <string.h>

#include "atchip.h"

// wifi_scan(ssid, bssid, channel, passive, min_ms, max_ms, channels): bit n of the last is channel n
static mp_obj_t wifi_scan(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    // Not on the stack: the driver may look at them while it scans.
    static uint8_t ssid[33];
    static uint8_t bssid[ATCHIP_MAC_SIZE];
    if (atchip_station.is_scanning) {
        check_esp_err(ESP_ERR_WIFI_STATE);
    }
    wifi_scan_config_t config = {.show_hidden = true};
    if (args[0] != mp_const_none) {
        atchip_copy(args[0], ssid, sizeof(ssid) - 1, ESP_ERR_WIFI_SSID);
        config.ssid = ssid;
    }
    if (args[1] != mp_const_none) {
        atchip_mac_parse(args[1], bssid);
        config.bssid = bssid;
    }
    config.channel = mp_obj_get_int(args[2]);
    config.channel_bitmap.ghz_2_channels = mp_obj_get_int(args[6]);
    config.scan_type = mp_obj_is_true(args[3]) ? WIFI_SCAN_TYPE_PASSIVE : WIFI_SCAN_TYPE_ACTIVE;
    mp_int_t min_ms = mp_obj_get_int(args[4]);
    mp_int_t max_ms = mp_obj_get_int(args[5]);
    if (max_ms != 0 && min_ms > max_ms) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    config.scan_time.active.min = min_ms;
    config.scan_time.active.max = max_ms;
    config.scan_time.passive = max_ms;
    atchip_station.is_scanning = true; // before the event that ends it can come
    esp_err_t error = esp_wifi_scan_start(&config, false);
    if (error != ESP_OK) {
        atchip_station.is_scanning = false;
    }
    check_esp_err(error);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_scan_obj, 7, 7, wifi_scan);

// AT has numbers for the ciphers up to WIFI_CIPHER_TYPE_AES_CMAC128; all others are unknown.
static mp_obj_t cipher(wifi_cipher_type_t type) {
    const int unknown = 7;
    return MP_OBJ_NEW_SMALL_INT(type > WIFI_CIPHER_TYPE_AES_CMAC128 ? unknown : (int)type);
}

static mp_obj_t wifi_scan_next(void) {
    wifi_ap_record_t ap;
    if (esp_wifi_scan_get_ap_record(&ap) != ESP_OK) { // how the list ends
        esp_wifi_clear_ap_list();
        return mp_const_none;
    }
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(ap.authmode),
        atchip_field(ap.ssid, sizeof(ap.ssid)),
        MP_OBJ_NEW_SMALL_INT(ap.rssi),
        atchip_mac_text(ap.bssid),
        MP_OBJ_NEW_SMALL_INT(ap.primary),
        cipher(ap.pairwise_cipher),
        cipher(ap.group_cipher),
        MP_OBJ_NEW_SMALL_INT(ap.phy_11b | ap.phy_11g << 1 | ap.phy_11n << 2),
        MP_OBJ_NEW_SMALL_INT(ap.wps),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wifi_scan_next_obj, wifi_scan_next);

static mp_obj_t wifi_scan_stop(void) {
    check_esp_err(esp_wifi_scan_stop());
    atchip_station.is_scanning = false;
    check_esp_err(esp_wifi_clear_ap_list());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wifi_scan_stop_obj, wifi_scan_stop);
