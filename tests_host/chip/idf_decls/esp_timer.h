// ESP-IDF v5.4: components/esp_timer/include/esp_timer.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 73bdb32dd453
#ifndef DECL_ESP_TIMER_H
#define DECL_ESP_TIMER_H

#include <stdint.h>

int64_t esp_timer_get_time(void);

#endif
