// A ring of bytes between one writer and one reader, which may be different tasks: each moves its
// own end only. Owns the order of the bytes; what wakes whom is the caller's.
//
// The writer may also use the free part as scratch: put bytes there, move them, have a socket
// receive into its spans, and then say how many of them belong to the ring.
#ifndef ATLINK_CORE_RING_H
#define ATLINK_CORE_RING_H

#include <stddef.h>
#include <stdint.h>

// Bytes in one piece. The free part and the used part are two at most: up to the end of the buffer
// and from its beginning; one that is not needed has size 0.
typedef struct {
    uint8_t *data;
    size_t size;
} atlink_span_t;

typedef struct {
    uint8_t *buf;
    size_t size; // a power of two
    size_t head; // bytes ever written, modulo a power of two
    size_t tail; // bytes ever taken
} atlink_ring_t;

static inline size_t atlink_ring_used(const atlink_ring_t *ring) {
    return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE)
           - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
}

static inline size_t atlink_ring_room(const atlink_ring_t *ring) {
    return ring->size - atlink_ring_used(ring);
}

// Writer: `n` bytes of the free part, from `skip` bytes behind its beginning. They have to be free.
void atlink_ring_free(const atlink_ring_t *ring, size_t skip, size_t n, atlink_span_t spans[2]);

// Writer: copy bytes to the free part, `skip` bytes behind its beginning.
void atlink_ring_put(const atlink_ring_t *ring, size_t skip, const uint8_t *data, size_t n);

// Writer: move `n` bytes within the free part, to a lower place (offsets from its beginning).
void atlink_ring_move(const atlink_ring_t *ring, size_t from, size_t to, size_t n);

// Writer: the first `n` bytes of the free part are the ring's now.
static inline void atlink_ring_fill(atlink_ring_t *ring, size_t n) {
    __atomic_store_n(&ring->head, ring->head + n, __ATOMIC_RELEASE);
}

// Reader: all bytes there are; returns their number.
size_t atlink_ring_peek(const atlink_ring_t *ring, atlink_span_t spans[2]);

// Reader: forget the oldest `n` bytes.
static inline void atlink_ring_take(atlink_ring_t *ring, size_t n) {
    __atomic_store_n(&ring->tail, ring->tail + n, __ATOMIC_RELEASE);
}

#endif // ATLINK_CORE_RING_H
