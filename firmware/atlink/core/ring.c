// A ring of bytes between one writer and one reader. See ring.h.
#include <string.h>

#include "core/ring.h"

static void split(const atlink_ring_t *ring, size_t at, size_t n, atlink_span_t spans[2]) {
    at &= ring->size - 1;
    size_t first = ring->size - at < n ? ring->size - at : n;
    spans[0] = (atlink_span_t) {ring->buf + at, first};
    spans[1] = (atlink_span_t) {ring->buf, n - first};
}

void atlink_ring_free(const atlink_ring_t *ring, size_t skip, size_t n, atlink_span_t spans[2]) {
    split(ring, ring->head + skip, n, spans);
}

// Bytes from there to the end of the buffer.
static inline size_t straight(const atlink_ring_t *ring, size_t at) {
    return ring->size - (at & (ring->size - 1));
}

static inline uint8_t *place(const atlink_ring_t *ring, size_t at) {
    return ring->buf + (at & (ring->size - 1));
}

void atlink_ring_put(const atlink_ring_t *ring, size_t skip, const uint8_t *data, size_t n) {
    size_t at = ring->head + skip;
    size_t first = straight(ring, at);
    if (first < n) {
        memcpy(ring->buf, data + first, n - first);
        n = first;
    }
    memcpy(place(ring, at), data, n);
}

void atlink_ring_move(const atlink_ring_t *ring, size_t from, size_t to, size_t n) {
    from += ring->head;
    to += ring->head;
    while (n > 0) {
        size_t part = n;
        if (part > straight(ring, from)) {
            part = straight(ring, from);
        }
        if (part > straight(ring, to)) {
            part = straight(ring, to);
        }
        memmove(place(ring, to), place(ring, from), part);
        from += part;
        to += part;
        n -= part;
    }
}

size_t atlink_ring_peek(const atlink_ring_t *ring, atlink_span_t spans[2]) {
    size_t used = atlink_ring_used(ring);
    split(ring, ring->tail, used, spans);
    return used;
}
