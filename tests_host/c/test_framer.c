// The passthrough framer, by example. Random input and times are in test_atlink_core.py.
#include "check.h"
#include "core/framer.h"

static atlink_framer_t f;
static uint8_t room[64];
static uint64_t now; // microseconds

static void begin(size_t chunk, uint32_t interval_ms, uint32_t total) {
    now = 1000000;
    atlink_framer_init(&f, room, sizeof(room), chunk, interval_ms, total, now);
}

// Time passes while the UART is seen to be empty.
static void silence(uint32_t us) {
    now += us;
    atlink_framer_idle(&f, now);
}

static void come(const char *text) {
    uint8_t *p;
    size_t n = strlen(text);
    CHECK(atlink_framer_space(&f, &p) >= n);
    memcpy(p, text, n);
    atlink_framer_fed(&f, n, now);
}

#define CHECK_SENDS(text) \
    do { \
        const uint8_t *p; \
        size_t n = atlink_framer_chunk(&f, now, &p); \
        CHECK_BYTES(p, n, text); \
        atlink_framer_sent(&f, n); \
    } while (0)

static void chunks_go_at_once_and_rests_wait(void) {
    begin(4, 20, ATLINK_UNCOUNTED);
    CHECK(atlink_framer_deadline(&f) == ATLINK_NEVER);
    come("abcdefghij");
    CHECK_SENDS("abcd");
    CHECK_SENDS("efgh");
    CHECK_SENDS("");
    CHECK(atlink_framer_deadline(&f) == now + 20000);
    silence(19999);
    CHECK_SENDS("");
    come("k"); // the time counts from the oldest byte
    silence(1);
    CHECK_SENDS("ijk");
    CHECK(atlink_framer_deadline(&f) == ATLINK_NEVER);
}

static void without_an_interval_nothing_waits(void) {
    begin(4, 0, ATLINK_UNCOUNTED);
    come("ab");
    CHECK_SENDS("ab");
    come("cdefg");
    CHECK_SENDS("cdef");
    CHECK_SENDS("g");
    atlink_framer_interval(&f, 1);
    come("h");
    CHECK_SENDS("");
}

static void a_slow_link_gets_its_chunk_in_pieces(void) {
    begin(4, 20, ATLINK_UNCOUNTED);
    come("abcde");
    const uint8_t *p;
    CHECK(atlink_framer_chunk(&f, now, &p) == 4);
    atlink_framer_sent(&f, 1);
    CHECK(atlink_framer_deadline(&f) == ATLINK_NEVER); // the link has to move first
    CHECK_SENDS("bcd");
    CHECK_SENDS("");
    CHECK(atlink_framer_waiting(&f) == 1);
}

static void a_stream_gets_all_full_chunks_in_one_piece(void) {
    begin(4, 20, ATLINK_UNCOUNTED);
    come("abcdefghij");
    const uint8_t *p;
    size_t n = atlink_framer_chunks(&f, now, &p);
    CHECK_BYTES(p, n, "abcdefgh");
    atlink_framer_sent(&f, 3); // the link took less
    n = atlink_framer_chunks(&f, now, &p);
    CHECK_BYTES(p, n, "defgh");
    atlink_framer_sent(&f, n);
    CHECK(atlink_framer_chunks(&f, now, &p) == 0); // the rest waits
    silence(20000);
    n = atlink_framer_chunks(&f, now, &p);
    CHECK_BYTES(p, n, "ij");
    atlink_framer_sent(&f, n);
    CHECK(atlink_framer_waiting(&f) == 0);
}

static void a_full_buffer_takes_no_more(void) {
    begin(4, 20, ATLINK_UNCOUNTED);
    uint8_t *space;
    CHECK(atlink_framer_space(&f, &space) == 64);
    memset(space, 'x', 64);
    atlink_framer_fed(&f, 64, now);
    CHECK(atlink_framer_space(&f, &space) == 0);
    CHECK_SENDS("xxxx");
    CHECK(atlink_framer_space(&f, &space) == 4); // what is left has moved to the front
    memcpy(space, "abcd", 4);
    atlink_framer_fed(&f, 4, now);
    for (int i = 0; i < 15; i++) {
        CHECK_SENDS("xxxx");
    }
    CHECK_SENDS("abcd");
}

