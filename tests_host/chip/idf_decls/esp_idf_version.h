// ESP-IDF v5.4: components/esp_common/include/esp_idf_version.h
// Compared on 2026-11-29 with that header: all of it, the macros with v5.4.2's by reading.
// Sum of what follows when it was compared: 9b18831d51ef
#ifndef DECL_ESP_IDF_VERSION_H
#define DECL_ESP_IDF_VERSION_H

#define ESP_IDF_VERSION_VAL(major, minor, patch) ((major << 16) | (minor << 8) | (patch))
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(5, 4, 2)

const char *esp_get_idf_version(void);

#endif
