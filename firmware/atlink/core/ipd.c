// Heads of received data, written backwards. See ipd.h.
#include <string.h>

#include "core/ipd.h"

// Each of these writes to end just before `end` and returns where it began.
static uint8_t *put_text(uint8_t *end, const char *text, size_t len) {
    end -= len;
    memcpy(end, text, len);
    return end;
}

static uint8_t *put_number(uint8_t *end, uint32_t number) {
    do {
        *--end = '0' + number % 10;
        number /= 10;
    } while (number > 0);
    return end;
}

// `,"ip",port`, or nothing.
static uint8_t *put_sender(uint8_t *end, const atlink_ipd_from_t *from) {
    if (from->ip == NULL) {
        return end;
    }
    end = put_number(end, from->port);
    end = put_text(end, "\",", 2);
    end = put_text(end, from->ip, strlen(from->ip));
    return put_text(end, ",\"", 2);
}

// `\r\n+IPD,[link,]len`.
static uint8_t *put_ipd(uint8_t *end, int link, uint32_t len) {
    end = put_number(end, len);
    *--end = ',';
    if (link >= 0) {
        end = put_number(end, link);
        *--end = ',';
    }
    return put_text(end, "\r\n+IPD", 6);
}

size_t atlink_ipd_head(uint8_t *payload, uint32_t len, const atlink_ipd_from_t *from) {
    uint8_t *begin = payload;
    *--begin = ':';
    begin = put_sender(begin, from);
    begin = put_ipd(begin, from->link, len);
    return payload - begin;
}

static size_t digits(uint32_t number) {
    size_t n = 1;
    while (number > 9) {
        number /= 10;
        ++n;
    }
    return n;
}

size_t atlink_ipd_head_size(uint32_t len, const atlink_ipd_from_t *from) {
    size_t size = 8 + digits(len); // `\r\n+IPD,` and `:`
    if (from->link >= 0) {
        size += digits(from->link) + 1;
    }
    if (from->ip != NULL) {
        size += 4 + strlen(from->ip) + digits(from->port); // `,"` and `",`
    }
    return size;
}

size_t atlink_ipd_recvdata(uint8_t *payload, uint32_t len, const atlink_ipd_from_t *from) {
    uint8_t *begin = payload;
    *--begin = ',';
    begin = put_sender(begin, from);
    begin = put_number(begin, len);
    begin = put_text(begin, "+CIPRECVDATA:", 13);
    return payload - begin;
}

size_t atlink_ipd_notice(uint8_t *out, int link, uint32_t len) {
    uint8_t *end = out + ATLINK_IPD_NOTICE_MAX;
    uint8_t *begin = put_text(end, "\r\n", 2);
    begin = put_ipd(begin, link, len);
    memmove(out, begin, end - begin);
    return end - begin;
}
