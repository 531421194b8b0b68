// What WebSocket (RFC 6455) wants done to each byte: masking, and checking that text is UTF-8.
// Frames are at/wire/websocket.py's.
#ifndef ATLINK_CORE_WEBSOCKET_H
#define ATLINK_CORE_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATLINK_MASK_KEY 4

// Values of a UTF-8 state; the others are those in the middle of a character.
#define ATLINK_UTF8_WHOLE 0
#define ATLINK_UTF8_BAD (-1)

// Mask (or unmask) n bytes in place; the first is byte number `at` of its payload.
void atlink_mask(uint8_t *data, size_t n, const uint8_t *key, size_t at);

// Check n more bytes of a text; `state` is what the call for those before returned, at first
// ATLINK_UTF8_WHOLE. Overlong forms, surrogates and numbers above 10FFFF are bad.
int atlink_utf8(int state, const uint8_t *data, size_t n);

// Whether a number is a state that atlink_utf8() returns.
bool atlink_utf8_is_state(int number);

#endif // ATLINK_CORE_WEBSOCKET_H
