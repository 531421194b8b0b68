// ESP-IDF v5.4: components/esp_common/include/esp_attr.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: 7696ff8801a5
#ifndef DECL_ESP_ATTR_H
#define DECL_ESP_ATTR_H

#define IRAM_ATTR __attribute__((section(".iram1")))
#define RTC_NOINIT_ATTR __attribute__((section(".rtc_noinit")))

#endif
