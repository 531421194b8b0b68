// ESP-IDF v5.4: components/freertos/FreeRTOS-Kernel/include/freertos/FreeRTOS.h
// ESP-IDF v5.4: components/freertos/FreeRTOS-Kernel/portable/xtensa/include/freertos/portmacro.h
// ESP-IDF v5.4: components/freertos/FreeRTOS-Kernel/include/freertos/projdefs.h
// Compared on 2026-11-29 with that header: all of it, by a compiler that saw both; what was added since by reading v5.4.2.
// Sum of what follows when it was compared: aa2a8aa8befc
#ifndef DECL_FREERTOS_FREERTOS_H
#define DECL_FREERTOS_FREERTOS_H

#include <stdint.h>

typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint32_t TickType_t;

#define pdFALSE ((BaseType_t)0)
#define pdTRUE ((BaseType_t)1)
#define pdPASS (pdTRUE)
#define configTICK_RATE_HZ 1000 // CONFIG_FREERTOS_HZ
#define portMAX_DELAY (TickType_t)0xffffffffUL

typedef struct {
    uint32_t owner;
    uint32_t count;
} spinlock_t;
typedef spinlock_t portMUX_TYPE;

void portYIELD_FROM_ISR(void); // a macro there

#define portMUX_INITIALIZER_UNLOCKED {.owner = 0xB33FFFFF, .count = 0}
#define portENTER_CRITICAL(mux) ((mux)->count += 1)
#define portEXIT_CRITICAL(mux) ((mux)->count -= 1)

#endif
