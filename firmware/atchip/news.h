// The queue of the chip's events, between tasks that tell and the one that listens. Plain C: who
// calls locks. When it is full, the last event of each kind is kept apart until there is room, in
// the order in which they came: what the last word was (connected or not) is never lost.
#ifndef ATCHIP_NEWS_H
#define ATCHIP_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#define ATCHIP_MAC_SIZE (6)

typedef enum {
    ATCHIP_PING, // number: ms, -1 none
    ATCHIP_SCAN_DONE, // number: 0 is success
    ATCHIP_STA_CONNECTED,
    ATCHIP_STA_DISCONNECTED, // number: wifi_err_reason_t
    ATCHIP_STA_GOT_IP, // number: 1 if the address is new
    ATCHIP_STA_LOST_IP,
    ATCHIP_STA_GOT_IP6, // number: 1 if it is not link-local
    ATCHIP_AP_CONNECTED, // mac
    ATCHIP_AP_LEASED, // mac, ip
    ATCHIP_AP_DISCONNECTED, // mac
    ATCHIP_SC_CREDENTIALS,
    ATCHIP_SC_ACKNOWLEDGED,
    ATCHIP_WPS_SUCCESS,
    ATCHIP_WPS_FAILED, // text
    ATCHIP_KINDS,
} atchip_kind_t;

typedef struct {
    uint8_t kind; // atchip_kind_t
    uint8_t mac[ATCHIP_MAC_SIZE];
    union {
        int32_t number;
        const char *text;
        uint32_t ip;
    };
} atchip_event_t;

#define ATCHIP_NEWS_ROOM (16) // a power of two; Wi-Fi's busiest moment makes half a dozen

typedef struct {
    atchip_event_t ring[ATCHIP_NEWS_ROOM];
    atchip_event_t late[ATCHIP_KINDS]; // oldest first, one of a kind
    uint16_t head; // counts on for ever, as tail does
    uint16_t tail;
    uint16_t late_count;
    uint16_t lost; // events that a later one of their kind stands for
} atchip_news_t;

void atchip_news_put(atchip_news_t *news, const atchip_event_t *event);

// Take the oldest event; false if there is none.
bool atchip_news_take(atchip_news_t *news, atchip_event_t *event);

#endif
