// Heads of received data, escapes of AT+CIPSENDEX, line settings: by example.
#include "check.h"
#include "core/ipd.h"
#include "core/settings.h"
#include "core/unescape.h"

static uint8_t frame[ATLINK_IPD_HEAD_MAX + 8];
static uint8_t *payload = frame + ATLINK_IPD_HEAD_MAX;

#define CHECK_HEAD(make, len, text, ...) \
    do { \
        size_t n = make(payload, len, &(atlink_ipd_from_t) {__VA_ARGS__}); \
        CHECK_BYTES(payload - n, n, text); \
    } while (0)

#define CHECK_SIZE(len, size, ...) \
    CHECK(atlink_ipd_head_size(len, &(atlink_ipd_from_t) {__VA_ARGS__}) == size)

static void heads_of_received_data(void) {
    memcpy(payload, "payload!", 8);
    CHECK_HEAD(atlink_ipd_head, 48, "\r\n+IPD,48:", -1, NULL, 0);
    CHECK_HEAD(atlink_ipd_head, 2920, "\r\n+IPD,0,2920:", 0, NULL, 0);
    CHECK_HEAD(atlink_ipd_head, 48, "\r\n+IPD,0,48,\"192.168.4.2\",49519:", 0, "192.168.4.2",
        49519);
    CHECK_HEAD(atlink_ipd_head, 1, "\r\n+IPD,1,\"fe80::1\",0:", -1, "fe80::1", 0);
    CHECK_HEAD(atlink_ipd_recvdata, 75, "+CIPRECVDATA:75,", 3, NULL, 0);
    CHECK_HEAD(atlink_ipd_recvdata, 75, "+CIPRECVDATA:75,\"192.168.4.2\",49478,", 3,
        "192.168.4.2", 49478);
    CHECK_BYTES(payload, 8, "payload!");
}

static void the_size_of_a_head_is_known_before(void) {
    CHECK_SIZE(9, strlen("\r\n+IPD,9:"), -1, NULL, 0);
    CHECK_SIZE(10, strlen("\r\n+IPD,10:"), -1, NULL, 0);
    CHECK_SIZE(2920, strlen("\r\n+IPD,0,2920:"), 0, NULL, 0);
    CHECK_SIZE(2920, strlen("\r\n+IPD,10,2920:"), 10, NULL, 0);
    CHECK_SIZE(48, strlen("\r\n+IPD,0,48,\"192.168.4.2\",49519:"), 0, "192.168.4.2", 49519);
    CHECK_SIZE(1, strlen("\r\n+IPD,1,\"fe80::1\",0:"), -1, "fe80::1", 0);
}

static void the_longest_heads_fit(void) {
    const char *ip = "ABCD:ABCD:ABCD:ABCD:ABCD:ABCD:192.168.158.190";
    CHECK(strlen(ip) == 45);
    atlink_ipd_from_t from = {99, ip, 65535};
    CHECK(atlink_ipd_head(payload, UINT32_MAX, &from) <= ATLINK_IPD_HEAD_MAX);
    CHECK(atlink_ipd_recvdata(payload, UINT32_MAX, &from) <= ATLINK_IPD_HEAD_MAX);
    uint8_t out[ATLINK_IPD_NOTICE_MAX];
    size_t n = atlink_ipd_notice(out, 99, UINT32_MAX);
    CHECK_BYTES(out, n, "\r\n+IPD,99,4294967295\r\n");
    n = atlink_ipd_notice(out, -1, 654);
    CHECK_BYTES(out, n, "\r\n+IPD,654\r\n");
    n = atlink_ipd_notice(out, 4, 0);
    CHECK_BYTES(out, n, "\r\n+IPD,4,0\r\n");
}

static atlink_unescape_t unescape;
static uint8_t decoded[64];

static size_t decode(const char *text, size_t n, size_t room, size_t *used) {
    return atlink_unescape(&unescape, (const uint8_t *)text, n, decoded, room, used);
}

#define CHECK_DECODED(text, takes, gives) \
    do { \
        size_t used, n = decode(text, sizeof(text) - 1, sizeof(decoded), &used); \
        CHECK_BYTES(decoded, n, gives); \
        CHECK(used == takes); \
    } while (0)

