// Waiting for all sources at once. See wait.h. The only file besides the binding that knows of
// MicroPython: its lock is released while the port blocks.
#include "py/mpthread.h"
#include "py/runtime.h"

#include "uart.h"
#include "wait.h"

#define LINKS (((1u << ATLINK_LINKS) - 1) << ATLINK_LINK_FIRST)

static atlink_watch_t watches[ATLINK_LINKS];
static uint32_t watched; // links with a descriptor and something to watch it for
static uint32_t watched_always; // those of them that the caller need not ask for
static atlink_service_t service;

void atlink_wait_watch(unsigned i, int fd, uint8_t events, bool always) {
    uint32_t bit = ATLINK_LINK(i);
    bool is_on = fd != -1 && events != 0;
    watches[i] = (atlink_watch_t) {fd, events};
    watched = is_on ? watched | bit : watched & ~bit;
    watched_always = is_on && always ? watched_always | bit : watched_always & ~bit;
}

void atlink_wait_service(atlink_service_t new_service) {
    service = new_service;
}

static uint64_t deadline_of(int timeout_ms) {
    return timeout_ms < 0 ? UINT64_MAX
           : timeout_ms == 0 ? 0
           : atlink_port_now_us() + (uint64_t)timeout_ms * 1000;
}

// Handle what the sleep brought; returns the sources that are ready, lowers *until, and says how
// much room in the transmit ring the service waits for.
static uint32_t take_stock(uint32_t fired, uint32_t mask, uint64_t *until, size_t *room) {
    if (atlink_port_room() < ATLINK_TX_SIZE / 2) {
        atlink_port_push(); // else an answer waits for what the links have to say: one write for both
    }
    atlink_uart_service(fired);
    uint32_t links = fired & LINKS;
    if (service != NULL) {
        atlink_pass_t pass = {links, mask, atlink_port_now_us(), *until, 0};
        links = service(&pass);
        *until = pass.deadline_us;
        *room = pass.wants_room;
    }
    uint32_t ready = (fired & ATLINK_EVENT) | links;
    if (atlink_uart_is_ready(fired)) {
        ready |= ATLINK_UART_RX;
    }
    if (atlink_port_room() >= ATLINK_TX_SIZE / 2) {
        ready |= ATLINK_UART_TX;
    }
    return ready & mask;
}

static uint32_t sleep_until(uint64_t until, uint32_t mask) {
    uint32_t want = atlink_uart_watch(mask & ~LINKS) | (watched & (mask | watched_always));
    // Only a service needs to know how long the UART was silent.
    uint64_t from = service != NULL ? atlink_port_now_us() : 0;
    MP_THREAD_GIL_EXIT();
    uint32_t fired = atlink_port_block(want, watches, until);
    MP_THREAD_GIL_ENTER();
    if (service != NULL) {
        atlink_uart_slept(want, fired, from, atlink_port_now_us());
    }
    return fired;
}

uint32_t atlink_wait(int timeout_ms, uint32_t mask) {
    uint64_t end = deadline_of(timeout_ms);
    uint32_t fired = 0;
    uint32_t ready = 0;
    for (bool looked = false;; looked = true) {
        mp_handle_pending(true);
        uint64_t until = end;
        size_t room = 0;
        ready |= take_stock(fired, mask, &until, &room);
        if (looked && (ready != 0 || (end != UINT64_MAX && atlink_port_now_us() >= end))) {
            return ready;
        }
        // An echo leaves here; that of a whole line has returned above, to leave with the answer.
        atlink_port_push();
        bool has_room = room > 0 && atlink_port_room() >= room;
        // What is ready already does not keep the other sources from being looked at once.
        fired = sleep_until(ready != 0 || has_room ? 0 : until, mask);
    }
}

bool atlink_wait_sent(int timeout_ms) {
    uint64_t end = deadline_of(timeout_ms);
    for (;;) {
        mp_handle_pending(true);
        atlink_port_push();
        if (atlink_port_pending() == 0) {
            return true;
        }
        uint64_t now = atlink_port_now_us();
        if (now >= end) {
            return false;
        }
        // The last bit leaves without notice, so look again soon.
        uint64_t soon = now + 1000;
        MP_THREAD_GIL_EXIT();
        atlink_port_block(0, watches, soon < end ? soon : end);
        MP_THREAD_GIL_ENTER();
    }
}
