// DHCP: the station's client and the softAP's server with its pool.
#include <string.h>

#include "dhcpserver/dhcpserver.h"

#include "atchip.h"

#define POOL_MAX (100) // addresses the server can lend
#define LEASE_MIN (120) // its own lease time, minutes

static struct {
    uint32_t lease_min;
    uint32_t first; // network order
    uint32_t last;
} pool; // what dhcp_pool_set() set; lease_min 0: nothing

static mp_obj_t dhcp(mp_obj_t interface_in, mp_obj_t on_in) {
    wifi_interface_t interface = atchip_interface(interface_in);
    esp_netif_t *netif = atchip_netif(interface);
    bool on = mp_obj_is_true(on_in);
    esp_err_t error;
    if (interface == WIFI_IF_STA) {
        error = on ? esp_netif_dhcpc_start(netif) : esp_netif_dhcpc_stop(netif);
    } else {
        error = on ? esp_netif_dhcps_start(netif) : esp_netif_dhcps_stop(netif);
    }
    if (error != ESP_ERR_ESP_NETIF_DHCP_ALREADY_STARTED
        && error != ESP_ERR_ESP_NETIF_DHCP_ALREADY_STOPPED) {
        check_esp_err(error);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_dhcp_obj, dhcp);

static uint32_t swapped(uint32_t address) {
    return __builtin_bswap32(address);
}

// The pool that the server chooses itself when it starts: the larger side of its own address, at
// most POOL_MAX. It cannot be asked while it is stopped, and before its first start it says 0.
static void built_in(const esp_netif_ip_info_t *own, uint32_t *first, uint32_t *last) {
    uint32_t ip = swapped(own->ip.addr);
    uint32_t net = ip & swapped(own->netmask.addr);
    uint32_t broadcast = net | ~swapped(own->netmask.addr);
    if (ip - net > broadcast - ip) {
        *first = net + 1;
        *last = ip - 1;
    } else {
        *first = ip + 1;
        *last = broadcast - 1;
    }
    if (*last - *first + 1 > POOL_MAX) {
        *last = *first + POOL_MAX - 1;
    }
    *first = swapped(*first);
    *last = swapped(*last);
}

static mp_obj_t dhcp_pool(void) {
    uint32_t first = pool.first;
    uint32_t last = pool.last;
    if (pool.lease_min == 0) {
        esp_netif_ip_info_t own;
        check_esp_err(esp_netif_get_ip_info(atchip_netif(WIFI_IF_AP), &own));
        built_in(&own, &first, &last);
    }
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(pool.lease_min == 0 ? LEASE_MIN : pool.lease_min),
        atchip_ip4_text(first),
        atchip_ip4_text(last),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_dhcp_pool_obj, dhcp_pool);

static esp_err_t set_options(esp_netif_t *netif, dhcps_lease_t *range, uint32_t lease_min) {
    esp_err_t error = esp_netif_dhcps_option(netif, ESP_NETIF_OP_SET,
        ESP_NETIF_REQUESTED_IP_ADDRESS, range, sizeof(*range)); // checks it
    if (error == ESP_OK) {
        error = esp_netif_dhcps_option(netif, ESP_NETIF_OP_SET, ESP_NETIF_IP_ADDRESS_LEASE_TIME,
            &lease_min, sizeof(lease_min)); // 0: the server's own
    }
    return error == ESP_ERR_ESP_NETIF_INVALID_PARAMS ? ESP_ERR_INVALID_ARG : error;
}

// A server that runs takes no options, so it is stopped meanwhile.
static mp_obj_t dhcp_pool_set(mp_obj_t lease_in, mp_obj_t first, mp_obj_t last) {
    esp_netif_t *netif = atchip_netif(WIFI_IF_AP);
    uint32_t lease_min = mp_obj_get_int(lease_in);
    dhcps_lease_t range = {.enable = lease_min != 0};
    if (range.enable) {
        range.start_ip.addr = atchip_ip4_parse(first);
        range.end_ip.addr = atchip_ip4_parse(last);
    }
    bool was_on = esp_netif_dhcps_stop(netif) == ESP_OK;
    esp_err_t error = set_options(netif, &range, lease_min);
    if (was_on) {
        esp_netif_dhcps_start(netif);
    }
    check_esp_err(error);
    pool.lease_min = lease_min;
    pool.first = range.start_ip.addr;
    pool.last = range.end_ip.addr;
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(atchip_dhcp_pool_set_obj, dhcp_pool_set);
