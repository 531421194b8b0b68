// The transmit ring: what comes out is what went in, wherever the end of the buffer falls.
#include "check.h"
#include "core/ring.h"

#define SIZE (64)

static uint8_t buf[SIZE];
static atlink_ring_t ring;

// An empty ring whose next byte goes to place `at` of the buffer; its counters are about to wrap.
static void begin(size_t at) {
    memset(buf, '.', SIZE);
    ring = (atlink_ring_t) {buf, SIZE, at - SIZE, at - SIZE};
}

static uint8_t out[SIZE];

static size_t drain(void) {
    atlink_span_t spans[2];
    size_t n = atlink_ring_peek(&ring, spans);
    CHECK(n == spans[0].size + spans[1].size);
    memcpy(out, spans[0].data, spans[0].size);
    memcpy(out + spans[0].size, spans[1].data, spans[1].size);
    atlink_ring_take(&ring, n);
    return n;
}

static void put(size_t skip, const char *text) {
    atlink_ring_put(&ring, skip, (const uint8_t *)text, strlen(text));
}

static void order_is_kept_at_every_place(void) {
    for (size_t at = 0; at < SIZE; at++) {
        begin(at);
        CHECK(atlink_ring_room(&ring) == SIZE && drain() == 0);
        put(0, "0123456789");
        CHECK(drain() == 0); // not the ring's yet
        atlink_ring_fill(&ring, 10);
        put(0, "abc");
        atlink_ring_fill(&ring, 3);
        CHECK(atlink_ring_room(&ring) == SIZE - 13);
        size_t n = drain();
        CHECK_BYTES(out, n, "0123456789abc");
        CHECK(atlink_ring_room(&ring) == SIZE);
    }
}

// A payload that was received behind room for a longer head than it got.
static void the_free_part_is_scratch(void) {
    for (size_t at = 0; at < SIZE; at++) {
        for (size_t gap = 0; gap < 20; gap++) {
            begin(at);
            put(0, "old");
            atlink_ring_fill(&ring, 3);
            put(4 + gap, "payload of some length");
            if (gap > 0) {
                atlink_ring_move(&ring, 4 + gap, 4, 22);
            }
            put(0, "head");
            atlink_ring_fill(&ring, 4 + 22);
            size_t n = drain();
            CHECK_BYTES(out, n, "oldheadpayload of some length");
        }
    }
}

static void free_spans_are_what_is_free(void) {
    for (size_t at = 0; at < SIZE; at++) {
        begin(at);
        put(0, "12345");
        atlink_ring_fill(&ring, 5);
        atlink_span_t spans[2];
        atlink_ring_free(&ring, 9, SIZE - 5 - 9, spans);
        CHECK(spans[0].size > 0 && spans[0].size + spans[1].size == SIZE - 5 - 9);
        CHECK(spans[0].data == buf + (at + 5 + 9) % SIZE);
        memset(spans[0].data, 'x', spans[0].size);
        memset(spans[1].data, 'x', spans[1].size);
        size_t n = drain();
        CHECK_BYTES(out, n, "12345");
    }
}

static void a_full_ring_has_no_room(void) {
    begin(SIZE - 1);
    atlink_span_t spans[2];
    atlink_ring_free(&ring, 0, SIZE, spans);
    CHECK(spans[0].size == 1 && spans[1].size == SIZE - 1);
    atlink_ring_fill(&ring, SIZE);
    CHECK(atlink_ring_room(&ring) == 0);
    atlink_ring_free(&ring, 0, 0, spans);
    CHECK(spans[0].size == 0 && spans[1].size == 0);
    CHECK(atlink_ring_used(&ring) == SIZE && drain() == SIZE);
}

int main(void) {
    order_is_kept_at_every_place();
    the_free_part_is_scratch();
    free_spans_are_what_is_free();
    a_full_ring_has_no_room();
    return CHECK_END();
}
