// ESP-IDF v5.4: components/esp_event/include/esp_event.h
// ESP-IDF v5.4: components/esp_event/include/esp_event_base.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 85ca8b30b1df
#ifndef DECL_ESP_EVENT_H
#define DECL_ESP_EVENT_H

#include <stdint.h>

#include "esp_err.h"

#define ESP_EVENT_ANY_ID -1

typedef const char *esp_event_base_t;
typedef void *esp_event_handler_instance_t;
typedef void (*esp_event_handler_t)(void *event_handler_arg, esp_event_base_t event_base, int32_t
    event_id, void *event_data);

esp_err_t esp_event_handler_instance_register(esp_event_base_t event_base, int32_t event_id,
    esp_event_handler_t event_handler, void *event_handler_arg, esp_event_handler_instance_t
    *instance);

#endif
