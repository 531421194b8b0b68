// Passthrough framer: chunks, interval and the lone `+++`. See framer.h.
#include <string.h>

#include "core/framer.h"

void atlink_framer_init(atlink_framer_t *f, uint8_t *buf, size_t size, size_t chunk,
    uint32_t interval_ms, uint32_t total, uint64_t now) {
    memset(f, 0, sizeof(*f));
    f->buf = buf;
    f->size = size;
    f->chunk = chunk;
    f->left = total;
    f->first_us = now;
    f->last_us = now;
    f->quiet_us = now;
    atlink_framer_interval(f, interval_ms);
}

void atlink_framer_interval(atlink_framer_t *f, uint32_t interval_ms) {
    f->interval_us = interval_ms * 1000;
}

size_t atlink_framer_space(atlink_framer_t *f, uint8_t **p) {
    if (f->ended) {
        return 0;
    }
    if (f->start == f->end) {
        f->start = f->end = 0;
    } else if (f->end > f->size / 2 && f->start > 0) { // few large reads are better than many
        memmove(f->buf, f->buf + f->start, f->end - f->start);
        f->end -= f->start;
        f->start = 0;
    }
    *p = f->buf + f->end;
    size_t space = f->size - f->end;
    return space < f->left ? space : f->left;
}

static bool is_pluses(const uint8_t *data, size_t n) {
    return n <= 3 && memcmp(data, "+++", n) == 0;
}

void atlink_framer_fed(atlink_framer_t *f, size_t n, uint64_t now) {
    if (n == 0) {
        return;
    }
    bool silent = f->quiet_us > f->last_us + ATLINK_GUARD_US;
    if (is_pluses(f->buf + f->end, n) && f->held + n <= 3 && (f->held > 0 || silent)) {
        f->held += n;
    } else {
        f->held = 0;
    }
    if (f->start == f->end) {
        f->first_us = now;
    }
    f->end += n;
    f->last_us = now;
    if (f->left != ATLINK_UNCOUNTED) {
        f->left -= n;
        if (f->left == 0) {
            f->held = 0; // the count is complete, so it was data
        }
    }
}

void atlink_framer_idle(atlink_framer_t *f, uint64_t now) {
    if (now <= f->quiet_us) {
        return;
    }
    f->quiet_us = now;
    if (f->held == 3 && now > f->last_us + ATLINK_GUARD_US) {
        f->end -= 3;
        f->held = 0;
        f->ended = true;
    } else if (f->held < 3 && now >= f->last_us + ATLINK_GUARD_US) {
        f->held = 0; // the rest of a `+++` would have come by now
    }
}

size_t atlink_framer_chunk(atlink_framer_t *f, uint64_t now, const uint8_t **p) {
    *p = f->buf + f->start;
    if (f->owed == 0) {
        size_t ready = f->end - f->start - f->held;
        if (ready >= f->chunk) {
            f->owed = f->chunk;
        } else if (f->ended || f->left == 0 || now >= f->first_us + f->interval_us) {
            f->owed = ready;
        }
    }
    return f->owed;
}

size_t atlink_framer_chunks(atlink_framer_t *f, uint64_t now, const uint8_t **p) {
    size_t n = atlink_framer_chunk(f, now, p);
    if (n == f->chunk) {
        size_t ready = f->end - f->start - f->held;
        f->owed = ready - ready % f->chunk;
    }
    return f->owed;
}

void atlink_framer_sent(atlink_framer_t *f, size_t n) {
    f->start += n;
    f->owed -= n;
    f->first_us = f->last_us;
}

uint64_t atlink_framer_deadline(const atlink_framer_t *f) {
    uint64_t deadline = ATLINK_NEVER;
    if (f->held > 0) {
        deadline = f->last_us + ATLINK_GUARD_US + 1;
    }
    bool waits = f->owed == 0 && f->end - f->start > f->held;
    if (waits && f->first_us + f->interval_us < deadline) {
        deadline = f->first_us + f->interval_us;
    }
    return deadline;
}
