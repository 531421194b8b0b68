// The softAP: its configuration and its stations. Addresses are in netif.c and dhcp.c.
#include <string.h>

#include "esp_wifi_ap_get_sta_list.h"

#include "atchip.h"

// softap_config(ssid, password, channel, authmode, most, hidden)
static mp_obj_t softap_config(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    wifi_config_t config;
    memset(&config, 0, sizeof(config));
    wifi_ap_config_t *ap = &config.ap;
    ap->ssid_len = atchip_copy(args[0], ap->ssid, sizeof(ap->ssid), ESP_ERR_WIFI_SSID);
    if (ap->ssid_len == 0) {
        check_esp_err(ESP_ERR_WIFI_SSID); // the driver would look for a NUL
    }
    size_t room = sizeof(ap->password) - 1;
    size_t len = atchip_copy(args[1], ap->password, room, ESP_ERR_WIFI_PASSWORD);
    ap->channel = mp_obj_get_int(args[2]);
    ap->authmode = mp_obj_get_int(args[3]);
    if (ap->authmode != WIFI_AUTH_OPEN && len < 8) {
        check_esp_err(ESP_ERR_WIFI_PASSWORD);
    }
    mp_int_t most = mp_obj_get_int(args[4]);
    if (most < 1 || most > ESP_WIFI_MAX_CONN_NUM) {
        check_esp_err(ESP_ERR_INVALID_ARG);
    }
    ap->max_connection = most;
    ap->ssid_hidden = mp_obj_get_int(args[5]);
    ap->beacon_interval = 100; // IDF's own defaults, where 0 is none
    ap->dtim_period = 1;
    ap->csa_count = 3;
    check_esp_err(esp_wifi_set_config(WIFI_IF_AP, &config));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_softap_config_obj, 6, 6, softap_config);

static mp_obj_t softap_stations(void) {
    wifi_sta_list_t stations;
    wifi_sta_mac_ip_list_t addresses;
    check_esp_err(esp_wifi_ap_get_sta_list(&stations));
    check_esp_err(esp_wifi_ap_get_sta_list_with_ip(&stations, &addresses));
    mp_obj_t tuple = mp_obj_new_tuple(addresses.num, NULL);
    mp_obj_tuple_t *all = MP_OBJ_TO_PTR(tuple);
    for (int i = 0; i < addresses.num; i++) {
        all->items[i] = mp_const_none; // before the collector can see the tuple
    }
    for (int i = 0; i < addresses.num; i++) {
        mp_obj_t pair[] = {
            atchip_mac_text(addresses.sta[i].mac),
            atchip_ip4_text(addresses.sta[i].ip.addr),
        };
        all->items[i] = mp_obj_new_tuple(2, pair);
    }
    return tuple;
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_softap_stations_obj, softap_stations);

static mp_obj_t softap_deauth(mp_obj_t mac_in) {
    uint16_t aid = 0; // all
    if (mac_in != mp_const_none) {
        uint8_t mac[ATCHIP_MAC_SIZE];
        atchip_mac_parse(mac_in, mac);
        check_esp_err(esp_wifi_ap_get_sta_aid(mac, &aid));
    }
    check_esp_err(esp_wifi_deauth_sta(aid));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_softap_deauth_obj, softap_deauth);
