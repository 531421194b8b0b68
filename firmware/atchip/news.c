// The queue of the chip's events. See news.h.
#include <string.h>

#include "news.h"

static void drop_late(atchip_news_t *news, unsigned i) {
    news->late_count -= 1;
    memmove(&news->late[i], &news->late[i + 1], (news->late_count - i) * sizeof(news->late[0]));
}

void atchip_news_put(atchip_news_t *news, const atchip_event_t *event) {
    // Behind what is late, everything is: else it would overtake.
    if (news->late_count == 0 && (uint16_t)(news->head - news->tail) < ATCHIP_NEWS_ROOM) {
        news->ring[news->head++ % ATCHIP_NEWS_ROOM] = *event;
        return;
    }
    for (unsigned i = 0; i < news->late_count; i++) {
        if (news->late[i].kind == event->kind) {
            drop_late(news, i);
            news->lost += 1;
            break;
        }
    }
    news->late[news->late_count++] = *event;
}

bool atchip_news_take(atchip_news_t *news, atchip_event_t *event) {
    if (news->head != news->tail) {
        *event = news->ring[news->tail++ % ATCHIP_NEWS_ROOM];
        return true;
    }
    if (news->late_count == 0) {
        return false;
    }
    *event = news->late[0];
    drop_late(news, 0);
    return true;
}
