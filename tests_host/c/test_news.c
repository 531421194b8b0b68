// The queue of the chip's events: order, and what is kept when there are too many.
#include <string.h>

#include "../atchip/news.h"
#include "check.h"

static atchip_news_t news;

static void put(atchip_kind_t kind, int number) {
    atchip_event_t event = {.kind = kind, .number = number};
    atchip_news_put(&news, &event);
}

static bool is_next(atchip_kind_t kind, int number) {
    atchip_event_t event;
    return atchip_news_take(&news, &event) && event.kind == kind && event.number == number;
}

static bool is_empty(void) {
    atchip_event_t event;
    return !atchip_news_take(&news, &event);
}

static void begin(void) {
    memset(&news, 0, sizeof(news));
}

static void events_come_in_order_for_ever(void) {
    begin();
    for (int i = 0; i < 200000; i++) { // the counters wrap
        put(ATCHIP_PING, i);
        put(ATCHIP_STA_GOT_IP, i);
        CHECK(is_next(ATCHIP_PING, i));
        CHECK(is_next(ATCHIP_STA_GOT_IP, i));
    }
    CHECK(is_empty());
    CHECK(news.lost == 0);
}

static void fill(void) {
    begin();
    for (int i = 0; i < ATCHIP_NEWS_ROOM; i++) {
        put(ATCHIP_AP_CONNECTED, i);
    }
}

static void drain(void) {
    for (int i = 0; i < ATCHIP_NEWS_ROOM; i++) {
        CHECK(is_next(ATCHIP_AP_CONNECTED, i));
    }
}

static void the_last_word_of_each_kind_is_kept(void) {
    fill();
    for (int i = 0; i < 1000; i++) {
        put(ATCHIP_STA_CONNECTED, i);
        put(ATCHIP_STA_GOT_IP, i);
        put(ATCHIP_STA_DISCONNECTED, i);
    }
    put(ATCHIP_SCAN_DONE, 0);
    CHECK(news.lost == 2997);
    drain();
    CHECK(is_next(ATCHIP_STA_CONNECTED, 999));
    CHECK(is_next(ATCHIP_STA_GOT_IP, 999));
    CHECK(is_next(ATCHIP_STA_DISCONNECTED, 999));
    CHECK(is_next(ATCHIP_SCAN_DONE, 0));
    CHECK(is_empty());
}

static void a_connection_that_follows_a_loss_comes_behind_it(void) {
    fill();
    put(ATCHIP_STA_CONNECTED, 1);
    put(ATCHIP_STA_DISCONNECTED, 2);
    put(ATCHIP_STA_CONNECTED, 3);
    drain();
    CHECK(is_next(ATCHIP_STA_DISCONNECTED, 2));
    CHECK(is_next(ATCHIP_STA_CONNECTED, 3));
    CHECK(is_empty());
}

static void nothing_overtakes_what_is_late(void) {
    fill();
    put(ATCHIP_STA_CONNECTED, 1);
    CHECK(is_next(ATCHIP_AP_CONNECTED, 0)); // room again, but not for what is newer
    put(ATCHIP_STA_DISCONNECTED, 2);
    for (int i = 1; i < ATCHIP_NEWS_ROOM; i++) {
        CHECK(is_next(ATCHIP_AP_CONNECTED, i));
    }
    CHECK(is_next(ATCHIP_STA_CONNECTED, 1));
    put(ATCHIP_PING, 3);
    CHECK(is_next(ATCHIP_STA_DISCONNECTED, 2));
    CHECK(is_next(ATCHIP_PING, 3));
    CHECK(is_empty());
    put(ATCHIP_PING, 4);
    CHECK(news.late_count == 0 && is_next(ATCHIP_PING, 4));
}

static void every_kind_has_its_place(void) {
    fill();
    for (int round = 0; round < 3; round++) {
        for (int kind = 0; kind < ATCHIP_KINDS; kind++) {
            put(kind, round);
        }
    }
    drain();
    for (int kind = 0; kind < ATCHIP_KINDS; kind++) {
        CHECK(is_next(kind, 2));
    }
    CHECK(is_empty());
}

int main(void) {
    events_come_in_order_for_ever();
    the_last_word_of_each_kind_is_kept();
    a_connection_that_follows_a_loss_comes_behind_it();
    nothing_overtakes_what_is_late();
    every_kind_has_its_place();
    return 0;
}
