// What the chip's other C code may ask of the AT port (port_esp32.c).
#ifndef ATLINK_PORT_ESP32_H
#define ATLINK_PORT_ESP32_H

#include <stdint.h>

// End the sleep of wait(), which then reports ATLINK_EVENT. From tasks, not from interrupts.
void atlink_port_wake(void);

// How often the receiver overflowed since the start: bytes of the host were lost.
uint32_t atlink_port_overruns(void);

#endif // ATLINK_PORT_ESP32_H
