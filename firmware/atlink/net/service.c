// The place in wait() where links live: watches their descriptors, runs the flows between links
// and UART, finishes closing connections and TLS records, and says which links Python is to see.
//
// Python is told of a link that it armed, of the end of one whose data goes to the host by
// itself, and of a counted answer that is complete; ATLINK_LINK_UP stands for the upward flow.

#include "flow.h"
#include "route.h"
#include "tls.h"
#include "uart.h"
#include "wait.h"

_Static_assert(ATLINK_NET_READ == ATLINK_READ && ATLINK_NET_WRITE == ATLINK_WRITE, "one coding");
_Static_assert(ATLINK_LINK_UP >= ATLINK_NET_SLOTS && ATLINK_LINK_UP < ATLINK_LINKS, "a free bit");

static uint8_t watched[ATLINK_NET_SLOTS]; // events each link was last watched for
static uint32_t watched_slots; // those that are watched for some

static bool can_read_now(const atlink_link_t *link) {
    return link->eof || (link->tls != NULL && atlink_tls_available(link->tls) > 0);
}

// What the link is ready for now: ATLINK_NET_READ, ATLINK_NET_WRITE. Errors and hang-ups count
// as both, because the next call will tell.
int atlink_net_poll(atlink_link_t *link) {
    struct pollfd item = { .fd = link->fd, .events = POLLIN | POLLOUT };
    int ready = can_read_now(link) ? ATLINK_NET_READ : 0;
    if (atlink_route_poll(&item, 1, 0) <= 0) {
        return ready;
    }
    if (item.revents & (POLLERR | POLLHUP | POLLNVAL)) {
        return ATLINK_NET_READ | ATLINK_NET_WRITE;
    }
    if (item.revents & POLLIN) {
        ready |= ATLINK_NET_READ;
    }
    if ((item.revents & POLLOUT)
        && (link->tls == NULL || atlink_tls_flush(link->tls) != ATLINK_NET_AGAIN)) {
        ready |= ATLINK_NET_WRITE;
    }
    return ready;
}

// Whether nothing more will come from the link.
bool atlink_net_ended(const atlink_link_t *link) {
    return link->eof || link->state == LINK_FAILED;
}

static void handle_fired(uint32_t fired, const atlink_link_t *blocked) {
    uint32_t left = fired >> ATLINK_LINK_FIRST & atlink_net_used;
    for (; left != 0; left &= left - 1) {
        atlink_link_t *link = atlink_net_slot(__builtin_ctz(left));
        link->down.ready = true;
        if (link->tls != NULL) {
            atlink_tls_flush(link->tls);
        }
        if (link == blocked) {
            atlink_up_unblock();
        }
    }
}

// Whether Python is to see the link.
static bool reports(atlink_link_t *link, bool fired, uint8_t events) {
    if (link->down.done || atlink_down_needs_python(link)) {
        return true;
    }
    if ((link->armed & ATLINK_NET_READ) && can_read_now(link)) {
        return true;
    }
    if (!fired || link->armed == 0) {
        return false;
    }
    bool sure = (events & ~link->armed) == 0
        && (link->tls == NULL || !(link->armed & ATLINK_NET_WRITE));
    return sure || (atlink_net_poll(link) & link->armed) != 0;
}

static uint32_t collect_reports(const atlink_pass_t *pass) {
    uint32_t ready = 0;
    uint32_t left = pass->mask >> ATLINK_LINK_FIRST & atlink_net_used;
    for (; left != 0; left &= left - 1) {
        int i = __builtin_ctz(left);
        uint32_t bit = ATLINK_LINK(i);
        if (reports(atlink_net_slot(i), (pass->fired & bit) != 0, watched[i])) {
            ready |= bit;
        }
    }
    if ((pass->mask & ATLINK_LINK(ATLINK_LINK_UP)) && atlink_up_has_news()) {
        ready |= ATLINK_LINK(ATLINK_LINK_UP);
    }
    return ready;
}

// Watch each link for what Python armed and asks for now, and for what the flows need.
static void watch(uint32_t mask, const atlink_link_t *blocked) {
    for (uint32_t left = atlink_net_used | watched_slots; left != 0; left &= left - 1) {
        int i = __builtin_ctz(left);
        const atlink_link_t *link = atlink_net_slot(i);
        uint8_t events = 0;
        if (link->state != LINK_FREE) {
            events = (mask & ATLINK_LINK(i)) ? link->armed : 0;
            if (atlink_down_wants(link)) {
                events |= ATLINK_NET_READ;
            }
            if (link == blocked || (link->tls != NULL && atlink_tls_unflushed(link->tls))) {
                events |= ATLINK_NET_WRITE;
            }
        }
        if (events != 0 || watched[i] != 0) {
            atlink_wait_watch((unsigned)i, events != 0 ? link->fd : -1, events, true);
            watched[i] = events;
            watched_slots = events != 0 ? watched_slots | 1u << i : watched_slots & ~(1u << i);
        }
    }
}

static void sooner(atlink_pass_t *pass, int32_t ms) {
    if (ms >= 0 && pass->now_us + (uint64_t)ms * 1000 < pass->deadline_us) {
        pass->deadline_us = pass->now_us + (uint64_t)ms * 1000;
    }
}

static uint32_t serve(atlink_pass_t *pass) {
    atlink_link_t *blocked = atlink_up_blocked();
    handle_fired(pass->fired, blocked);
    if (blocked != NULL && atlink_net_send_left(blocked) == 0) {
        atlink_up_unblock();
    }
    uint64_t due = atlink_up_run(pass->now_us);
    if (due < pass->deadline_us) {
        pass->deadline_us = due;
    }
    uint32_t typing_us = atlink_uart_typing_us();
    if (typing_us > 0 && pass->now_us + typing_us < pass->deadline_us) {
        pass->deadline_us = pass->now_us + typing_us;
    }
    if (atlink_down_run(typing_us > 0, &pass->wants_room) == DOWN_MORE) {
        pass->deadline_us = pass->now_us;
    }
    if (atlink_closing_count() > 0) {
        sooner(pass, atlink_closing_tick());
    }
    uint32_t ready = collect_reports(pass);
    blocked = atlink_up_blocked();
    if (blocked != NULL) {
        sooner(pass, atlink_net_send_left(blocked));
    }
    watch(pass->mask, blocked);
    return ready;
}

// Make wait() serve links. Called before the first link is opened.
void atlink_net_serve(void) {
    atlink_wait_service(serve);
}
