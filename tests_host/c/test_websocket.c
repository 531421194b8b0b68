// Masking, and which texts are UTF-8, by example.
#include "check.h"
#include "core/websocket.h"

static void masking_is_that_of_the_standard(void) {
    // RFC 6455 section 5.7: "Hello"
    uint8_t data[] = "Hello";
    const uint8_t key[] = {0x37, 0xfa, 0x21, 0x3d};
    atlink_mask(data, 5, key, 0);
    CHECK_BYTES(data, 5, "\x7f\x9f\x4d\x51\x58");
    atlink_mask(data, 2, key, 0); // in two pieces
    atlink_mask(data + 2, 3, key, 2);
    CHECK_BYTES(data, 5, "Hello");
    atlink_mask(data, 0, key, 3);
    CHECK_BYTES(data, 5, "Hello");
}

static int text(const char *bytes) {
    return atlink_utf8(ATLINK_UTF8_WHOLE, (const uint8_t *)bytes, strlen(bytes));
}

static void whole_characters(void) {
    static const char *good[] = {"", "plain", "\x7f", "\u00e9\u07ff", "\u0800\uffff", "\ud7ff\ue000",
                                 "\U00010000\U0010ffff"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CHECK(text(good[i]) == ATLINK_UTF8_WHOLE);
        int state = ATLINK_UTF8_WHOLE;
        for (const char *c = good[i]; *c; c++) { // byte by byte
            CHECK(atlink_utf8_is_state(state));
            state = atlink_utf8(state, (const uint8_t *)c, 1);
        }
        CHECK(state == ATLINK_UTF8_WHOLE);
    }
    CHECK(atlink_utf8(ATLINK_UTF8_WHOLE, (const uint8_t *)"\0", 1) == ATLINK_UTF8_WHOLE);
}

static void what_is_no_text(void) {
    static const char *bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
                                "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
                                "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3" "A", "\xe2\x82" "A",
                                "\xf0\x9f\x98" "A"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(text(bad[i]) == ATLINK_UTF8_BAD);
        CHECK(atlink_utf8(text(bad[i]), (const uint8_t *)"a", 1) == ATLINK_UTF8_BAD);
    }
}

static void a_character_may_be_cut(void) {
    static const char *cut[] = {"\xc3", "\xe2", "\xe2\x82", "\xf0", "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        CHECK(text(cut[i]) > ATLINK_UTF8_WHOLE);
        CHECK(atlink_utf8_is_state(text(cut[i])));
    }
    CHECK(!atlink_utf8_is_state(-2));
    CHECK(!atlink_utf8_is_state(4)); // none to come, but a row
    CHECK(!atlink_utf8_is_state(1 | 5 << 2));
}

int main(void) {
    masking_is_that_of_the_standard();
    whole_characters();
    what_is_no_text();
    a_character_may_be_cut();
    return CHECK_END();
}
