// ESP-IDF v5.4: components/vfs/include/esp_vfs_eventfd.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 7cbda3d30cd7
#ifndef DECL_ESP_VFS_EVENTFD_H
#define DECL_ESP_VFS_EVENTFD_H

#include <stddef.h>

#include "esp_err.h"

typedef struct {
    size_t max_fds;
} esp_vfs_eventfd_config_t;

#define ESP_VFS_EVENTD_CONFIG_DEFAULT() (esp_vfs_eventfd_config_t) {.max_fds = 5}

esp_err_t esp_vfs_eventfd_register(const esp_vfs_eventfd_config_t *config);
int eventfd(unsigned int initval, int flags);

#endif
