// ESP-IDF v5.4: components/esp_system/include/esp_task.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: fe493857b1c7
#ifndef DECL_ESP_TASK_H
#define DECL_ESP_TASK_H

#define ESP_TASK_PRIO_MIN (0)

#endif
