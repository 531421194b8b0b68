// esp-protocols mdns-v1.1.0: components/mdns/include/mdns.h
// Compared on 2026-11-21 with that header: the announcing part, by a compiler that saw both; the part of queries as esp-protocols documents it.
// Sum of what follows when it was compared: 1b29c8ee14b4
#ifndef DECL_MDNS_H
#define DECL_MDNS_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "esp_err.h"
#include "esp_netif.h"

typedef struct {
    const char *key;
    const char *value;
} mdns_txt_item_t;

esp_err_t mdns_init(void);
void mdns_free(void);
esp_err_t mdns_hostname_set(const char *hostname);
esp_err_t mdns_service_add(const char *instance_name, const char *service_type, const char *proto,
    uint16_t port, mdns_txt_item_t txt[], size_t num_items);


typedef struct mdns_search_once_s mdns_search_once_t;

typedef enum {
    MDNS_IP_PROTOCOL_V4,
    MDNS_IP_PROTOCOL_V6,
    MDNS_IP_PROTOCOL_MAX,
} mdns_ip_protocol_t;

typedef struct mdns_ip_addr_s {
    esp_ip_addr_t addr;
    struct mdns_ip_addr_s *next;
} mdns_ip_addr_t;

typedef struct mdns_result_s {
    struct mdns_result_s *next;
    esp_netif_t *esp_netif;
    uint32_t ttl;
    mdns_ip_protocol_t ip_protocol;
    char *instance_name;
    char *service_type;
    char *proto;
    char *hostname;
    uint16_t port;
    mdns_txt_item_t *txt;
    uint8_t *txt_value_len;
    size_t txt_count;
    mdns_ip_addr_t *addr;
} mdns_result_t;

typedef void (*mdns_query_notify_t)(mdns_search_once_t *search);

mdns_search_once_t *mdns_query_async_new(const char *name, const char *service_type,
    const char *proto, uint16_t type, uint32_t timeout, size_t max_results,
    mdns_query_notify_t notifier);
bool mdns_query_async_get_results(mdns_search_once_t *search, uint32_t timeout,
    mdns_result_t **results, uint8_t *num_results);
esp_err_t mdns_query_async_delete(mdns_search_once_t *search);
void mdns_query_results_free(mdns_result_t *results);

#endif
