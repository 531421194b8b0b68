// The receive machine, by example. Random input in random splits is in test_atlink_core.py.
#include "check.h"
#include "core/rx.h"

static atlink_rx_t rx;
static uint8_t echo[1024];
static size_t echoed;

// Feed text as far as it is taken; returns how much was, and collects the echo.
static size_t feed(const char *text, size_t n) {
    size_t done = 0;
    while (done < n) {
        size_t back;
        size_t used = atlink_rx_feed(&rx, (const uint8_t *)text + done, n - done, &back);
        if (used == 0) {
            break;
        }
        done += used;
        memcpy(echo + echoed, text + done - back, back);
        echoed += back;
    }
    return done;
}

#define FEED(text) feed(text, sizeof(text) - 1)
#define CHECK_LINE(text) CHECK_BYTES(rx.line, rx.line_len, text)
#define CHECK_ECHO(text) CHECK_BYTES(echo, echoed, text); echoed = 0

static void begin(void) {
    atlink_rx_init(&rx);
    atlink_rx_listen(&rx);
    echoed = 0;
}

static void a_line_is_echoed_and_held(void) {
    begin();
    CHECK(FEED("AT\r\nAT+GMR\r\n") == 4);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("AT");
    CHECK_ECHO("AT\r\n");
    CHECK(FEED("AT+GMR\r\n") == 0); // until listen()
    CHECK(atlink_rx_fetch(&rx) == ATLINK_NONE);
    CHECK_LINE("AT");
    atlink_rx_listen(&rx);
    CHECK(FEED("AT+GMR\r\n") == 8);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("AT+GMR");
}

static void echo_stops_with_the_switch(void) {
    begin();
    FEED("ATE");
    rx.echo = false;
    FEED("0\r\n");
    CHECK_ECHO("ATE");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("ATE0");
}

