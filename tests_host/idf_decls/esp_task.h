// ESP-IDF v5.4: components/esp_system/include/esp_task.h
// Compared on 2026-11-21 with that header: prototypes, constants and fields, by a compiler that saw both.
#ifndef DECL_ESP_TASK_H
#define DECL_ESP_TASK_H

#define ESP_TASK_PRIO_MIN (0)

#endif
