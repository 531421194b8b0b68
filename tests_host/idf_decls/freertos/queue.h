// ESP-IDF v5.4: components/freertos/FreeRTOS-Kernel/include/freertos/queue.h
// Compared on 2026-11-21 with that header: all of it, by a compiler that saw both.
// Sum of what follows when it was compared: 3c41dbb153ba
#ifndef DECL_FREERTOS_QUEUE_H
#define DECL_FREERTOS_QUEUE_H

#include "freertos/FreeRTOS.h"

typedef struct QueueDefinition *QueueHandle_t;

BaseType_t xQueueReceive(QueueHandle_t xQueue, void *const pvBuffer, TickType_t xTicksToWait);

#endif