static void terminator_is_cr_lf_alone(void) {
    begin();
    FEED("A\rT\n\r\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("A\rT\n\r");
    begin();
    FEED("\0\xff\0\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("\0\xff\0");
    begin();
    FEED("\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("");
}

static void line_limit_is_before_cr_lf(void) {
    char text[301];
    memset(text, 'x', sizeof(text));
    begin();
    feed(text, 256);
    FEED("\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK(rx.line_len == 256);
    begin();
    feed(text, 257);
    FEED("\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_TOO_LONG);
    CHECK(rx.line_len == 0);
    CHECK(echoed == 259);
    atlink_rx_listen(&rx);
    feed(text, 300);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_NONE);
    FEED("\r");
    FEED("\nAT");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_TOO_LONG);
    atlink_rx_listen(&rx);
    FEED("AT\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("AT");
}

static void busy_drops_line_by_line(void) {
    begin();
    atlink_rx_busy(&rx);
    CHECK(FEED("AT+RST\r\nAT\r\n") == 8);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_BUSY);
    CHECK_LINE("AT+RST");
    CHECK(FEED("AT\r\n") == 4);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_BUSY);
    CHECK(!atlink_rx_fragment(&rx));
    CHECK_ECHO("");
}

static void a_fragment_is_told_once(void) {
    begin();
    atlink_rx_busy(&rx);
    CHECK(!atlink_rx_fragment(&rx));
    FEED(" ");
    CHECK(atlink_rx_fragment(&rx));
    CHECK(!atlink_rx_fragment(&rx));
    FEED("x\r\n"); // told by fragment() although the line is complete
    CHECK(atlink_rx_fragment(&rx));
    CHECK(!atlink_rx_fragment(&rx));
    CHECK(atlink_rx_fetch(&rx) == ATLINK_NONE);
    atlink_rx_listen(&rx);
    CHECK(!atlink_rx_fragment(&rx));
    FEED("AT\r\n");
    CHECK_LINE("AT");
}

static void the_rest_of_a_dropped_line_is_no_line(void) {
    static const char *const cuts[][2] = {
        {"AT", "+GMR\r\n"}, {"AT+GMR", "\r\n"}, {"AT+GMR\r", "\n"}, {"AT\r", "\rAT\n\r\r\n"},
    };
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        begin();
        atlink_rx_busy(&rx);
        feed(cuts[i][0], strlen(cuts[i][0]));
        CHECK(atlink_rx_fragment(&rx));
        atlink_rx_listen(&rx);
        feed(cuts[i][1], strlen(cuts[i][1]));
        CHECK(atlink_rx_fetch(&rx) == ATLINK_NONE);
        CHECK_ECHO("");
        FEED("AT\r\n");
        CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
        CHECK_LINE("AT");
    }
}

static void what_does_not_go_on_has_no_rest(void) {
    begin();
    atlink_rx_busy(&rx);
    FEED("AT+GMR\r");
    CHECK(atlink_rx_fragment(&rx));
    atlink_rx_forget_rest(&rx);
    atlink_rx_listen(&rx);
    FEED("\nAT\r\n"); // an LF alone ends nothing
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("\nAT");
}

static void a_payload_ends_the_wait_for_the_rest(void) {
    begin();
    atlink_rx_busy(&rx);
    FEED("AT+");
    CHECK(atlink_rx_fragment(&rx));
    atlink_rx_data(&rx, 1);
    atlink_rx_took(&rx, 1);
    atlink_rx_listen(&rx);
    FEED("AT\r\n");
    CHECK_LINE("AT");
}

static void a_line_that_is_too_long_is_cut_as_well(void) {
    begin();
    atlink_rx_busy(&rx);
    char data[400] = "AT";
    memset(data + 2, 'x', sizeof(data) - 3);
    FEED(data);
    CHECK(atlink_rx_fragment(&rx));
    atlink_rx_listen(&rx);
    FEED("xxx\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_NONE);
    FEED("AT\r\n");
    CHECK_LINE("AT");
}

static void lf_follows_its_dropped_cr(void) {
    begin();
    atlink_rx_busy(&rx);
    FEED("\r");
    CHECK(atlink_rx_fragment(&rx));
    atlink_rx_listen(&rx);
    FEED("\nAT\r\n");
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("AT");
    CHECK_ECHO("AT\r\n");

    atlink_rx_busy(&rx);
    FEED("x\r");
    atlink_rx_listen(&rx); // nobody asked for the fragment
    FEED("AT\r\n"); // no LF came: nothing else is dropped
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("AT");
    atlink_rx_busy(&rx);
    FEED("\r");
    CHECK(atlink_rx_fragment(&rx));
    FEED("\n"); // still busy: part of what was told
    CHECK(!atlink_rx_fragment(&rx));
}

static void payload_is_counted(void) {
    begin();
    atlink_rx_data(&rx, 5);
    CHECK(FEED("a\r\nbc") == 0);
    CHECK(atlink_rx_wants(&rx) == 5);
    atlink_rx_took(&rx, 2);
    CHECK(rx.remaining == 3 && rx.mode == ATLINK_MODE_DATA);
    atlink_rx_took(&rx, 3);
    CHECK(rx.mode == ATLINK_MODE_HOLD && atlink_rx_wants(&rx) == 0);
    atlink_rx_data(&rx, 0);
    CHECK(rx.mode == ATLINK_MODE_HOLD);
    atlink_rx_stream(&rx);
    CHECK(atlink_rx_wants(&rx) == SIZE_MAX);
    atlink_rx_took(&rx, 100000);
    CHECK(rx.mode == ATLINK_MODE_STREAM);
}

static void a_payload_may_begin_with_lf(void) {
    begin();
    atlink_rx_busy(&rx);
    FEED("\r");
    CHECK(atlink_rx_fragment(&rx));
    atlink_rx_data(&rx, 1);
    atlink_rx_took(&rx, 1);
    atlink_rx_listen(&rx);
    FEED("\n\r\n");
    CHECK_LINE("\n");
}

static void an_untold_line_is_not_lost(void) {
    begin();
    FEED("AT\r\n");
    atlink_rx_listen(&rx);
    CHECK(FEED("AT+GMR\r\n") == 0);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_LINE);
    CHECK_LINE("AT");
    atlink_rx_listen(&rx);
    FEED("AT\r\n");
    atlink_rx_busy(&rx);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_BUSY);
    atlink_rx_listen(&rx);
    FEED("AT\r\n");
    atlink_rx_data(&rx, 3);
    CHECK(atlink_rx_fetch(&rx) == ATLINK_BUSY);
    CHECK(atlink_rx_wants(&rx) == 3);
}

int main(void) {
    a_line_is_echoed_and_held();
    echo_stops_with_the_switch();
    terminator_is_cr_lf_alone();
    line_limit_is_before_cr_lf();
    busy_drops_line_by_line();
    a_fragment_is_told_once();
    the_rest_of_a_dropped_line_is_no_line();
    what_does_not_go_on_has_no_rest();
    a_payload_ends_the_wait_for_the_rest();
    a_line_that_is_too_long_is_cut_as_well();
    lf_follows_its_dropped_cr();
    payload_is_counted();
    a_payload_may_begin_with_lf();
    an_untold_line_is_not_lost();
    return CHECK_END();
}
