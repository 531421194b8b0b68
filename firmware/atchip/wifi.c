// The Wi-Fi driver as a whole, and the station. Scanning, the softAP and provisioning have files
// of their own; network.WLAN starts and stops the interfaces.
#include <string.h>

#include "esp_phy_init.h"
#include "nvs.h"

#include "atchip.h"

#if CONFIG_SPIRAM_IGNORE_NOTFOUND
#include "esp_psram.h"
#endif

// As MicroPython does it when the first network.WLAN is made: it will not do so a second time.
static mp_obj_t wifi_init(void) {
    wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
    #if CONFIG_SPIRAM_IGNORE_NOTFOUND
    if (!esp_psram_is_initialized()) {
        // These buffers are meant for PSRAM and would take half of the chip's own memory.
        config.cache_tx_buf_num = 0;
        config.feature_caps &= ~CONFIG_FEATURE_CACHE_TX_BUF_BIT;
        config.tx_buf_type = 1; // dynamic
        config.static_tx_buf_num = 0;
        config.dynamic_tx_buf_num = 32;
    }
    #endif
    check_esp_err(esp_wifi_init(&config));
    check_esp_err(esp_wifi_set_storage(WIFI_STORAGE_RAM));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wifi_init_obj, wifi_init);

static mp_obj_t wifi_deinit(void) {
    check_esp_err(esp_wifi_deinit());
    atchip_station.is_busy = false;
    atchip_station.is_scanning = false;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wifi_deinit_obj, wifi_deinit);

// wifi_connect(ssid, password, bssid, listen_interval, all_channels, authmode_floor, pmf, rssi,
// channel): rssi is the weakest that will do, channel where to look first, 0 for any
static void fill_config(wifi_sta_config_t *sta, const mp_obj_t *args) {
    memset(sta, 0, sizeof(*sta));
    if (atchip_copy(args[0], sta->ssid, sizeof(sta->ssid), ESP_ERR_WIFI_SSID) == 0) {
        check_esp_err(ESP_ERR_WIFI_SSID);
    }
    atchip_copy(args[1], sta->password, sizeof(sta->password), ESP_ERR_WIFI_PASSWORD);
    if (args[2] != mp_const_none) {
        atchip_mac_parse(args[2], sta->bssid);
        sta->bssid_set = true;
    }
    sta->listen_interval = mp_obj_get_int(args[3]);
    sta->scan_method = mp_obj_is_true(args[4]) ? WIFI_ALL_CHANNEL_SCAN : WIFI_FAST_SCAN;
    sta->sort_method = WIFI_CONNECT_AP_BY_SIGNAL;
    // Always given: the driver would raise a floor of 0 to WPA2 for a password of 8 bytes.
    sta->threshold.authmode = mp_obj_get_int(args[5]);
    sta->sae_pwe_h2e = WPA3_SAE_PWE_BOTH; // 0 has no hash-to-element, which some networks ask for
    mp_int_t pmf = mp_obj_get_int(args[6]);
    sta->pmf_cfg.capable = (pmf & 1) != 0;
    sta->pmf_cfg.required = (pmf & 2) != 0;
    sta->threshold.rssi = mp_obj_get_int(args[7]);
    sta->channel = mp_obj_get_int(args[8]);
}

static mp_obj_t wifi_connect(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    // The driver itself may take a new configuration while it connects, and only log an error.
    if (atchip_station.is_busy || atchip_station.is_scanning) {
        check_esp_err(ESP_ERR_WIFI_STATE);
    }
    wifi_config_t config;
    fill_config(&config.sta, args);
    check_esp_err(esp_wifi_set_config(WIFI_IF_STA, &config));
    atchip_station.is_busy = true; // before the event that ends it can come
    esp_err_t error = esp_wifi_connect();
    if (error != ESP_OK) {
        atchip_station.is_busy = false;
    }
    check_esp_err(error);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_connect_obj, 9, 9, wifi_connect);

static mp_obj_t wifi_disconnect(void) {
    check_esp_err(esp_wifi_disconnect());
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wifi_disconnect_obj, wifi_disconnect);

