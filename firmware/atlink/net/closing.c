// Connections that are closed for their owner but still have something to deliver.
//
// close() under SO_LINGER would stop the interpreter for seconds; instead the descriptor waits
// here, and atlink_closing_tick(), called by wait(), finishes it: first the TLS goodbye, then the
// unsent bytes, then close(); when the time is over the connection is reset.

#include <string.h>

#include "net.h"
#include "tls.h"

#define GOODBYE_MS (2000) // for close_notify and buffered bytes of a link without SO_LINGER
#define TICK_MS (20)
#define DRAIN_BYTES (16384)

typedef struct _closing_t {
    int fd;
    bool linger;
    uint32_t start_ms;
    uint32_t limit_ms;
    atlink_tls_t *tls;
} closing_t;

static closing_t closings[ATLINK_NET_SLOTS];
static int closing_count;

// Read what nobody wants: unread bytes would turn the orderly close into a reset, which makes
// some stacks throw away what we sent. Bounded, because the peer may never stop.
static void drain(int fd) {
    uint8_t scratch[256];
    for (int i = 0; i < DRAIN_BYTES / (int)sizeof(scratch); ++i) {
        if (recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT) <= 0) {
            break;
        }
    }
}

static void finish(closing_t *item, bool reset) {
    if (reset) {
        net_set_linger(item->fd, 0);
    }
    close(item->fd);
    atlink_tls_free(item->tls);
    *item = closings[--closing_count];
}

// One step; true when the item is gone.
static bool step(closing_t *item) {
    bool late = net_now_ms() - item->start_ms >= item->limit_ms;
    if (item->tls != NULL) {
        if (!late && atlink_tls_goodbye(item->tls) == ATLINK_NET_AGAIN) {
            return false;
        }
        atlink_tls_free(item->tls);
        item->tls = NULL;
    }
    drain(item->fd);
    if (!item->linger) {
        finish(item, false);
        return true;
    }
    if (net_try_close(item->fd) == 0) {
        *item = closings[--closing_count];
        return true;
    }
    if (late) {
        finish(item, true);
    }
    return late;
}

// Give up the oldest item, with a reset; false if there is none.
bool atlink_closing_give_up(void) {
    closing_t *oldest = closings;
    uint32_t now = net_now_ms();
    for (int i = 1; i < closing_count; ++i) {
        if (now - closings[i].start_ms > now - oldest->start_ms) {
            oldest = &closings[i];
        }
    }
    if (closing_count == 0) {
        return false;
    }
    finish(oldest, true);
    return true;
}

int atlink_closing_count(void) {
    return closing_count;
}

// Take over descriptor and TLS session of a connected link.
void atlink_closing_take(atlink_link_t *link) {
    if (closing_count == ATLINK_NET_SLOTS) {
        atlink_closing_give_up();
    }
    closing_t *item = &closings[closing_count++];
    item->fd = link->fd;
    item->linger = link->linger_s > 0;
    item->start_ms = net_now_ms();
    item->limit_ms = item->linger ? (uint32_t)link->linger_s * 1000u : GOODBYE_MS;
    item->tls = link->tls;
    step(item);
}

// Move every item on; milliseconds until the next call is due, -1 if nothing is left.
int32_t atlink_closing_tick(void) {
    for (int i = 0; i < closing_count;) {
        if (!step(&closings[i])) {
            ++i;
        }
    }
    return closing_count > 0 ? TICK_MS : -1;
}