static void lone_pluses_end_the_stream(void) {
    begin(8, 0, ATLINK_UNCOUNTED);
    come("data");
    CHECK_SENDS("data");
    silence(20001);
    come("+++");
    CHECK_SENDS("");
    CHECK(atlink_framer_deadline(&f) == now + 20001);
    silence(20000);
    CHECK(!f.ended);
    silence(1);
    CHECK(f.ended);
    CHECK_SENDS("");
    uint8_t *p;
    CHECK(atlink_framer_space(&f, &p) == 0);
    CHECK(atlink_framer_deadline(&f) == ATLINK_NEVER);
}

static void pluses_may_come_one_by_one(void) {
    begin(8, 0, ATLINK_UNCOUNTED);
    silence(20001);
    come("+");
    silence(19999);
    come("+");
    silence(19999);
    come("+");
    silence(20001);
    CHECK(f.ended);
}

static void data_before_the_pluses_leaves_first(void) {
    begin(8, 1000, ATLINK_UNCOUNTED);
    come("data");
    silence(30000);
    come("+++");
    silence(30000);
    CHECK(f.ended);
    CHECK_SENDS("data");
}

// Each is +++ with something amiss: then all of it is data.
static void pluses_that_are_not_alone_are_data(void) {
    begin(8, 0, ATLINK_UNCOUNTED);
    silence(20000); // not long enough before
    come("+++");
    CHECK_SENDS("+++");
    silence(30000);
    come("++");
    silence(20000); // too slow
    CHECK_SENDS("++");
    come("+");
    CHECK_SENDS("+");
    silence(30000);
    come("+++");
    silence(20000);
    come("x"); // not long enough after
    CHECK_SENDS("+++x");
    silence(30000);
    come("++++");
    CHECK_SENDS("++++");
    silence(30000);
    come("++");
    come("++");
    CHECK_SENDS("++++");
    silence(30000);
    come("+++\r\n");
    CHECK_SENDS("+++\r\n");
    silence(30000);
    come("+x");
    CHECK_SENDS("+x");
    CHECK(!f.ended);
}

static void late_looks_prove_no_silence(void) {
    begin(8, 0, ATLINK_UNCOUNTED);
    come("data");
    CHECK_SENDS("data");
    silence(1000);
    now += 50000; // nobody looked for so long: the + may have come right behind the data
    come("+++");
    CHECK_SENDS("+++");
    silence(30000);
    come("+++");
    now += 50000;
    come("x"); // and here right behind the +
    CHECK_SENDS("+++x");
    CHECK(!f.ended);
}

static void silence_given_twice_counts_once(void) {
    begin(8, 0, ATLINK_UNCOUNTED);
    silence(30000);
    atlink_framer_idle(&f, now - 15000); // known already
    come("+++");
    atlink_framer_idle(&f, now - 10000);
    atlink_framer_idle(&f, now);
    CHECK(!f.ended);
    CHECK_SENDS("");
}

static void a_counted_stream_ends_with_its_count(void) {
    begin(4, 1000, 10);
    come("abcdef");
    uint8_t *p;
    CHECK(atlink_framer_space(&f, &p) == 4);
    CHECK_SENDS("abcd");
    CHECK_SENDS("");
    silence(30000);
    come("g");
    silence(30000);
    come("+++"); // completes the count, so it is data
    CHECK(atlink_framer_space(&f, &p) == 0);
    CHECK_SENDS("efg+");
    CHECK_SENDS("++");
    silence(30000);
    CHECK(!f.ended);
    begin(4, 1000, 10);
    silence(30000);
    come("+++"); // gives it up
    silence(30000);
    CHECK(f.ended);
}

int main(void) {
    chunks_go_at_once_and_rests_wait();
    without_an_interval_nothing_waits();
    a_slow_link_gets_its_chunk_in_pieces();
    a_stream_gets_all_full_chunks_in_one_piece();
    a_full_buffer_takes_no_more();
    lone_pluses_end_the_stream();
    pluses_may_come_one_by_one();
    data_before_the_pluses_leaves_first();
    pluses_that_are_not_alone_are_data();
    late_looks_prove_no_silence();
    silence_given_twice_counts_once();
    a_counted_stream_ends_with_its_count();
    return CHECK_END();
}
