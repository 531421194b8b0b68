// ESP-IDF v5.4: components/esp_common/include/esp_idf_version.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 839622bfd947
#ifndef DECL_ESP_IDF_VERSION_H
#define DECL_ESP_IDF_VERSION_H

const char *esp_get_idf_version(void);

#endif