static mp_obj_t wifi_ap_info(void) {
    wifi_ap_record_t ap;
    check_esp_err(esp_wifi_sta_get_ap_info(&ap));
    mp_obj_t items[] = {
        atchip_field(ap.ssid, sizeof(ap.ssid)),
        atchip_mac_text(ap.bssid),
        MP_OBJ_NEW_SMALL_INT(ap.primary),
        MP_OBJ_NEW_SMALL_INT(ap.rssi),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_wifi_ap_info_obj, wifi_ap_info);

static mp_obj_t wifi_mac(size_t n_args, const mp_obj_t *args) {
    wifi_interface_t interface = atchip_interface(args[0]);
    uint8_t mac[ATCHIP_MAC_SIZE];
    if (n_args > 1 && args[1] != mp_const_none) {
        atchip_mac_parse(args[1], mac);
        check_esp_err(esp_wifi_set_mac(interface, mac));
    }
    check_esp_err(esp_wifi_get_mac(interface, mac));
    return atchip_mac_text(mac);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_mac_obj, 1, 2, wifi_mac);

static mp_obj_t wifi_protocol(size_t n_args, const mp_obj_t *args) {
    wifi_interface_t interface = atchip_interface(args[0]);
    if (n_args > 1 && args[1] != mp_const_none) {
        check_esp_err(esp_wifi_set_protocol(interface, mp_obj_get_int(args[1])));
    }
    uint8_t bits = 0;
    check_esp_err(esp_wifi_get_protocol(interface, &bits));
    return MP_OBJ_NEW_SMALL_INT(bits);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_protocol_obj, 1, 2, wifi_protocol);

// Seconds of silence until the other side is given up: wifi_inactive(interface[, seconds])
static mp_obj_t wifi_inactive(size_t n_args, const mp_obj_t *args) {
    wifi_interface_t interface = atchip_interface(args[0]);
    if (n_args > 1) {
        check_esp_err(esp_wifi_set_inactive_time(interface, mp_obj_get_int(args[1])));
    }
    uint16_t seconds = 0;
    check_esp_err(esp_wifi_get_inactive_time(interface, &seconds));
    return MP_OBJ_NEW_SMALL_INT(seconds);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_inactive_obj, 1, 2, wifi_inactive);

// 1 for 20 MHz, 2 for 40 MHz: wifi_bandwidth(interface[, bandwidth])
static mp_obj_t wifi_bandwidth(size_t n_args, const mp_obj_t *args) {
    wifi_interface_t interface = atchip_interface(args[0]);
    if (n_args > 1) {
        wifi_bandwidth_t wanted = mp_obj_get_int(args[1]) == 2 ? WIFI_BW_HT40 : WIFI_BW_HT20;
        check_esp_err(esp_wifi_set_bandwidth(interface, wanted));
    }
    wifi_bandwidth_t now;
    check_esp_err(esp_wifi_get_bandwidth(interface, &now));
    return MP_OBJ_NEW_SMALL_INT(now == WIFI_BW_HT40 ? 2 : 1);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_bandwidth_obj, 1, 2, wifi_bandwidth);

// Forget the calibration of the radio: the next one is a full one.
static mp_obj_t rf_forget(void) {
    esp_err_t error = esp_phy_erase_cal_data_in_nvs();
    if (error != ESP_ERR_NVS_NOT_FOUND) { // there was none
        check_esp_err(error);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_rf_forget_obj, rf_forget);

// The code has two letters; the driver's third byte says where they hold, ' ' is everywhere.
static void set_country(const mp_obj_t *args) {
    size_t len;
    const char *code = mp_obj_str_get_data(args[1], &len);
    if (len < 2 || len > 3) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    wifi_country_t country = {
        .cc = {code[0], code[1], len == 3 ? code[2] : ' '},
        .schan = mp_obj_get_int(args[2]),
        .nchan = mp_obj_get_int(args[3]),
        .policy = mp_obj_get_int(args[0]) == 0 ? WIFI_COUNTRY_POLICY_AUTO
            : WIFI_COUNTRY_POLICY_MANUAL,
    };
    check_esp_err(esp_wifi_set_country(&country));
}

// wifi_country() or wifi_country(policy, code, first channel, number of channels)
static mp_obj_t wifi_country(size_t n_args, const mp_obj_t *args) {
    if (n_args == 4) {
        set_country(args);
    } else if (n_args != 0) {
        mp_raise_TypeError(MP_ERROR_TEXT("none or 4 arguments"));
    }
    wifi_country_t country;
    check_esp_err(esp_wifi_get_country(&country));
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(country.policy == WIFI_COUNTRY_POLICY_AUTO ? 0 : 1),
        mp_obj_new_str(country.cc, strnlen(country.cc, 2)),
        MP_OBJ_NEW_SMALL_INT(country.schan),
        MP_OBJ_NEW_SMALL_INT(country.nchan),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_wifi_country_obj, 0, 4, wifi_country);
