// What whoever imitates the chip on a PC may tell the port.
#ifndef ATLINK_PORT_UNIX_H
#define ATLINK_PORT_UNIX_H

#include <stddef.h>

// Take memory from there instead of the PC's, which never ends.
void atlink_port_heap(void *(*allocate)(size_t size), void (*release)(void *memory));

#endif // ATLINK_PORT_UNIX_H
