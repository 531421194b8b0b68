// ESP-IDF v5.4: components/freertos/FreeRTOS-Kernel/include/freertos/task.h
// ESP-IDF v5.4: components/freertos/esp_additions/include/freertos/idf_additions.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: 08f04e9dd464
#ifndef DECL_FREERTOS_TASK_H
#define DECL_FREERTOS_TASK_H

#include "freertos/FreeRTOS.h"

typedef struct tskTaskControlBlock *TaskHandle_t;
typedef void (*TaskFunction_t)(void *arg);

TaskHandle_t xTaskGetCurrentTaskHandle(void);
TaskHandle_t xTaskGetHandle(const char *pcNameToQuery);
BaseType_t xTaskAbortDelay(TaskHandle_t xTask);
void vTaskDelay(const TickType_t xTicksToDelay);

// Macros or inline there, some over functions that take a number of the notification as well.
BaseType_t xTaskCreate(TaskFunction_t code, const char *const name, const uint32_t stack_depth,
    void *const argument, UBaseType_t priority, TaskHandle_t *const created);
BaseType_t xTaskNotifyGive(TaskHandle_t task);
uint32_t ulTaskNotifyTake(BaseType_t clear_on_exit, TickType_t ticks_to_wait);

#endif
