// What the chip's other C code may ask of the AT port, and what its two files ask of each other.
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

// Between port_esp32.c and port_esp32_wait.c. Prepare to sleep (0 or an errno); end the sleep of
// the main task, from any task or from an interrupt; whether the driver has received bytes.
int atlink_port_wait_init(void);
void atlink_port_rouse(void);
void atlink_port_rouse_from_isr(void);
bool atlink_port_has_bytes(void);

#endif // ATLINK_PORT_ESP32_H
