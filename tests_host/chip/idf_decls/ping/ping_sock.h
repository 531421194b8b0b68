// ESP-IDF v5.4: components/lwip/include/apps/ping/ping_sock.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 4199a9531a31
#ifndef DECL_PING_PING_SOCK_H
#define DECL_PING_PING_SOCK_H

#include <stdint.h>

#include "esp_err.h"
#include "lwip/ip_addr.h"

typedef void *esp_ping_handle_t;

typedef struct {
    void *cb_args;
    void (*on_ping_success)(esp_ping_handle_t hdl, void *args);
    void (*on_ping_timeout)(esp_ping_handle_t hdl, void *args);
    void (*on_ping_end)(esp_ping_handle_t hdl, void *args);
} esp_ping_callbacks_t;

typedef struct {
    uint32_t count;
    uint32_t interval_ms;
    uint32_t timeout_ms;
    ip_addr_t target_addr;
    uint32_t task_stack_size;
} esp_ping_config_t;

#define ESP_PING_DEFAULT_CONFIG() {.count = 5}

typedef enum {
    ESP_PING_PROF_TIMEGAP = 7,
} esp_ping_profile_t;

esp_err_t esp_ping_new_session(const esp_ping_config_t *config, const esp_ping_callbacks_t *cbs,
    esp_ping_handle_t *hdl_out);
esp_err_t esp_ping_delete_session(esp_ping_handle_t hdl);
esp_err_t esp_ping_start(esp_ping_handle_t hdl);
esp_err_t esp_ping_get_profile(esp_ping_handle_t hdl, esp_ping_profile_t profile, void *data,
    uint32_t size);

#endif
