// Escapes of AT+CIPSENDEX: `\0` ends the data, `\\0` gives `\0`, and a backslash before any other
// byte is dropped. Owns the half escape between two pieces of input; counting is the caller's.
#ifndef ATLINK_CORE_UNESCAPE_H
#define ATLINK_CORE_UNESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    bool escape; // the last byte was a backslash that opens an escape
    bool ended; // `\0` came
} atlink_unescape_t;

static inline void atlink_unescape_init(atlink_unescape_t *u) {
    u->escape = false;
    u->ended = false;
}

// Decode n bytes of `in` to at most `room` bytes of `out` (which may be `in`). Stops behind `\0`
// and when `out` is full. Returns the bytes written; *used is how many bytes were taken.
size_t atlink_unescape(atlink_unescape_t *u, const uint8_t *in, size_t n, uint8_t *out,
    size_t room, size_t *used);

#endif // ATLINK_CORE_UNESCAPE_H
