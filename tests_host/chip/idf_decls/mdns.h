// esp-protocols mdns-v1.1.0: components/mdns/include/mdns.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 621090e49d90
#ifndef DECL_MDNS_H
#define DECL_MDNS_H

#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

typedef struct {
    const char *key;
    const char *value;
} mdns_txt_item_t;

esp_err_t mdns_init(void);
void mdns_free(void);
esp_err_t mdns_hostname_set(const char *hostname);
esp_err_t mdns_service_add(const char *instance_name, const char *service_type, const char *proto,
    uint16_t port, mdns_txt_item_t txt[], size_t num_items);

#endif
