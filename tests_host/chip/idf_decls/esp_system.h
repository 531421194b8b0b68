// ESP-IDF v5.4: components/esp_system/include/esp_system.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: fac078c7fc5d
#ifndef DECL_ESP_SYSTEM_H
#define DECL_ESP_SYSTEM_H

typedef enum {
    ESP_RST_POWERON = 1,
    ESP_RST_SW = 3,
    ESP_RST_PANIC = 4,
    ESP_RST_INT_WDT = 5,
    ESP_RST_TASK_WDT = 6,
    ESP_RST_WDT = 7,
    ESP_RST_DEEPSLEEP = 8,
    ESP_RST_BROWNOUT = 9,
} esp_reset_reason_t;

esp_reset_reason_t esp_reset_reason(void);

#endif
