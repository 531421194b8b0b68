// Escapes of AT+CIPSENDEX. See unescape.h.
#include "core/unescape.h"

size_t atlink_unescape(atlink_unescape_t *u, const uint8_t *in, size_t n, uint8_t *out,
    size_t room, size_t *used) {
    size_t i = 0;
    size_t done = 0;
    while (i < n && done < room && !u->ended) {
        uint8_t byte = in[i++];
        if (u->escape) {
            u->escape = false;
            if (byte == '0') {
                u->ended = true;
            } else {
                out[done++] = byte;
            }
        } else if (byte == '\\') {
            u->escape = true;
        } else {
            out[done++] = byte;
        }
    }
    *used = i;
    return done;
}
