// Waiting for the UART, the chip's events and links, all in one call. Owns the table of link
// descriptors; what a link does when it is ready is its service's.
#ifndef ATLINK_WAIT_H
#define ATLINK_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"

// Watch `fd` (-1: nothing) for link i (0..ATLINK_LINKS-1) with ATLINK_READ | ATLINK_WRITE (0:
// not now). It is watched while the caller of wait() asks for ATLINK_LINK(i), or with `always` at
// any time: then the service has to serve it or stop watching it, or wait() would spin.
void atlink_wait_watch(unsigned i, int fd, uint8_t events, bool always);

// What wait() knows when it calls the service.
typedef struct {
    uint32_t fired; // links whose descriptor is ready
    uint32_t mask; // sources the caller waits for
    uint64_t now_us;
    uint64_t deadline_us; // in and out: wait() looks again no later than this
    size_t wants_room; // out: wait() looks again when so much of the transmit ring is free
} atlink_pass_t;

// Called in each pass of wait() before it blocks, with the GIL held: moves bytes between links
// and UART, lowers deadline_us for its timers, returns the links that Python is to be told of
// (descriptors that fired are its to report or not). Must not raise or allocate. Without a
// service every link that fired is reported.
typedef uint32_t (*atlink_service_t)(atlink_pass_t *pass);
void atlink_wait_service(atlink_service_t service);

// Block with the GIL released until a source in mask is ready or timeout_ms (-1: for ever) is
// over; returns the ready ones. Pushes what is to be sent first. Raises pending exceptions.
uint32_t atlink_wait(int timeout_ms, uint32_t mask);

// Block with the GIL released until the last bit has left; false if timeout_ms was not enough.
bool atlink_wait_sent(int timeout_ms);

#endif // ATLINK_WAIT_H
