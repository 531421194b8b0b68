// ESP-IDF v5.4: components/esp_wifi/include/esp_wifi.h
// ESP-IDF v5.4: components/esp_wifi/include/esp_wifi_types_generic.h
// ESP-IDF v5.4: components/esp_wifi/include/esp_wifi_types.h
// ESP-IDF v5.4: components/esp_wifi/include/local/esp_wifi_types_native.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: a6abc7d51bd3
#ifndef DECL_ESP_WIFI_H
#define DECL_ESP_WIFI_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_event.h"

#define ESP_ERR_WIFI_NOT_INIT 0x3001
#define ESP_ERR_WIFI_STATE 0x3006
#define ESP_ERR_WIFI_SSID 0x300A
#define ESP_ERR_WIFI_PASSWORD 0x300B
#define ESP_WIFI_MAX_CONN_NUM (15)
#define MAX_WPS_AP_CRED 3

typedef enum {
    WIFI_IF_STA = 0,
    WIFI_IF_AP = 1,
} wifi_interface_t;
typedef enum {
    WIFI_STORAGE_RAM = 1,
} wifi_storage_t;
typedef enum {
    WIFI_FAST_SCAN = 0,
    WIFI_ALL_CHANNEL_SCAN = 1,
} wifi_scan_method_t;
typedef enum {
    WIFI_CONNECT_AP_BY_SIGNAL = 0,
} wifi_sort_method_t;
typedef enum {
    WIFI_SCAN_TYPE_ACTIVE = 0,
    WIFI_SCAN_TYPE_PASSIVE = 1,
} wifi_scan_type_t;
typedef enum {
    WIFI_COUNTRY_POLICY_AUTO = 0,
    WIFI_COUNTRY_POLICY_MANUAL = 1,
} wifi_country_policy_t;
typedef enum {
    WIFI_AUTH_OPEN = 0,
} wifi_auth_mode_t;
typedef enum {
    WIFI_CIPHER_TYPE_NONE = 0,
    WIFI_CIPHER_TYPE_AES_CMAC128 = 6,
} wifi_cipher_type_t;
typedef enum {
    WIFI_PS_NONE = 0,
    WIFI_PS_MIN_MODEM = 1,
    WIFI_PS_MAX_MODEM = 2,
} wifi_ps_type_t;
typedef enum {
    WIFI_EVENT_SCAN_DONE = 1,
    WIFI_EVENT_STA_STOP = 3,
    WIFI_EVENT_STA_CONNECTED = 4,
    WIFI_EVENT_STA_DISCONNECTED = 5,
    WIFI_EVENT_STA_WPS_ER_SUCCESS = 7,
    WIFI_EVENT_STA_WPS_ER_FAILED = 8,
    WIFI_EVENT_STA_WPS_ER_TIMEOUT = 9,
    WIFI_EVENT_STA_WPS_ER_PBC_OVERLAP = 11,
    WIFI_EVENT_AP_STACONNECTED = 14,
    WIFI_EVENT_AP_STADISCONNECTED = 15,
} wifi_event_t;

extern esp_event_base_t const WIFI_EVENT;

typedef struct {
    int cache_tx_buf_num;
    int tx_buf_type;
    int static_tx_buf_num;
    int dynamic_tx_buf_num;
    uint64_t feature_caps;
} wifi_init_config_t;

#define WIFI_INIT_CONFIG_DEFAULT() {.tx_buf_type = 1}

typedef struct {
    uint32_t min;
    uint32_t max;
} wifi_active_scan_time_t;

typedef struct {
    wifi_active_scan_time_t active;
    uint32_t passive;
} wifi_scan_time_t;

typedef struct {
    uint16_t ghz_2_channels;
    uint32_t ghz_5_channels;
} wifi_scan_channel_bitmap_t;

typedef enum {
    WIFI_BW_HT20 = 1,
    WIFI_BW_HT40 = 2,
} wifi_bandwidth_t;

typedef struct {
    uint8_t *ssid;
    uint8_t *bssid;
    uint8_t channel;
    bool show_hidden;
    wifi_scan_type_t scan_type;
    wifi_scan_time_t scan_time;
    uint8_t home_chan_dwell_time;
    wifi_scan_channel_bitmap_t channel_bitmap;
    bool coex_background_scan;
} wifi_scan_config_t;

typedef struct {
    int8_t rssi;
    wifi_auth_mode_t authmode;
} wifi_scan_threshold_t;

typedef enum {
    WPA3_SAE_PWE_BOTH = 3,
} wifi_sae_pwe_method_t;

typedef struct {
    bool capable;
    bool required;
} wifi_pmf_config_t;

