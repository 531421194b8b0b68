// The five bytes in front of a TLS record.
#ifndef ATLINK_RECORD_H
#define ATLINK_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define ATLINK_RECORD_HEAD (5) // type, version (2), length (2)
#define ATLINK_RECORD_FIRST (20) // types: change cipher spec, alert, handshake, data
#define ATLINK_RECORD_LAST (23)
#define ATLINK_RECORD_MAX (16384 + 2048)

// Whether five bytes may be such a head: a type of TLS 1.2, a version that begins with 3 as those of SSL 3.0 to TLS 1.3
// do, and a length that is allowed (RFC 5246, 6.2.1 to 6.2.3).
static inline bool atlink_is_record_head(const uint8_t *head) {
    return head[0] >= ATLINK_RECORD_FIRST && head[0] <= ATLINK_RECORD_LAST && head[1] == 3
           && (head[3] << 8 | head[4]) <= ATLINK_RECORD_MAX;
}

#endif
