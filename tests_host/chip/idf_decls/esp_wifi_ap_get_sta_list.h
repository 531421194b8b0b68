// ESP-IDF v5.4: components/esp_wifi/include/esp_wifi_ap_get_sta_list.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 896ea7f91d39
#ifndef DECL_ESP_WIFI_AP_GET_STA_LIST_H
#define DECL_ESP_WIFI_AP_GET_STA_LIST_H

#include "esp_netif.h"
#include "esp_wifi.h"

typedef struct {
    int num;
    esp_netif_pair_mac_ip_t sta[ESP_WIFI_MAX_CONN_NUM];
} wifi_sta_mac_ip_list_t;

esp_err_t esp_wifi_ap_get_sta_list_with_ip(const wifi_sta_list_t *wifi_sta_list,
    wifi_sta_mac_ip_list_t *wifi_sta_ip_mac_list);

#endif
