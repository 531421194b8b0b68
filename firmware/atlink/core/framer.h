// Passthrough framer: cuts what the host sends into chunks for a link and finds the lone `+++`.
// Serves passthrough and AT+CIPSENDL. Owns the bytes between UART and link; it reads neither
// clock nor port: every time (microseconds, one clock) is given in.
//
//     for (;;) {
//         atlink_framer_idle(&f, quiet);                  // the UART was empty until `quiet`
//         if (f.ended) break;                             // `+++`: what follows is not ours
//         n = read(atlink_framer_space(&f, &p));          // into p
//         atlink_framer_fed(&f, n, now);
//         while ((n = atlink_framer_chunk(&f, now, &out)) > 0)
//             atlink_framer_sent(&f, send(out, n));
//         wait until atlink_framer_deadline(&f), more bytes, or room in the link
//     }
#ifndef ATLINK_CORE_FRAMER_H
#define ATLINK_CORE_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATLINK_CHUNK_MAX (2920) // bytes that leave at once (AT+TRANSINTVL, AT+CIPSENDLCFG)
#define ATLINK_GUARD_US (20000) // silence around `+++`
#define ATLINK_NEVER (UINT64_MAX) // no deadline
#define ATLINK_UNCOUNTED (UINT32_MAX) // passthrough: no end but `+++`

typedef struct {
    uint8_t *buf;
    size_t size;
    size_t start; // first byte not sent
    size_t end; // behind the last byte received
    size_t chunk; // 100..2920
    size_t owed; // bytes of the chunk now being sent that the link has not taken
    uint32_t interval_us;
    uint32_t left; // bytes still to be received
    uint8_t held; // last bytes received that may be a `+++`: 0..3
    bool ended; // `+++` came; it is not in the buffer
    uint64_t first_us; // when the oldest byte that waits for the interval came
    uint64_t last_us; // when the last byte came; at first when the framer began
    uint64_t quiet_us; // until when the UART is known to have been empty
} atlink_framer_t;

// Begin with an empty buffer (at least `chunk` + 3 bytes; AT+CIPSEND's 8192 are a good size).
// chunk 1..2920 bytes; interval 0..1000 ms (0: send at once); total bytes or ATLINK_UNCOUNTED.
void atlink_framer_init(atlink_framer_t *f, uint8_t *buf, size_t size, size_t chunk,
    uint32_t interval_ms, uint32_t total, uint64_t now);

// Change the interval while running.
void atlink_framer_interval(atlink_framer_t *f, uint32_t interval_ms);

// Room for bytes at *p; 0 when the buffer is full, all bytes have come or `+++` did.
size_t atlink_framer_space(atlink_framer_t *f, uint8_t **p);

// n bytes were written to the room of atlink_framer_space(); they were read at `now`.
void atlink_framer_fed(atlink_framer_t *f, size_t n, uint64_t now);

// The UART was seen empty until `now`. Only such silence counts for the guard times, so that a
// late look at the UART can neither make up a pause nor hide one.
void atlink_framer_idle(atlink_framer_t *f, uint64_t now);

// Bytes at *p that are to be sent now: a full chunk, the rest of one, or what has waited long
// enough. 0: nothing.
size_t atlink_framer_chunk(atlink_framer_t *f, uint64_t now, const uint8_t **p);

// The same for a link that keeps no boundaries: all full chunks that are there, in one piece.
size_t atlink_framer_chunks(atlink_framer_t *f, uint64_t now, const uint8_t **p);

// The link took n of them.
void atlink_framer_sent(atlink_framer_t *f, size_t n);

// When chunk() or idle() will have news without new bytes; ATLINK_NEVER if not at all.
uint64_t atlink_framer_deadline(const atlink_framer_t *f);

// Bytes that wait to be sent, a possible `+++` included.
static inline size_t atlink_framer_waiting(const atlink_framer_t *f) {
    return f->end - f->start;
}

#endif // ATLINK_CORE_FRAMER_H
