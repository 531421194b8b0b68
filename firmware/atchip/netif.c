// Network interfaces: addresses of both versions, name servers, the station's name.
#include <string.h>

#include "lwip/sockets.h"
#include "sdkconfig.h"

#include "atchip.h"

static mp_obj_t ip_info(mp_obj_t interface) {
    esp_netif_ip_info_t info;
    check_esp_err(esp_netif_get_ip_info(atchip_netif(atchip_interface(interface)), &info));
    mp_obj_t items[] = {
        atchip_ip4_text(info.ip.addr),
        atchip_ip4_text(info.netmask.addr),
        atchip_ip4_text(info.gw.addr),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_ip_info_obj, ip_info);

// ip_static(interface, ip, mask, gateway)
static mp_obj_t ip_static(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    esp_netif_ip_info_t info = {
        .ip = {atchip_ip4_parse(args[1])},
        .netmask = {atchip_ip4_parse(args[2])},
        .gw = {atchip_ip4_parse(args[3])},
    };
    check_esp_err(esp_netif_set_ip_info(atchip_netif(atchip_interface(args[0])), &info));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_ip_static_obj, 4, 4, ip_static);

mp_obj_t atchip_ip6_text(const esp_ip6_addr_t *address) {
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(AF_INET6, address->addr, text, sizeof(text)) == NULL) {
        return mp_const_none;
    }
    return mp_obj_new_str(text, strlen(text));
}

// DHCP's answers only: nothing here sets name servers of the station's interface.
static mp_obj_t ip_dns(void) {
    esp_netif_t *netif = atchip_netif(WIFI_IF_STA);
    mp_obj_t items[ESP_NETIF_DNS_MAX];
    size_t n = 0;
    for (int which = ESP_NETIF_DNS_MAIN; which < ESP_NETIF_DNS_MAX; which++) {
        esp_netif_dns_info_t dns;
        if (esp_netif_get_dns_info(netif, which, &dns) != ESP_OK) {
            continue;
        }
        if (dns.ip.type == ESP_IPADDR_TYPE_V6) {
            items[n++] = atchip_ip6_text(&dns.ip.u_addr.ip6);
        } else if (dns.ip.u_addr.ip4.addr != 0) {
            items[n++] = atchip_ip4_text(dns.ip.u_addr.ip4.addr);
        }
    }
    return mp_obj_new_tuple(n, items);
}
MP_DEFINE_CONST_FUN_OBJ_0(atchip_ip_dns_obj, ip_dns);

static mp_obj_t ip6_linklocal(mp_obj_t interface) {
    check_esp_err(esp_netif_create_ip6_linklocal(atchip_netif(atchip_interface(interface))));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(atchip_ip6_linklocal_obj, ip6_linklocal);

// The best of the addresses of a kind, as IDF prefers them: global before unique-local, which
// esp_netif_get_ip6_global() does not know, though IP_EVENT_GOT_IP6 tells of it.
static mp_obj_t ip6_address(mp_obj_t interface, mp_obj_t kind) {
    esp_netif_t *netif = atchip_netif(atchip_interface(interface));
    bool wants_local = mp_obj_get_int(kind) == 0;
    esp_ip6_addr_t all[CONFIG_LWIP_IPV6_NUM_ADDRESSES];
    int count = esp_netif_get_all_preferred_ip6(netif, all);
    const esp_ip6_addr_t *found = NULL;
    for (int i = 0; i < count; i++) {
        esp_ip6_addr_type_t type = esp_netif_ip6_get_addr_type(&all[i]);
        if ((type == ESP_IP6_ADDR_IS_LINK_LOCAL) != wants_local) {
            continue;
        }
        if (found == NULL || type == ESP_IP6_ADDR_IS_GLOBAL) {
            found = &all[i];
            if (type == ESP_IP6_ADDR_IS_GLOBAL) {
                break;
            }
        }
    }
    return found != NULL ? atchip_ip6_text(found) : mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(atchip_ip6_address_obj, ip6_address);

static mp_obj_t hostname(size_t n_args, const mp_obj_t *args) {
    esp_netif_t *netif = atchip_netif(WIFI_IF_STA);
    if (n_args > 0 && args[0] != mp_const_none) {
        check_esp_err(esp_netif_set_hostname(netif, mp_obj_str_get_str(args[0])));
    }
    const char *name = NULL;
    check_esp_err(esp_netif_get_hostname(netif, &name));
    return name == NULL ? MP_OBJ_NEW_QSTR(MP_QSTR_) : mp_obj_new_str(name, strlen(name));
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(atchip_hostname_obj, 0, 1, hostname);
