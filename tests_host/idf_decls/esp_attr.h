// ESP-IDF v5.4: components/esp_common/include/esp_attr.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: ae55738ffa06
#ifndef DECL_ESP_ATTR_H
#define DECL_ESP_ATTR_H

#define RTC_NOINIT_ATTR __attribute__((section(".rtc_noinit")))

#endif