typedef struct {
    uint8_t ssid[32];
    uint8_t password[64];
    wifi_scan_method_t scan_method;
    bool bssid_set;
    uint8_t bssid[6];
    uint8_t channel;
    uint16_t listen_interval;
    wifi_sort_method_t sort_method;
    wifi_scan_threshold_t threshold;
    wifi_pmf_config_t pmf_cfg;
    wifi_sae_pwe_method_t sae_pwe_h2e;
} wifi_sta_config_t;

typedef struct {
    uint8_t ssid[32];
    uint8_t password[64];
    uint8_t ssid_len;
    uint8_t channel;
    wifi_auth_mode_t authmode;
    uint8_t ssid_hidden;
    uint8_t max_connection;
    uint16_t beacon_interval;
    uint8_t csa_count;
    uint8_t dtim_period;
} wifi_ap_config_t;

typedef union {
    wifi_ap_config_t ap;
    wifi_sta_config_t sta;
} wifi_config_t;

typedef struct {
    uint8_t bssid[6];
    uint8_t ssid[33];
    uint8_t primary;
    int8_t rssi;
    wifi_auth_mode_t authmode;
    wifi_cipher_type_t pairwise_cipher;
    wifi_cipher_type_t group_cipher;
    uint32_t phy_11b : 1;
    uint32_t phy_11g : 1;
    uint32_t phy_11n : 1;
    uint32_t wps : 1;
} wifi_ap_record_t;

typedef struct {
    char cc[3];
    uint8_t schan;
    uint8_t nchan;
    wifi_country_policy_t policy;
} wifi_country_t;

typedef struct {
    uint8_t mac[6];
} wifi_sta_info_t;

typedef struct {
    wifi_sta_info_t sta[ESP_WIFI_MAX_CONN_NUM];
    int num;
} wifi_sta_list_t;

typedef struct {
    uint32_t status;
} wifi_event_sta_scan_done_t;

typedef struct {
    uint8_t reason;
} wifi_event_sta_disconnected_t;

typedef struct {
    uint8_t mac[6];
} wifi_event_ap_staconnected_t;

typedef struct {
    uint8_t mac[6];
} wifi_event_ap_stadisconnected_t;

typedef struct {
    uint8_t ap_cred_cnt;
    struct {
        uint8_t ssid[32];
        uint8_t passphrase[64];
    } ap_cred[MAX_WPS_AP_CRED];
} wifi_event_sta_wps_er_success_t;

esp_err_t esp_wifi_init(const wifi_init_config_t *config);
esp_err_t esp_wifi_deinit(void);
esp_err_t esp_wifi_set_storage(wifi_storage_t storage);
esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *conf);
esp_err_t esp_wifi_get_config(wifi_interface_t interface, wifi_config_t *conf);
esp_err_t esp_wifi_connect(void);
esp_err_t esp_wifi_disconnect(void);
esp_err_t esp_wifi_scan_start(const wifi_scan_config_t *config, bool block);
esp_err_t esp_wifi_scan_stop(void);
esp_err_t esp_wifi_scan_get_ap_record(wifi_ap_record_t *ap_record);
esp_err_t esp_wifi_clear_ap_list(void);
esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *ap_info);
esp_err_t esp_wifi_set_mac(wifi_interface_t ifx, const uint8_t mac[6]);
esp_err_t esp_wifi_get_mac(wifi_interface_t ifx, uint8_t mac[6]);
esp_err_t esp_wifi_set_protocol(wifi_interface_t ifx, uint8_t protocol_bitmap);
esp_err_t esp_wifi_set_bandwidth(wifi_interface_t ifx, wifi_bandwidth_t bw);
esp_err_t esp_wifi_get_bandwidth(wifi_interface_t ifx, wifi_bandwidth_t *bw);
esp_err_t esp_wifi_set_inactive_time(wifi_interface_t ifx, uint16_t sec);
esp_err_t esp_wifi_get_inactive_time(wifi_interface_t ifx, uint16_t *sec);
esp_err_t esp_wifi_get_protocol(wifi_interface_t ifx, uint8_t *protocol_bitmap);
esp_err_t esp_wifi_set_country(const wifi_country_t *country);
esp_err_t esp_wifi_get_country(wifi_country_t *country);
esp_err_t esp_wifi_set_max_tx_power(int8_t power);
esp_err_t esp_wifi_get_max_tx_power(int8_t *power);
esp_err_t esp_wifi_set_ps(wifi_ps_type_t type);
esp_err_t esp_wifi_ap_get_sta_list(wifi_sta_list_t *sta);
esp_err_t esp_wifi_ap_get_sta_aid(const uint8_t mac[6], uint16_t *aid);
esp_err_t esp_wifi_deauth_sta(uint16_t aid);

#endif
