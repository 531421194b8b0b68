// ESP-IDF v5.4: components/esp_netif/include/esp_netif.h
// ESP-IDF v5.4: components/esp_netif/include/esp_netif_types.h
// ESP-IDF v5.4: components/esp_netif/include/esp_netif_ip_addr.h
// ESP-IDF v5.4: components/lwip/include/apps/dhcpserver/dhcpserver.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: 8a69dcdb3fb0
#ifndef DECL_ESP_NETIF_H
#define DECL_ESP_NETIF_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"
#include "esp_event.h"

#define ESP_ERR_ESP_NETIF_INVALID_PARAMS 0x5001
#define ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED 0x5004
#define ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED 0x5005
#define ESP_IPADDR_TYPE_V6 6U

typedef struct esp_netif_obj esp_netif_t;

typedef struct esp_ip4_addr {
    uint32_t addr;
} esp_ip4_addr_t;

typedef struct esp_ip6_addr {
    uint32_t addr[4];
} esp_ip6_addr_t;

typedef struct _ip_addr {
    union {
        esp_ip6_addr_t ip6;
        esp_ip4_addr_t ip4;
    } u_addr;
    uint8_t type;
} esp_ip_addr_t;

typedef enum {
    ESP_IP6_ADDR_IS_GLOBAL = 1,
    ESP_IP6_ADDR_IS_LINK_LOCAL = 2,
    ESP_IP6_ADDR_IS_UNIQUE_LOCAL = 4,
} esp_ip6_addr_type_t;
typedef enum {
    ESP_NETIF_DNS_MAIN = 0,
    ESP_NETIF_DNS_BACKUP = 1,
    ESP_NETIF_DNS_FALLBACK = 2,
    ESP_NETIF_DNS_MAX = 3,
} esp_netif_dns_type_t;
typedef enum {
    ESP_NETIF_OP_SET = 1,
} esp_netif_dhcp_option_mode_t;
typedef enum {
    ESP_NETIF_REQUESTED_IP_ADDRESS = 50,
    ESP_NETIF_IP_ADDRESS_LEASE_TIME = 51,
} esp_netif_dhcp_option_id_t;
typedef enum {
    IP_EVENT_STA_GOT_IP = 0,
    IP_EVENT_STA_LOST_IP = 1,
    IP_EVENT_AP_STAIPASSIGNED = 2,
    IP_EVENT_GOT_IP6 = 3,
} ip_event_t;

extern esp_event_base_t const IP_EVENT;

typedef struct {
    esp_ip4_addr_t ip;
    esp_ip4_addr_t netmask;
    esp_ip4_addr_t gw;
} esp_netif_ip_info_t;

typedef struct {
    esp_ip6_addr_t ip;
} esp_netif_ip6_info_t;

typedef struct {
    esp_ip_addr_t ip;
} esp_netif_dns_info_t;

typedef struct {
    bool ip_changed;
} ip_event_got_ip_t;

typedef struct {
    esp_netif_t *esp_netif;
    esp_netif_ip6_info_t ip6_info;
} ip_event_got_ip6_t;

typedef struct {
    esp_ip4_addr_t ip;
    uint8_t mac[6];
} ip_event_ap_staipassigned_t;

typedef struct {
    uint8_t mac[6];
    esp_ip4_addr_t ip;
} esp_netif_pair_mac_ip_t;

esp_netif_t *esp_netif_get_handle_from_ifkey(const char *if_key);
esp_err_t esp_netif_get_ip_info(esp_netif_t *esp_netif, esp_netif_ip_info_t *ip_info);
esp_err_t esp_netif_set_ip_info(esp_netif_t *esp_netif, const esp_netif_ip_info_t *ip_info);
esp_err_t esp_netif_get_dns_info(esp_netif_t *esp_netif, esp_netif_dns_type_t type,
    esp_netif_dns_info_t *dns);
esp_err_t esp_netif_create_ip6_linklocal(esp_netif_t *esp_netif);
int esp_netif_get_all_preferred_ip6(esp_netif_t *esp_netif, esp_ip6_addr_t if_ip6[]);
esp_err_t esp_netif_set_hostname(esp_netif_t *esp_netif, const char *hostname);
esp_err_t esp_netif_get_hostname(esp_netif_t *esp_netif, const char **hostname);
esp_err_t esp_netif_dhcpc_start(esp_netif_t *esp_netif);
esp_err_t esp_netif_dhcpc_stop(esp_netif_t *esp_netif);
esp_err_t esp_netif_dhcps_start(esp_netif_t *esp_netif);
esp_err_t esp_netif_dhcps_stop(esp_netif_t *esp_netif);
esp_err_t esp_netif_dhcps_option(esp_netif_t *esp_netif, esp_netif_dhcp_option_mode_t opt_op,
    esp_netif_dhcp_option_id_t opt_id, void *opt_val, uint32_t opt_len);
char *esp_ip4addr_ntoa(const esp_ip4_addr_t *addr, char *buf, int buflen);
esp_ip6_addr_type_t esp_netif_ip6_get_addr_type(esp_ip6_addr_t *ip6_addr);

#endif
