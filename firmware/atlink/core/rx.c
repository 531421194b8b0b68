// Receive state machine: modes, line assembly, stray bytes. See rx.h for what it leaves to others.
#include <string.h>

#include "core/rx.h"

void atlink_rx_init(atlink_rx_t *rx) {
    memset(rx, 0, offsetof(atlink_rx_t, line));
    rx->echo = true;
}

static void forget_line(atlink_rx_t *rx) {
    rx->len = 0;
    rx->too_long = false;
    rx->last_cr = false;
}

static bool has_partial(const atlink_rx_t *rx) {
    return rx->len > 0 || rx->too_long;
}

// A command line that nobody fetched is a dropped one as soon as something else is to come.
static void drop_unfetched(atlink_rx_t *rx) {
    if (rx->event == ATLINK_LINE || rx->event == ATLINK_TOO_LONG) {
        rx->event = ATLINK_BUSY;
    }
}

void atlink_rx_listen(atlink_rx_t *rx) {
    if (rx->mode == ATLINK_MODE_LINE || rx->event == ATLINK_LINE
        || rx->event == ATLINK_TOO_LONG) {
        return;
    }
    if (has_partial(rx)) {
        rx->skip_lf = rx->last_cr;
        forget_line(rx);
    }
    rx->mode = ATLINK_MODE_LINE;
}

void atlink_rx_busy(atlink_rx_t *rx) {
    drop_unfetched(rx);
    rx->remaining = 0;
    rx->mode = ATLINK_MODE_BUSY;
}

void atlink_rx_data(atlink_rx_t *rx, uint32_t n) {
    drop_unfetched(rx);
    atlink_rx_forget_rest(rx);
    rx->skip_lf = false; // a payload is counted from its first byte, whatever that is
    rx->remaining = n;
    rx->mode = n > 0 ? ATLINK_MODE_DATA : ATLINK_MODE_HOLD;
}

void atlink_rx_stream(atlink_rx_t *rx) {
    drop_unfetched(rx);
    atlink_rx_forget_rest(rx);
    rx->skip_lf = false;
    rx->remaining = 0;
    rx->mode = ATLINK_MODE_STREAM;
}

// Keep what fits (the line before goes); the terminator of a line that is too long is found by
// last_cr alone.
static void append(atlink_rx_t *rx, const uint8_t *data, size_t n) {
    size_t room = ATLINK_LINE_MAX - rx->len;
    size_t fits = n < room ? n : room;
    rx->line_len = 0;
    memcpy(rx->line + rx->len, data, fits);
    rx->len += fits;
    rx->too_long |= n > fits;
    rx->last_cr = data[n - 1] == '\r';
}

static void finish(atlink_rx_t *rx) {
    rx->event = rx->too_long ? ATLINK_TOO_LONG : ATLINK_LINE;
    rx->line_len = rx->too_long ? 0 : rx->len - 2;
    forget_line(rx);
    if (rx->mode == ATLINK_MODE_BUSY) {
        rx->event = ATLINK_BUSY;
    } else {
        rx->mode = ATLINK_MODE_HOLD;
    }
}

// Drop what comes of a line that was cut, up to its end.
static size_t drop_rest(atlink_rx_t *rx, const uint8_t *data, size_t n) {
    size_t used = 0;
    while (rx->is_cut && used < n) {
        rx->is_cut = !(rx->last_cr && data[used] == '\n');
        rx->last_cr = rx->is_cut && data[used] == '\r';
        used++;
    }
    return used;
}

size_t atlink_rx_feed(atlink_rx_t *rx, const uint8_t *data, size_t n, size_t *echo) {
    *echo = 0;
    if (n == 0 || !atlink_rx_feeds(rx)) {
        return 0;
    }
    size_t used = drop_rest(rx, data, n);
    if (rx->skip_lf) {
        rx->skip_lf = false;
        used = data[0] == '\n';
    }
    size_t first = used;
    bool echoes = rx->echo && rx->mode == ATLINK_MODE_LINE;
    while (used < n && rx->event == ATLINK_NONE) {
        const uint8_t *lf = memchr(data + used, '\n', n - used);
        size_t end = lf == NULL ? n : (size_t)(lf - data) + 1;
        bool after_cr = end - used > 1 ? data[end - 2] == '\r' : rx->last_cr;
        append(rx, data + used, end - used);
        used = end;
        if (lf != NULL && after_cr) {
            finish(rx);
        }
    }
    if (echoes) {
        *echo = used - first;
    }
    return used;
}

size_t atlink_rx_wants(const atlink_rx_t *rx) {
    switch (rx->mode) {
        case ATLINK_MODE_DATA:
            return rx->remaining;
        case ATLINK_MODE_STREAM:
            return SIZE_MAX;
        default:
            return 0;
    }
}

void atlink_rx_took(atlink_rx_t *rx, size_t n) {
    if (rx->mode != ATLINK_MODE_DATA) {
        return;
    }
    rx->remaining -= n;
    if (rx->remaining == 0) {
        rx->mode = ATLINK_MODE_HOLD;
    }
}

atlink_event_t atlink_rx_fetch(atlink_rx_t *rx) {
    atlink_event_t event = rx->event;
    rx->event = ATLINK_NONE;
    return event;
}

bool atlink_rx_fragment(atlink_rx_t *rx) {
    if (rx->mode != ATLINK_MODE_BUSY) {
        return false;
    }
    if (rx->event != ATLINK_NONE) {
        atlink_rx_fetch(rx);
        return true;
    }
    if (!has_partial(rx)) {
        return false;
    }
    bool is_cr = rx->last_cr;
    rx->is_cut = rx->len >= 2 && memcmp(rx->line, "AT", 2) == 0;
    rx->skip_lf = is_cr && !rx->is_cut;
    forget_line(rx);
    rx->last_cr = is_cr && rx->is_cut;
    return true;
}
