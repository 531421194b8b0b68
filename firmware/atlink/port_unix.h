// What the files of the port on a PC share, and what whoever imitates the chip may tell it.
#ifndef ATLINK_PORT_UNIX_H
#define ATLINK_PORT_UNIX_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

// Microseconds since some moment; the clock is never set back.
static inline uint64_t atlink_unix_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Take memory from there instead of the PC's, which never ends.
void atlink_port_heap(void *(*allocate)(size_t size), void (*release)(void *memory));

#endif // ATLINK_PORT_UNIX_H
