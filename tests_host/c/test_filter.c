// The message filter: what is cut, by example (manual 3.1.17 and 4.1.1), and what is refused.
#include <errno.h>

#include "check.h"
#include "core/filter.h"

#define RE(text) ((atlink_regex_t) {(const uint8_t *)(text), sizeof(text) - 1, 0})
#define NO_RE ((atlink_regex_t) {NULL, 0, 0})

static char rest[256];
static size_t rest_len;

// What remains of a message.
static void cut(const char *message, size_t len) {
    atlink_cut_t parts[2] = {{0, 0}, {0, 0}};
    if (!atlink_filter_match((const uint8_t *)message, len, parts)) {
        parts[0].to = parts[0].from = parts[1].to = parts[1].from = 0;
    }
    rest_len = 0;
    for (size_t i = 0; i < len; i++) {
        if (!(i >= parts[0].from && i < parts[0].to) && !(i >= parts[1].from && i < parts[1].to)) {
            rest[rest_len++] = message[i];
        }
    }
    CHECK(parts[0].from <= parts[0].to && parts[0].to <= parts[1].from);
    CHECK(parts[1].from <= parts[1].to && parts[1].to <= len);
}

#define CHECK_CUT(message, remains) \
    do { \
        cut(message, sizeof(message) - 1); \
        CHECK_BYTES(rest, rest_len, remains); \
    } while (0)

// A filter alone in the table.
static void only(atlink_regex_t head, atlink_regex_t tail) {
    atlink_filter_clear();
    CHECK(atlink_filter_add(head, tail) == 0);
}

// What remains where there is this one filter.
#define CHECK_CUT_BY(head, message, remains) \
    do { \
        only(RE(head), NO_RE); \
        CHECK_CUT(message, remains); \
    } while (0)

static void the_manuals_examples(void) {
    atlink_filter_clear();
    CHECK_CUT("\r\nOK\r\n", "\r\nOK\r\n");
    CHECK_CUT_BY("^WIFI CONNECTED\r\n", "WIFI CONNECTED\r\n", "");
    CHECK_CUT("WIFI GOT IP\r\n", "WIFI GOT IP\r\n");
    CHECK_CUT("xWIFI CONNECTED\r\n", "xWIFI CONNECTED\r\n");
    only(RE("^+HTTPCGET:[0-9]*,"), RE("\r\n$"));
    CHECK(atlink_filter_add(NO_RE, RE("\r\nOK\r\n$")) == 0);
    CHECK_CUT("+HTTPCGET:5,hello\r\n", "hello");
    CHECK_CUT("+HTTPCGET:5,a\r\nb\r\n", "a\r\nb");
    CHECK_CUT("\r\nOK\r\n", "");
    CHECK_CUT("\r\nERROR\r\n", "\r\nERROR\r\n");
}

static void head_and_tail_must_both_match(void) {
    only(RE("^+A:"), RE("z$"));
    CHECK_CUT("+A:1z", "1");
    CHECK_CUT("+A:1", "+A:1");
    CHECK_CUT("1z", "1z");
}

static void parts_may_meet_or_overlap(void) {
    only(RE("^abc"), RE("bcd$"));
    CHECK_CUT("abcd", "");
    only(RE("^ab"), RE("cd$"));
    CHECK_CUT("abcd", "");
    only(RE("^.*$"), RE("b"));
    CHECK_CUT("abcd", "");
    only(RE("c"), RE("a")); // the tail comes first in the message
    CHECK_CUT("abcd", "bd");
    CHECK_CUT_BY("^", "abcd", "abcd"); // matches, but there is nothing to cut
    CHECK_CUT("", "");
}

static void the_first_matching_filter_wins(void) {
    only(RE("^aa"), NO_RE);
    CHECK(atlink_filter_add(RE("^a*"), RE("z$")) == 0);
    CHECK(atlink_filter_add(RE("^b"), NO_RE) == 0);
    CHECK_CUT("aaaz", "az");
    CHECK_CUT("bz", "b"); // ^a* matches no bytes, z$ one
    CHECK_CUT("bc", "c");
    CHECK_CUT("abc", "abc");
}

static void messages_and_sets_hold_any_byte(void) {
    CHECK_CUT_BY("b\n", "a\0b\nc", "a\0c");
    CHECK_CUT_BY("^a[^x]b", "a\0bc", "c"); // (the dot of POSIX does not match NUL)
    CHECK_CUT_BY("^a.b", "a\xff" "bc", "c");
    CHECK_CUT_BY("[^x]*$", "ax\0\r\n\x80", "ax");
    CHECK_CUT_BY("b$", "ab\0", "ab\0"); // a NUL ends no message
}

