// Masking and UTF-8. See websocket.h.
#include "core/websocket.h"

// A state in the middle of a character: how many bytes are still to come, and above those two
// bits which row of `limits` bounds the next one.
#define LEFT(state) ((state) & 3)
#define ROW(state) ((state) >> 2)
#define STATE(left, row) ((left) | (row) << 2)

enum { ANY, AFTER_E0, AFTER_ED, AFTER_F0, AFTER_F4 };

static const uint8_t limits[][2] = {
    [ANY] = {0x80, 0xBF},
    [AFTER_E0] = {0xA0, 0xBF}, // below: overlong
    [AFTER_ED] = {0x80, 0x9F}, // above: surrogates
    [AFTER_F0] = {0x90, 0xBF}, // below: overlong
    [AFTER_F4] = {0x80, 0x8F}, // above: beyond 10FFFF
};

void atlink_mask(uint8_t *data, size_t n, const uint8_t *key, size_t at) {
    for (size_t i = 0; i < n; i++) {
        data[i] ^= key[(at + i) % ATLINK_MASK_KEY];
    }
}

// The state behind a byte that begins a character.
static int begin(uint8_t byte) {
    if (byte < 0x80) {
        return ATLINK_UTF8_WHOLE;
    }
    if (byte < 0xC2 || byte > 0xF4) {
        return ATLINK_UTF8_BAD;
    }
    if (byte < 0xE0) {
        return STATE(1, ANY);
    }
    if (byte < 0xF0) {
        return STATE(2, byte == 0xE0 ? AFTER_E0 : byte == 0xED ? AFTER_ED : ANY);
    }
    return STATE(3, byte == 0xF0 ? AFTER_F0 : byte == 0xF4 ? AFTER_F4 : ANY);
}

int atlink_utf8(int state, const uint8_t *data, size_t n) {
    for (size_t i = 0; i < n && state != ATLINK_UTF8_BAD; i++) {
        if (state == ATLINK_UTF8_WHOLE) {
            state = begin(data[i]);
        } else if (data[i] < limits[ROW(state)][0] || data[i] > limits[ROW(state)][1]) {
            state = ATLINK_UTF8_BAD;
        } else {
            state = STATE(LEFT(state) - 1, ANY);
        }
    }
    return state;
}

bool atlink_utf8_is_state(int number) {
    return number == ATLINK_UTF8_BAD || number == ATLINK_UTF8_WHOLE
           || (number > 0 && LEFT(number) != 0 && ROW(number) <= AFTER_F4);
}
