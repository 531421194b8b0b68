// ESP-IDF v5.4: components/esp_common/include/esp_attr.h
// Compared on 2026-11-21 with that header: prototypes, constants and fields, by a compiler that saw both.
#ifndef DECL_ESP_ATTR_H
#define DECL_ESP_ATTR_H

#define RTC_NOINIT_ATTR __attribute__((section(".rtc_noinit")))

#endif