static void anchors_mean_the_whole_message(void) {
    CHECK_CUT_BY("^b", "a\nb", "a\nb");
    CHECK_CUT_BY("a$", "a\nb", "a\nb");
    CHECK_CUT_BY("a^b$c", "xa^b$cx", "xx"); // not at the ends: plain characters
}

static void basic_expressions_are_basic(void) {
    CHECK_CUT_BY("a+b?(c|d){2}", "xa+b?(c|d){2}y", "xy");
    CHECK_CUT_BY("\\(ab\\)\\{2\\}\\1", "xabababy", "xy");
    CHECK_CUT_BY("*a\\*", "x*a*y", "xy");
    // A backslash before other characters means nothing, here as on the chip.
    CHECK_CUT_BY("^\\+A\\?\\|\\w\\<\\'", "+A?|w<'x", "x");
    CHECK_CUT_BY("[\\w[:digit:]]\\]", "a\\]w]7]", "aw]7]"); // in a set it is itself
    CHECK_CUT_BY("[]\\]*", "]\\]\\x", "x");
    CHECK_CUT_BY("[^]\\+]", "]\\+x", "]\\+");
    CHECK_CUT_BY("[[.].]\\n]n", "xn]n\\nnn", "xn\\nnn");
}

static void what_is_malformed_is_refused(void) {
    atlink_filter_clear();
    char text[65];
    memset(text, 'x', sizeof(text));
    CHECK(atlink_filter_add(NO_RE, NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("["), NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("[[:nothing:]]"), NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("[[:"), NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("[^]"), NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("a\\"), NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("\\(a"), NO_RE) == EINVAL);
    CHECK(atlink_filter_add(RE("a"), RE("\\(a")) == EINVAL); // and the head is freed
    CHECK(atlink_filter_add(RE("a\0b"), NO_RE) == EINVAL);
    CHECK(atlink_filter_add((atlink_regex_t) {(uint8_t *)text, 65, 0}, NO_RE) == EINVAL);
    CHECK(atlink_filter_count() == 0);
    CHECK(atlink_filter_add((atlink_regex_t) {(uint8_t *)text, 64, 0},
        (atlink_regex_t) {(uint8_t *)text, 64, 0}) == 0);
}

static void the_table_keeps_order_and_has_an_end(void) {
    atlink_filter_clear();
    char text[2] = "a";
    for (int i = 0; i < ATLINK_FILTER_MAX; i++) {
        text[0] = 'a' + i;
        CHECK(atlink_filter_add((atlink_regex_t) {(uint8_t *)text, 1, 0}, NO_RE) == 0);
    }
    CHECK(atlink_filter_add(RE("z"), NO_RE) == ENOMEM);
    CHECK(!atlink_filter_delete(RE("z"), NO_RE));
    CHECK(!atlink_filter_delete(NO_RE, RE("b")));
    CHECK(!atlink_filter_delete(NO_RE, NO_RE));
    CHECK(atlink_filter_delete(RE("b"), NO_RE));
    CHECK(!atlink_filter_delete(RE("b"), NO_RE));
    CHECK(atlink_filter_count() == ATLINK_FILTER_MAX - 1);
    atlink_regex_t head, tail;
    atlink_filter_get(1, &head, &tail);
    CHECK_BYTES(head.text, head.len, "c");
    CHECK(tail.len == 0);
    CHECK_CUT("bd", "b"); // those behind the deleted one still work
    CHECK(atlink_filter_add(RE("^b"), RE("d$")) == 0);
    atlink_filter_get(ATLINK_FILTER_MAX - 1, &head, &tail);
    CHECK_BYTES(tail.text, tail.len, "d$");
    atlink_filter_clear();
    CHECK(atlink_filter_count() == 0);
    CHECK_CUT("bd", "bd");
}

int main(void) {
    the_manuals_examples();
    head_and_tail_must_both_match();
    parts_may_meet_or_overlap();
    the_first_matching_filter_wins();
    messages_and_sets_hold_any_byte();
    anchors_mean_the_whole_message();
    basic_expressions_are_basic();
    what_is_malformed_is_refused();
    the_table_keeps_order_and_has_an_end();
    atlink_filter_clear();
    return CHECK_END();
}
