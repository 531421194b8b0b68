// ESP-IDF v5.4: components/esp_app_format/include/esp_app_desc.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 5549824b805d
#ifndef DECL_ESP_APP_DESC_H
#define DECL_ESP_APP_DESC_H

typedef struct {
    char version[32];
    char project_name[32];
    char time[16];
    char date[16];
} esp_app_desc_t;

const esp_app_desc_t *esp_app_get_description(void);

#endif
