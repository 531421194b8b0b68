// ESP-IDF v5.4: components/esp_common/include/esp_err.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: e6b61cb2240d
#ifndef DECL_ESP_ERR_H
#define DECL_ESP_ERR_H

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL -1
#define ESP_ERR_NO_MEM 0x101
#define ESP_ERR_INVALID_ARG 0x102
#define ESP_ERR_INVALID_STATE 0x103
#define ESP_ERR_NOT_FOUND 0x105
#define ESP_ERR_TIMEOUT 0x107

#endif
