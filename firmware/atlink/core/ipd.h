// Heads of received data: `+IPD` and `+CIPRECVDATA`, written backwards so that they end where the
// payload begins and head and payload leave in one write. Owns the text; lengths, addresses and
// the moment are the caller's.
#ifndef ATLINK_CORE_IPD_H
#define ATLINK_CORE_IPD_H

#include <stddef.h>
#include <stdint.h>

// Most payload bytes in one active message, and the room to keep free in front of them.
#define ATLINK_IPD_MAX (2920)
#define ATLINK_IPD_HEAD_MAX (96)
#define ATLINK_IPD_NOTICE_MAX (24)

// What AT+CIPMUX and AT+CIPDINFO add to a head.
typedef struct {
    int link; // 0..99, or -1 with AT+CIPMUX=0
    const char *ip; // sender's address (at most 45 characters), or NULL with AT+CIPDINFO=0
    uint16_t port; // sender's port, if ip is given
} atlink_ipd_from_t;

// Write `\r\n+IPD,[link,]len[,"ip",port]:` to end just before `payload`; returns its length.
size_t atlink_ipd_head(uint8_t *payload, uint32_t len, const atlink_ipd_from_t *from);

// The length of that head.
size_t atlink_ipd_head_size(uint32_t len, const atlink_ipd_from_t *from);

// Write `+CIPRECVDATA:len,["ip",port,]` to end just before `payload`; returns its length.
// The link is not printed (spelling of AT+CIPRECVDATA).
size_t atlink_ipd_recvdata(uint8_t *payload, uint32_t len, const atlink_ipd_from_t *from);

// Write the passive notice `\r\n+IPD,[link,]len\r\n` to out[ATLINK_IPD_NOTICE_MAX]; returns its
// length.
size_t atlink_ipd_notice(uint8_t *out, int link, uint32_t len);

#endif // ATLINK_CORE_IPD_H
