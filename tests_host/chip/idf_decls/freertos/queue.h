// ESP-IDF v5.4: components/freertos/FreeRTOS-Kernel/include/freertos/queue.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: b8cf691790de
#ifndef DECL_FREERTOS_QUEUE_H
#define DECL_FREERTOS_QUEUE_H

#include "freertos/FreeRTOS.h"

typedef struct QueueDefinition *QueueHandle_t;

// A macro there.
BaseType_t xQueueSendFromISR(QueueHandle_t xQueue, const void *const pvItemToQueue,
    BaseType_t *const pxHigherPriorityTaskWoken);
BaseType_t xQueueReceive(QueueHandle_t xQueue, void *const pvBuffer, TickType_t xTicksToWait);

#endif
