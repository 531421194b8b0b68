// ESP-IDF v5.4: components/esp_hw_support/include/esp_sleep.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: a357d5929c07
#ifndef DECL_ESP_SLEEP_H
#define DECL_ESP_SLEEP_H

#include <stdint.h>

#include "esp_err.h"

typedef enum {
    ESP_SLEEP_WAKEUP_ALL = 1,
} esp_sleep_source_t;

esp_err_t esp_sleep_disable_wakeup_source(esp_sleep_source_t source);
esp_err_t esp_sleep_enable_timer_wakeup(uint64_t time_in_us);
esp_err_t esp_sleep_enable_gpio_wakeup(void);
void esp_deep_sleep_start(void) __attribute__((__noreturn__));

#endif
