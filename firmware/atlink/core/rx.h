// Receive state machine of the AT port: turns arriving bytes into lines and events.
// Owns the line being assembled, what is echoed, and the rules for stray bytes. It never reads
// or writes a port: the caller feeds bytes and sends the echo (uart.c does both).
#ifndef ATLINK_CORE_RX_H
#define ATLINK_CORE_RX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The longest command line (256 bytes) with its CR LF.
#define ATLINK_LINE_MAX (258)

typedef enum {
    ATLINK_NONE = 0,
    ATLINK_LINE = 1, // a command line is complete; the machine holds
    ATLINK_TOO_LONG = 2, // a longer line has ended; the machine holds
    ATLINK_BUSY = 3, // a line was dropped while a command runs
    ATLINK_DATA = 4, // payload can be read
} atlink_event_t;

typedef enum {
    ATLINK_MODE_HOLD, // nothing is consumed
    ATLINK_MODE_LINE, // assemble a line, echo
    ATLINK_MODE_BUSY, // drop lines, no echo
    ATLINK_MODE_DATA, // a counted payload, taken by atlink_rx_took()
    ATLINK_MODE_STREAM, // uncounted payload, until the owner chooses another mode
} atlink_mode_t;

typedef struct {
    uint8_t mode; // atlink_mode_t
    uint8_t event; // atlink_event_t that poll() has not fetched yet
    bool echo;
    bool too_long; // the line being assembled has passed the limit
    bool last_cr; // the last byte of the line being assembled is CR
    bool skip_lf; // the last byte dropped was a CR: an LF that follows goes the same way
    bool is_cut; // a command line was dropped before its end: the rest goes the same way
    uint16_t len; // bytes of the line being assembled
    uint16_t line_len; // length of the last complete line without CR LF, while `line` holds it
    uint32_t remaining; // payload bytes still to come
    uint8_t line[ATLINK_LINE_MAX];
} atlink_rx_t;

// Start in HOLD with echo on.
void atlink_rx_init(atlink_rx_t *rx);

// Choose what the bytes to come are. An event that was not fetched is kept; a line among them
// becomes a dropped one if the next mode is not LINE.
void atlink_rx_listen(atlink_rx_t *rx);
void atlink_rx_busy(atlink_rx_t *rx);
void atlink_rx_data(atlink_rx_t *rx, uint32_t n);
void atlink_rx_stream(atlink_rx_t *rx);

// Whether atlink_rx_feed() would take bytes now.
static inline bool atlink_rx_feeds(const atlink_rx_t *rx) {
    return (rx->mode == ATLINK_MODE_LINE || rx->mode == ATLINK_MODE_BUSY)
           && rx->event == ATLINK_NONE;
}

// Take bytes in the modes LINE and BUSY, up to the end of the first line. Returns how many were
// taken; *echo is how many of them, counted from the last one back, are to be echoed.
size_t atlink_rx_feed(atlink_rx_t *rx, const uint8_t *data, size_t n, size_t *echo);

// Payload bytes the mode allows to be taken: 0 but in DATA and STREAM.
size_t atlink_rx_wants(const atlink_rx_t *rx);

// Count n payload bytes as taken; after the last one of DATA the machine holds.
void atlink_rx_took(atlink_rx_t *rx, size_t n);

// Return the event and forget it. The line of LINE and BUSY stays until the next
// feed that takes bytes.
atlink_event_t atlink_rx_fetch(atlink_rx_t *rx);

// BUSY: whether bytes were dropped that no fetched event tells of: a whole line, or at last a
// part of one. Each call reports one and forgets it. What is still to come of a command line that
// has begun (AT) is dropped as well, until atlink_rx_forget_rest(): it was told.
bool atlink_rx_fragment(atlink_rx_t *rx);

// What comes next begins a new line: the host did not go on with the one that was dropped.
static inline void atlink_rx_forget_rest(atlink_rx_t *rx) {
    rx->last_cr = rx->last_cr && !rx->is_cut;
    rx->is_cut = false;
}

#endif // ATLINK_CORE_RX_H
