// What the chip's other C code may ask of the AT port, and what one of its files asks of the other.
#ifndef ATLINK_PORT_ESP32_H
#define ATLINK_PORT_ESP32_H

#include <stdbool.h>
#include <stdint.h>

// End the sleep of wait(), which then reports ATLINK_EVENT. From tasks, not from interrupts.
void atlink_port_wake(void);

// Forget that the host holds us back, before deep sleep.
void atlink_port_let_go(void);

// How often the receiver overflowed since the start: bytes of the host were lost.
uint32_t atlink_port_overruns(void);

// What port_esp32.c asks of port_esp32_wait.c. Prepare to sleep until, among others, `uart_ready`
// has one of the events it is asked for (0 or an errno); end the sleep of the main task, from any
// task or from an interrupt.
int atlink_port_wait_init(uint32_t (*uart_ready)(uint32_t want));
void atlink_port_rouse(void);
void atlink_port_rouse_from_isr(void);

#endif // ATLINK_PORT_ESP32_H