static void escapes_are_undone(void) {
    atlink_unescape_init(&unescape);
    CHECK_DECODED("ab\\cd\r\n\0", 8, "abcd\r\n\0");
    CHECK_DECODED("\\\\x\\\\\\\\", 7, "\\x\\\\");
    CHECK_DECODED("\\\\0\\n", 5, "\\0n");
    CHECK(!unescape.ended);
    CHECK_DECODED("end\\0AT\r\n", 5, "end");
    CHECK(unescape.ended);
    CHECK_DECODED("more", 0, "");
}

static void half_an_escape_waits(void) {
    atlink_unescape_init(&unescape);
    CHECK_DECODED("a\\", 2, "a");
    CHECK_DECODED("\\", 1, "\\");
    CHECK_DECODED("0\\", 2, "0");
    CHECK_DECODED("0", 1, "");
    CHECK(unescape.ended);
}

static void decoding_stops_when_full(void) {
    atlink_unescape_init(&unescape);
    size_t used;
    CHECK(decode("\\abc", 4, 2, &used) == 2 && used == 3);
    CHECK_BYTES(decoded, 2, "ab");
    CHECK(decode("c", 1, 0, &used) == 0 && used == 0);
    uint8_t same[] = "x\\y\\\\0";
    size_t n = atlink_unescape(&unescape, same, 6, same, 6, &used);
    CHECK_BYTES(same, n, "xy\\0");
}

static void line_settings_have_ranges(void) {
    const atlink_settings_t good = {115200, 8, 1, 0, 0};
    CHECK(atlink_settings_valid(&good));
    CHECK(atlink_settings_valid(&(atlink_settings_t) {80, 5, 3, 2, 3}));
    CHECK(atlink_settings_valid(&(atlink_settings_t) {5000000, 8, 2, 1, 3}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {79, 8, 1, 0, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {5000001, 8, 1, 0, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {115200, 4, 1, 0, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {115200, 9, 1, 0, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {115200, 8, 0, 0, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {115200, 8, 4, 0, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {115200, 8, 1, 3, 0}));
    CHECK(!atlink_settings_valid(&(atlink_settings_t) {115200, 8, 1, 0, 4}));
}

static void pins_must_exist_and_differ(void) {
    CHECK(atlink_pins_valid(&(atlink_pins_t) {17, 21, 20, 19}));
    CHECK(atlink_pins_valid(&(atlink_pins_t) {0, 46, -1, -1}));
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {46, 21, -1, -1})); // an input only
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {17, 21, 20, 46}));
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {17, 22, -1, -1})); // not on this chip
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {17, 47, -1, -1}));
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {-1, 21, -1, -1}));
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {17, 21, -2, -1}));
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {17, 17, -1, -1}));
    CHECK(!atlink_pins_valid(&(atlink_pins_t) {17, 21, 20, 20}));
    const atlink_pins_t no_rts = {17, 21, 20, -1}, no_cts = {17, 21, -1, 19};
    CHECK(atlink_pins_allow(&no_rts, 0) && atlink_pins_allow(&no_rts, ATLINK_FLOW_CTS));
    CHECK(!atlink_pins_allow(&no_rts, ATLINK_FLOW_RTS) && !atlink_pins_allow(&no_rts, 3));
    CHECK(atlink_pins_allow(&no_cts, ATLINK_FLOW_RTS));
    CHECK(!atlink_pins_allow(&no_cts, ATLINK_FLOW_CTS));
}

static void the_divider_rounds(void) {
    CHECK(atlink_baud_real(115200) == 115201);
    CHECK(atlink_baud_real(9600) == 9600);
    CHECK(atlink_baud_real(921600) == 922190);
    CHECK(atlink_baud_real(80) == 80);
    CHECK(atlink_baud_real(5000000) == 5000000);
    CHECK(atlink_baud_real(3000000) == 3004694);
}

int main(void) {
    heads_of_received_data();
    the_size_of_a_head_is_known_before();
    the_longest_heads_fit();
    escapes_are_undone();
    half_an_escape_waits();
    decoding_stops_when_full();
    line_settings_have_ranges();
    pins_must_exist_and_differ();
    the_divider_rounds();
    return CHECK_END();
}
