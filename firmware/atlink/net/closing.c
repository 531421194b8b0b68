// Connections that are closed for their owner but still have something to deliver.
//
// What was accepted goes out as long as the peer takes it. close() under SO_LINGER would stop the
// interpreter for seconds, and both stacks reset a connection that is closed when its peer says
// more, so that unsent bytes are lost. So the descriptor waits here, and atlink_closing_tick(),
// called by wait(), finishes it: first the TLS record that is pending and the goodbye, then our end
// of the stream; what the peer still says is swallowed until all is delivered or it has ended, too.
// A linger time limits that, with a reset; without one a peer that takes nothing for a minute is
// left to the stack.

#include <string.h>

#include "net.h"
#include "tls.h"

#define STALL_MS (60000) // without a byte taken by the peer
#define LISTEN_MS (2000) // where the stack does not tell what is unsent, with our end announced
#define TICK_MS (20)
#define DRAIN_BYTES (16384)

typedef struct _closing_t {
    int fd;
    bool linger;
    bool has_ended; // our end of the stream is announced
    uint32_t start_ms;
    uint32_t limit_ms; // of a linger time
    uint32_t moved_ms; // when the peer last took something
    int unsent; // then
    atlink_tls_t *tls;
} closing_t;

static closing_t closings[ATLINK_NET_SLOTS];
static int closing_count;

// Read what nobody wants, but not for ever: the peer may never stop. Returns whether it has ended.
static bool drain(int fd) {
    uint8_t scratch[256];
    for (int i = 0; i < DRAIN_BYTES / (int)sizeof(scratch); ++i) {
        ssize_t got = recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT);
        if (got <= 0) {
            return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
        }
    }
    return false;
}

static void finish(closing_t *item, bool reset) {
    if (reset) {
        net_set_linger(item->fd, 0);
    }
    close(item->fd);
    atlink_tls_free(item->tls);
    *item = closings[--closing_count];
}

// Whether the peer has had its time.
static bool is_late(closing_t *item) {
    uint32_t now = net_now_ms();
    int unsent = net_unsent(item->fd);
    if (unsent != item->unsent) {
        item->unsent = unsent;
        item->moved_ms = now;
    }
    if (item->linger) {
        return now - item->start_ms >= item->limit_ms;
    }
    return now - item->moved_ms >= (unsent < 0 && item->has_ended ? LISTEN_MS : STALL_MS);
}

// One step; true when the item is gone.
static bool step(closing_t *item) {
    bool late = is_late(item);
    if (item->tls != NULL) {
        if (!late && atlink_tls_goodbye(item->tls) == ATLINK_NET_AGAIN) {
            return false;
        }
        atlink_tls_free(item->tls);
        item->tls = NULL;
    }
    if (!item->has_ended) {
        item->has_ended = true;
        item->moved_ms = net_now_ms();
        shutdown(item->fd, SHUT_WR);
    }
    bool done = drain(item->fd) || net_unsent(item->fd) == 0;
    if (item->linger && net_try_close(item->fd) == 0) {
        *item = closings[--closing_count];
        return true;
    }
    if (late || (done && !item->linger)) {
        finish(item, late && item->linger);
        return true;
    }
    return false;
}

// Give up the oldest item, to the stack or, if it lingers or is in the middle of a record, with a
// reset; false if there is none.
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
    finish(oldest, oldest->linger || oldest->tls != NULL);
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
    item->has_ended = false;
    item->start_ms = item->moved_ms = net_now_ms();
    item->limit_ms = item->linger ? (uint32_t)link->linger_s * 1000u : 0;
    item->unsent = net_unsent(item->fd);
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
