// ESP-IDF v5.4: components/log/include/esp_log.h
// ESP-IDF v5.4: components/log/include/esp_log_level.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 97852ca9d81b
#ifndef DECL_ESP_LOG_H
#define DECL_ESP_LOG_H

#define ESP_LOGE(tag, format, ...) esp_log_write(ESP_LOG_ERROR, tag, format, ##__VA_ARGS__)

typedef enum {
    ESP_LOG_ERROR = 1,
} esp_log_level_t;

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
